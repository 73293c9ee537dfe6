#!/bin/bash
# demo.sh: a day in the life of a small service with all six tools, on real processes, files and sockets (make demo). Needs
# PK_HELPERS with `webserver`, and the tools in PATH. Takes about 5 s; everything it starts carries a mark in its environment, and
# at the end nobody does.
export LC_ALL=C
mark=demo.$$.$RANDOM$RANDOM
export PK_DEMO=$mark
unset PK_RUN PK_DEADLINE TRACEPARENT
dir=$(mktemp -d) || exit 1
began=${EPOCHREALTIME/[.,]/}
bold='' plain=''
if [ -t 1 ] && [ "${TERM-dumb}" != dumb ] && [ -z "${NO_COLOR-}" ]; then
	bold=$'\e[1m' plain=$'\e[0m'
fi

# The living processes that carry the mark; a zombie has no environment.
marked() {
	grep -lsz "^PK_DEMO=$mark" /proc/[0-9]*/environ | cut -d/ -f3 | grep -vx "$$"
}

# shellcheck disable=SC2317
clean_up() {
	local pid
	for pid in $(unset PK_DEMO && marked); do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$dir" || exit 1
mkfifo never
export PK_EVENTS=$dir/events.jsonl
PATH=$dir:$PATH

fail() {
	echo "demo: $*" >&2
	[ ! -s errors ] || sed 's/^/  | /' errors >&2
	exit 1
}

step() {
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
	[ $# -lt 2 ] || printf '    $ %s\n' "${@:2}"
}

show() {
	sed 's/^/    /'
}

# The event file is not to grow by being read: pk-jsonl would refuse that.
read_events() {
	PK_EVENTS='' pk-jsonl "$@"
}

# events EVENT [PREDICATE...]: how many there are.
events() {
	local where=() predicate
	for predicate in "${@:2}"; do
		where+=(-w "$predicate")
	done
	read_events count -w "event=$1" "${where[@]}" events.jsonl || true
}

# wait_answer TEXT: until the service says so, 15 s at most.
wait_answer() {
	local tries=0
	until [ "$(ask 2>/dev/null)" = "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 750 ] || fail "the service never says '$1'"
		read -rt 0.02 <>never
	done
}

free_port() {
	local port
	while port=$((20000 + RANDOM % 20000)); do
		grep -qi ":$(printf %04X $port) " /proc/net/tcp /proc/net/tcp6 2>/dev/null || break
	done
	echo $port
}

# The programs of the story: a server in C, and a client in shell whose answer to 503 is status 22 and a hint for pk-retry.
cp "$PK_HELPERS/webserver" server || fail 'the server is not built'
port=$(free_port)
cat >ask <<CLIENT
#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/$port || exit 7
printf 'GET / HTTP/1.0\r\n\r\n' >&3
answer=\$(tr -d '\r' <&3)
if [[ \$answer == *' 503 '* ]]; then
	sed -n 's/^Retry-After: //p' <<<"\$answer" >&"\${HINT-2}"
	exit 22
fi
tail -n 1 <<<"\$answer"
CLIENT
chmod +x ask
printf 'port %d\nbusy 3\nleak 1\ngreeting good morning\n' "$port" >server.conf

step '1. A service is started, found ready, used, and stopped' \
	"pk-spawn --service './server server.conf' --ready tcp:$port -- pk-retry -n 6 -d 20ms -H 9 -b api.breaker -- ./ask"
answer=$(HINT=9 pk-spawn --service './server server.conf >server.log' --ready "tcp:$port" -- \
	pk-retry -n 6 -d 20ms -H 9 -b api.breaker -- ask 2>errors) || fail 'the client had no answer'
show <errors
echo "    $answer"

step '2. Sixty-four writers share one log' 'pk-jsonl append log.jsonl worker:=N level=info' \
	'(64 at once, 10 records each)'
writers=()
for i in {1..64}; do
	for j in {1..10}; do
		[ $((i % 16 + j)) -ne 1 ] && level=info || level=error
		printf '{"worker":%d,"level":"%s","job":%d}\n' "$i" $level "$j"
	done | PK_EVENTS='' pk-jsonl append log.jsonl &
	writers+=($!)
done
wait "${writers[@]}" || fail 'a writer failed'
pk-jsonl validate log.jsonl || fail 'a record is torn'
records=$(pk-jsonl count log.jsonl)
echo "    $records records, every one whole"

step '3. A report is computed, and replaced whole or not at all' \
	'pk-jsonl count --by level log.jsonl | pk-atomic-write -n report.tsv'
pk-jsonl count --by level log.jsonl | pk-atomic-write -n report.tsv || fail 'there is no report'
show <report.tsv

step '4. The service runs on, and a new configuration restarts it' \
	"pk-watch -r server.conf -- pk-spawn --ready tcp:$port -- ./server server.conf" \
	'sed s/morning/evening/ server.conf | pk-atomic-write server.conf'
printf 'port %d\nleak 1\ngreeting good morning\n' "$port" | pk-atomic-write server.conf
pk-watch -q -r server.conf -- pk-spawn -q --ready "tcp:$port" -- server server.conf >>server.log 2>errors &
watch=$!
wait_answer 'good morning'
echo '    before: good morning'
sed s/morning/evening/ server.conf | pk-atomic-write server.conf || fail 'the configuration was not written'
wait_answer 'good evening'
echo '    after:  good evening'

step '5. A leak is found and explained' "pk-handles -j PID >before; (20 requests); pk-handles --diff before PID; pk-handles --why PID"
pid=$(read_events filter -w tool=pk-spawn -w event=start -w command=server -s command_pid -o raw events.jsonl | tail -n 1)
pk-handles -j "$pid" >before
for _ in {1..20}; do ask >/dev/null; done
pk-handles --diff before "$pid" >growth
[ $? -eq 1 ] || fail 'the leak was not found'
show <growth
pk-handles --why "$pid" | grep -v '^  ' | head -n 6 | cut -c 1-90 | show

step '6. Everything is stopped' 'kill -TERM $(pgrep pk-watch)'
kill -TERM $watch
wait $watch
left=$(unset PK_DEMO && marked | wc -l) # whoever counts is not one of them
echo "    processes left: $left"

step '7. What happened, by the event file'
row() {
	printf '    %-16s %-48s %8s\n' "$@"
}
row TOOL WHAT COUNT
row pk-spawn 'commands started' "$(events start tool=pk-spawn)"
row pk-spawn 'services and commands found ready' "$(events ready tool=pk-spawn)"
row pk-retry 'attempts' "$(events attempt_end tool=pk-retry)"
row pk-retry 'waits between them' "$(events delay tool=pk-retry)"
row pk-jsonl 'records in the log, from 64 writers' "$records"
row pk-atomic-write 'files replaced' "$(events committed tool=pk-atomic-write)"
row pk-watch 'changes that were acted on' "$(events change tool=pk-watch)"
row pk-handles 'findings' "$(events finding tool=pk-handles)"
row all 'processes left' "$left"
echo
echo "    $(read_events count events.jsonl) events, $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) ms"
[ "$left" -eq 0 ] && [ "$records" -eq 640 ]
