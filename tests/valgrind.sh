#!/bin/bash
# valgrind.sh COMMAND...: run COMMAND with PK_WRAP set, then judge valgrind's logs. The logs decide because valgrind
# 3.19 does not count leaked descriptors in its exit status, and because a changed status would hide the tool's own.
# Programs that a tool executes are not traced; its forks are.
logs=$PWD/build/valgrind/logs
rm -rf build/valgrind
mkdir -p "$logs"
: >build/valgrind/findings
export PK_WRAP="valgrind --quiet --leak-check=full --show-leak-kinds=definite,reachable --track-fds=yes --trace-children=no --log-file=$logs/%p"
status=0
"$@" | tee build/valgrind/output
[ "${PIPESTATUS[0]}" -eq 0 ] || status=1
read -r passed _ failed _ < <(tail -n 1 build/valgrind/output)
total=0 bad=0
for log in "$logs"/*; do
	[ -f "$log" ] || continue
	total=$((total + 1))
	# A tool and its forks write to one log, each line with its own ==PID==. An inherited descriptor is the caller's
	# and the log itself is valgrind's; what setenv allocates is libc's for ever. One finding is one line: what, and the functions from the inside out.
	awk -v log_name="$log" '
		function flush(pid) {
			sub(/\/pk-test-[A-Za-z0-9]+/, "/pk-test-*", finding[pid])
			if (finding[pid] != "" && finding[pid] !~ /__add_to_environ/ && finding[pid] !~ /inherited from parent/ && !index(finding[pid], log_name)) {
				print finding[pid]
				bad = 1
			}
			finding[pid] = ""
		}
		{ pid = $1; text = $0; sub(/^==[0-9]+== ?/, "", text) }
		text ~ /^Open (file descriptor|AF_)|are (definitely lost|still reachable) in loss record|^(Invalid|Conditional jump|Use of uninit|Syscall param|Mismatched|Source and dest|Jump to the invalid|Argument |Process terminating with default action of signal (11|6|7|8|4) )/ {
			flush(pid)
			finding[pid] = text
			gsub(/ in loss record.*| [0-9]+: <unknown>| [0-9]+:$/, "", finding[pid])
			next
		}
		text ~ /^ +(at|by) 0x|inherited from parent/ && finding[pid] != "" {
			sub(/^ +(at|by) 0x[0-9A-F]+: /, " < ", text)
			finding[pid] = finding[pid] text
			next
		}
		{ flush(pid) }
		END {
			for (pid in finding)
				flush(pid)
			exit bad
		}' "$log" >>build/valgrind/findings || bad=$((bad + 1))
done
sort build/valgrind/findings | uniq -c | sort -rn
if [ "$total" -eq 0 ]; then
	echo "valgrind: no log was written: does the harness put PK_WRAP before the tools?"
	bad=1
fi
echo "$total runs of the tools under valgrind, $bad with a finding"
echo "${passed:-0} passed, $((${failed:-0} + bad)) failed"
[ $status -eq 0 ] && [ $bad -eq 0 ]
