#!/bin/bash
# valgrind.sh COMMAND...: run COMMAND with PK_WRAP set, then judge valgrind's logs. The logs decide because valgrind
# 3.19 does not count leaked descriptors in its exit status, and because a changed status would hide the tool's own.
# Programs that a tool executes are not traced; its forks are.
logs=$PWD/build/valgrind/logs
rm -rf build/valgrind
mkdir -p "$logs"
export PK_WRAP="valgrind --quiet --leak-check=full --show-leak-kinds=definite,reachable --track-fds=yes --trace-children=no --log-file=$logs/%p"
status=0
"$@" | tee build/valgrind/output
[ "${PIPESTATUS[0]}" -eq 0 ] || status=1
read -r passed _ failed _ < <(tail -n 1 build/valgrind/output)
total=0 bad=0
for log in "$logs"/*; do
	[ -f "$log" ] || continue
	total=$((total + 1))
	# Lines of a tool and of its forks carry their own ==PID==. An inherited descriptor is the caller's.
	awk -v log_name="$log" '
		{ pid = $1; text = $0; sub(/^==[0-9]+== ?/, "", text) }
		descriptor[pid] != "" {
			if (text !~ /inherited from parent/ && index(descriptor[pid], log_name) == 0)
				found(descriptor[pid] " " text)
			descriptor[pid] = ""
		}
		text ~ /^Open (file descriptor|AF_)/ { descriptor[pid] = text; next }
		text ~ /are (definitely lost|still reachable) in loss record/ { found(text) }
		text ~ /^(Invalid|Conditional jump|Use of uninit|Syscall param|Mismatched|Source and dest|Jump to the invalid|Argument |Process terminating with default action of signal (11|6|7|8|4) )/ { found(text) }
		function found(what) { print "valgrind: " what; bad = 1 }
		END { exit bad }' "$log" && continue
	sed 's/^/    /' "$log"
	bad=$((bad + 1))
done
if [ "$total" -eq 0 ]; then
	echo "valgrind: no log was written: does the harness put PK_WRAP before the tools?"
	bad=1
fi
echo "$total runs of the tools under valgrind, $bad with a finding"
echo "${passed:-0} passed, $((${failed:-0} + bad)) failed"
[ $status -eq 0 ] && [ $bad -eq 0 ]
