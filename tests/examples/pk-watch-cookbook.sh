#!/bin/bash
# pk-watch-cookbook.sh: what the README shows of pk-watch, with its results checked.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
mkdir src
export PK_EVENTS=$dir/events
unset PK_RUN TRACEPARENT
fail() { echo "not ok  $*"; exit 1; }
# wait_for EVENT [COUNT]
wait_for() {
	local tries=0
	until [ "$(grep -cs "\"event\":\"$1\"" events)" -ge "${2:-1}" ]; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] || fail "no event $1"
		sleep 0.02
	done
}

# The next saved file, in a script.
pk-watch -1 src >changed &
wait_for ready
echo x >src/a.c
wait || fail 'one batch'
[ "$(cat changed)" = src/a.c ] || fail "printed $(cat changed)"

# Only what changed, to a checker that fails.
: >events
pk-watch -1 -e sh src -- sh -n '{}' 2>/dev/null &
pid=$!
wait_for ready
echo 'if' >src/bad.sh
wait $pid && fail 'the checker found nothing'

# On change and from time to time, in one process; it ends by the signal that it gets.
: >events
pk-watch -q --every 100ms src -- true &
pid=$!
wait_for tick 2
echo y >src/a.c
wait_for change
kill -TERM $pid
wait $pid
[ $? = 143 ] || fail 'status of a signal'
echo 'pk-watch: 3 recipes work'
