#!/bin/bash
# The long runs: failures counted by many processes at once, one probe of a hundred callers, nothing left behind,
# output that comes back as it went. PK_BIN comes from `make soak`.
# shellcheck disable=SC2016
set -u
export LC_ALL=C
PATH=$PK_BIN:$PATH
rounds=${1:-100}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
status=0
# check WHAT GOT WANTED
check() { echo "$1: $2 of $3"; [ "$2" = "$3" ] || status=1; }

for _ in $(seq 100); do
	pk-retry -q -d 0 -n 200 -b count --breaker-threshold 1000000 -- false &
done
wait
check 'failures counted' "$(grep -o '"failures":[0-9]*' count | cut -d: -f2)" 20000

call() { pk-retry -q -n 1 -b s --breaker-threshold 1 --breaker-cooldown 50ms -- "$@"; }
mkfifo go over
exec 3<>go 4<>over
one=0
for _ in $(seq "$rounds"); do
	rm -f s
	: >ran
	call false
	sleep 0.06
	for _ in $(seq 100); do
		{ call sh -c 'echo p >>ran; read -r x <&3; exit 1'; echo >&4; } &
	done
	# All but the probe are refused; only then does it go on.
	for _ in $(seq 99); do read -r _ <&4; done
	echo >&3
	wait
	read -r _ <&4
	[ "$(wc -l <ran)" = 1 ] && one=$((one + 1))
done
check 'rounds with exactly one probe' $one "$rounds"

clean=0
for i in $(seq $((2 * rounds))); do
	PK_SOAK=$dir/$i pk-retry -q -n 2 -d 0 -t 20ms -k 20ms -- \
		sh -c 'trap "" TERM; (setsid sh -c "trap : TERM; sleep 9; sleep 9" &) & sleep 9 & wait; wait'
	grep -lsz "PK_SOAK=$dir/$i" /proc/[0-9]*/environ >left || clean=$((clean + 1))
done
check 'runs that left nothing' $clean $((2 * rounds))

head -c 300000000 /dev/urandom >big
same=0
for _ in $(seq $((rounds / 20))); do
	pk-retry -q -d 0 -- sh -c 'cat; [ $PK_RETRY_ATTEMPT = 2 ]' < <(cat big) | cmp -s - big && same=$((same + 1))
done
check '300 MB the same, in the second attempt' $same $((rounds / 20))
exit $status
