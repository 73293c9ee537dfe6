#!/bin/bash
# selftest.sh: the tester is tested. The torture finds each defect of wrong.c, by its name, and
# nothing in right.c; the injector lists, fails, kills and gives up as it says.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/scenarios" || exit 2
for program in faultrun campaign right wrong; do
	if [ -x "${PK_HELPERS-}/$program" ]; then
		cp "$PK_HELPERS/$program" "$scratch/bin/" || exit 2
	else
		"${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 -o "$scratch/bin/$program" "$here/$program.c" || exit 2
	fi
done
faultrun=$scratch/bin/faultrun
passed=0 failed=0

# check TITLE COMMAND...: one test, that COMMAND succeeds; what it printed is shown when it does not.
check() {
	local title=$1
	shift
	if "$@" >"$scratch/log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok  $title"
		sed 's/^/    /' "$scratch/log"
	fi
}

torture() {
	env PK_SCENARIOS="$scratch/scenarios" PK_BIN="$scratch/bin" PK_HELPERS="$scratch/bin" \
		bash "$here/torture.sh" "$@"
}

# One scenario for wrong.c. The command has no children: a wrapper that small does not care for them.
wrong_scenario() {
	local defect=$1 status=$2
	shift 2
	echo "scenario x $status --limit 0.6 --grace 0.05 -- $defect $*" >"$scratch/scenarios/wrong.sh"
}
quick="/bin/sh -c 'exit 7'"

# finds DEFECT TEXT ROLE CALL [STATUS COMMAND...]: the torture on wrong.c says this, and fails.
finds() {
	local defect=$1 text=$2 role=$3 call=$4
	shift 4
	wrong_scenario "$defect" "${1-7}" "${2-$quick}"
	if torture -t wrong -r "$role" -c "$call" >"$scratch/out" 2>&1; then
		echo "found nothing"
		return 1
	fi
	grep -E "^violation: .*$text" "$scratch/out" || {
		cat "$scratch/out"
		return 1
	}
}

# The same runs without a defect: what is found is the defect and nothing else.
finds_no_defect() {
	wrong_scenario none "$3" "$4"
	torture -t wrong -r "$1" -c "$2"
}

finds_nothing_in_right() {
	cat >"$scratch/scenarios/right.sh" <<-'END'
		scenario status 7 -- /bin/sh -c 'exit 7'
		scenario job 0 --proof done -- /usr/bin/touch done
		scenario sleep 3 -- /bin/sh -c 'sleep 0.02; exit 3'
	END
	torture -t right
}

# status WANTED COMMAND...
status() {
	local wanted=$1 got=0
	shift
	"$@" || got=$?
	echo "status $got, not $wanted"
	[ "$got" -eq "$wanted" ]
}

lists() {
	local role=$1 line=$2
	"$faultrun" -r "$role" -l -- "$scratch/bin/right" /bin/sh -c 'exit 0' >"$scratch/out" || return 1
	cat "$scratch/out"
	grep -qx "$line" "$scratch/out"
}

is_quick() {
	local start=${EPOCHREALTIME/[.,]/}
	status 99 "$faultrun" -T 0.2 -- sh -c 'sleep 300 & setsid sleep 300 & wait' || return 1
	[ $((${EPOCHREALTIME/[.,]/} - start)) -lt 2000000 ]
}

leaves_nothing() {
	PK_FAULT_MARK=$scratch "$faultrun" -g 0.1 -- sh -c 'setsid sleep 300 & exit 0' || return 1
	! grep -lsazx "PK_FAULT_MARK=$scratch" /proc/[0-9]*/environ
}

same_sample() {
		torture -t right -p 10 -s 7 -v | sort | grep -v ' runs' >"$scratch/a"
	torture -t right -p 10 -s 7 -v | sort | grep -v ' runs' >"$scratch/b"
	torture -t right -p 10 -s 8 -v | sort | grep -v ' runs' >"$scratch/c"
	cut -d: -f1,2 "$scratch/a" >"$scratch/a2"
	cut -d: -f1,2 "$scratch/b" | diff "$scratch/a2" - && ! cmp -s "$scratch/a" "$scratch/c"
}

check "the front's calls are listed" lists front 'wait4 [12]'
check "the guard's calls are listed" lists guard 'getppid 1'
check "the child's calls are listed, up to its exec" lists child 'execve 1'
check "the tool's status is passed on" status 7 "$faultrun" -- sh -c 'exit 7'
check "a tool killed by a signal is 128+N" status 143 "$faultrun" -- sh -c 'kill -TERM $$'
check "a call fails as asked for" status 125 "$faultrun" -c pipe2 -e EMFILE -- "$scratch/bin/right" /bin/true
check "SIGKILL comes at the call" status 137 "$faultrun" -c pipe2 -k -- "$scratch/bin/right" /bin/true
check "another signal comes at the call" status 138 "$faultrun" -c pipe2 -S USR1 -- "$scratch/bin/right" /bin/true
check "the command's own calls are left alone" status 0 "$faultrun" -r front -c unlinkat -n all -e EPERM -- \
	"$scratch/bin/right" /bin/sh -c ': > a && rm a' </dev/null
check "a hang is ended in time, status 99" is_quick
check "what is left behind is reported and killed" leaves_nothing
check "a bad command line is status 98" status 98 "$faultrun" -c nonsense -e EIO -- true

check "nothing is wrong with right" finds_nothing_in_right
check "a seed gives the same sample again" same_sample
check "nothing is wrong with wrong without a defect" finds_no_defect front clone,wait4 7 "$quick"
check "nor is anything left without a defect" finds_no_defect front wait4 0 '/bin/sleep 0.2'
check "finds the command left when the front is killed" finds orphan 'front, .* KILL: survivor' front wait4 0 '/bin/sleep 0.2'
check "finds the command left when the guard is killed" finds guard-orphan 'guard, .* KILL: survivor' guard wait4 0 '/bin/sleep 0.2'
check "finds a fork whose failure is not noticed" finds fork 'guard, clone 1 EAGAIN: status 0, not 7' guard 'clone'
check "finds a wait whose failure gives 0" finds wait 'wait4 1 ECHILD: status 0, not 7' front wait4
check "finds a hang" finds hang 'clone 1 ENOMEM: hang' guard clone
check "finds an endless loop" finds busy 'wait4 1 ECHILD: hang' front wait4
check "finds a crash of the guard" finds crash 'guard, clone 1 EAGAIN: crash by signal 6' guard clone
check "finds EINTR taken for an error" finds eintr 'wait4 1 EINTR: status 125' front wait4
check "finds a failure without a word" finds silent 'without a line' front clone
check "finds one failure told twice" finds twice 'more lines than one' front clone
check "finds raw control bytes" finds raw 'raw control bytes' front clone
check "finds a temporary file left" finds temp 'left the file wrong.tmp' front clone
check "finds a job not done behind status 0" finds fork "the command's job is not done" guard clone \
	'0 --proof done' '/usr/bin/touch done'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
