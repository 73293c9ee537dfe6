# shellcheck shell=bash
# A private directory with the programs that the examples name. Sourced; needs pk-spawn in PATH. What an example leaves
# on purpose (a daemon) is ended at the exit of the script, by pid.
export LC_ALL=C
unset PK_EVENTS PK_RUN PK_DEADLINE TRACEPARENT MAKEFLAGS MFLAGS MAKELEVEL
sandbox=$(mktemp -d) || exit 1
examples_passed=0 examples_failed=0

# shellcheck disable=SC2317
leave_sandbox() {
	local pid
	[ ! -s "$sandbox/daemon.pid" ] || while read -r pid; do
		kill -KILL "$pid" 2>/dev/null
	done <"$sandbox/daemon.pid"
	rm -rf "$sandbox"
}
trap leave_sandbox EXIT
cd "$sandbox" || exit 1

stub() {
	cat >"$1"
	chmod +x "$1"
}

stub job <<'STUB'
#!/bin/sh
exit 0
STUB
cp job worker
# With arguments it serves shortly; without, it is the stubborn one of the README.
stub server <<'STUB'
#!/bin/sh
[ $# -eq 0 ] || exit 0
trap '' TERM
setsid sleep 30 &
sleep 30
STUB
stub api <<'STUB'
#!/bin/sh
exec python3 -m http.server --bind 127.0.0.1 "$1" >/dev/null 2>&1
STUB
stub slow <<'STUB'
#!/bin/sh
exec sleep 30
STUB
stub build.sh <<'STUB'
#!/bin/sh
setsid sleep 30 &
echo built
STUB
stub start-daemon <<'STUB'
#!/bin/sh
setsid sh -c 'echo $$ >>daemon.pid; exec sleep 30' >/dev/null 2>&1 </dev/null &
while [ ! -s daemon.pid ]; do sleep 0.01; done
STUB
printf 'test:\n\t@true\n' >Makefile
stub generate <<'STUB'
#!/bin/sh
echo generated
STUB
stub call <<'STUB'
#!/bin/sh
exec cat
STUB
printf '{"prompt": %d}\n' 1 2 3 >prompts.jsonl
gzip -c prompts.jsonl | tee a.gz >b.gz
echo '{"version": 1}' >data.json
echo 'echo hello' | tee run.sh >new.sh
printf 'a=1\n' | tee config >new.conf

missing_for() {
	case $1 in
	*./api*) command -v python3 >/dev/null || echo python3 ;;
	*'jq '*) command -v jq >/dev/null || echo jq ;;
	*unshare*) unshare -Urpf --kill-child --mount-proc true 2>/dev/null || echo 'permission for unshare' ;;
	esac
}

ended_runs() {
	cat trace run.jsonl events.jsonl 2>/dev/null | grep -c '"event":"end"'
}

# An example that waits for changes: make some until it has done its work (the event exit or change), then end it, if
# it has not ended by itself. All of it is one process group of timeout's.
run_watching() {
	local text=$1 pid
	rm -f watched
	mkdir -p src docs
	echo : >src/a.sh
	PK_EVENTS=$sandbox/watched timeout -k 1 20 bash -c "$text" >output 2>&1 </dev/null &
	pid=$!
	until grep -qs '"event":"\(ready\|end\)"' watched || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
	until grep -qs '"event":"\(change\|tick\)"' watched || ! kill -0 $pid 2>/dev/null; do
		echo : | tee -a src/a.sh src/a.py docs/a >/dev/null
		sleep 0.1
	done
	sleep 0.2
	kill -TERM $pid 2>/dev/null
	wait $pid
	grep -qs '"event":"\(change\|tick\)"' watched && ! grep -qs '"event":"error"' watched
}

# run_example TEXT: run it as a user would paste it; it has to succeed, and to run what it names.
run_example() {
	local text=$1 status lacking before
	lacking=$(missing_for "$text")
	if [ -n "$lacking" ]; then
		echo "skipped, no $lacking: $text"
		return
	fi
	if [[ $text == *pk-watch* ]]; then
		if run_watching "$text"; then
			examples_passed=$((examples_passed + 1))
		else
			examples_failed=$((examples_failed + 1))
			printf 'failed:\n%s\n' "$text"
			sed 's/^/  | /' output
		fi
		return
	fi
	before=$(ended_runs)
	PK_EVENTS=$sandbox/trace timeout -k 1 20 bash -c "$text" >output 2>&1 </dev/null
	status=$?
	[[ $text != *pk-spawn* ]] || [ "$(ended_runs)" -gt "$before" ] || status="$status, and pk-spawn did not run"
	if [ "$status" = 0 ]; then
		examples_passed=$((examples_passed + 1))
		return
	fi
	examples_failed=$((examples_failed + 1))
	printf 'failed (status %s):\n%s\n' "$status" "$text"
	sed 's/^/  | /' output
}

# block KIND: the blocks of that kind in the README, each ended by an empty line.
block() {
	awk -v kind="$1" '
		/^```/ { on = $0 == "```" kind; if (!on) print ""; next }
		on { print }' "$top/README.md"
}

# One shell for the whole transcript: $? and variables go on from line to line.
transcript() {
	local line status=0
	while IFS= read -r line; do
		if [[ $line == '$ '* ]]; then
			printf '%s\n' "$line"
			(exit $status)
			eval "${line#??}" 2>&1 </dev/null
			status=$?
		fi
	done
}

finish_examples() {
	echo "$1: $examples_passed examples ran, $examples_failed failed"
	[ "$examples_passed" -gt 0 ] && [ "$examples_failed" -eq 0 ]
	exit
}
