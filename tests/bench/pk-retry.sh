#!/bin/bash
# pk-retry beside a raw loop in C, timeout(1), cat and Debian's retry (where it is installed), in one run: a ratio and
# its goal on each line. A time counts only after status and output were checked. PK_BIN comes from `make bench`.
# shellcheck disable=SC2016
set -u
export LC_ALL=C
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
here=$(dirname "$(realpath "$0")")
cd "$dir" || exit 1
pk=$PK_BIN/pk-retry

fail() { echo "not ok  $*" | tee -a "$dir/failed"; } # also from within a pipeline
# The best of several: what the others do on the machine only adds.
best() { sort -n | head -n 1; }
# line WHAT OURS THEIRS RATIO GOAL
line() { awk -v w="$1" -v a="$2" -v b="$3" -v g="$4" 'BEGIN {
	r = b > 0 ? a / b : 0; printf "%-46s %10.1f / %10.1f = %5.2f  goal <= %s  %s\n", w, a, b, r, g, r <= g ? "reached" : "MISSED" }'; }
# most WHAT VALUE GOAL
most() { awk -v w="$1" -v a="$2" -v g="$3" 'BEGIN { printf "%-46s %10.1f  goal <= %s  %s\n", w, a, g, a <= g ? "reached" : "MISSED" }'; }

# The raw loop: run a command until it succeeds or N times; and a clock around a whole run, in us.
cat >floor.c <<'C'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int status = 0;
	for (int n = atoi(argv[argc > 1]); n > 0; n--) {
		pid_t pid = vfork();
		if (pid == 0) {
			execvp(argv[2], argv + 2);
			_exit(127);
		}
		waitpid(pid, &status, 0);
		if (status == 0)
			break;
	}
	return WEXITSTATUS(status);
}
C
cat >clock.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}
int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status = 0, want = atoi(argv[argc > 1]);
	double begin = us();
	pid_t pid = vfork();
	if (pid == 0) {
		dup2(null, 0), dup2(null, 1), dup2(null, 2);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	printf("%.1f\n", us() - begin);
	return WEXITSTATUS(status) != want;
}
C
echo 'int main(void) { return 0; }' >e0.c
echo 'int main(void) { return 1; }' >e1.c
for c in floor clock; do ${CC:-cc} -O2 -o $c $c.c || exit 1; done
for c in e0 e1; do ${CC:-cc} -O2 -static -o $c $c.c || exit 1; done
# together ROUNDS STATUS NAME...: what run[NAME] says, in turn, round after round, so that what else the machine does
# meets all alike; best[NAME] is then the best time in us.
declare -A run best
together() {
	local rounds=$1 want=$2 name
	shift 2
	rm -f t.*
	for _ in $(seq "$rounds"); do
		for name; do
			# shellcheck disable=SC2086
			./clock "$want" ${run[$name]} >>"t.$name" || fail "status of ${run[$name]}"
		done
	done
	for name; do best[$name]=$(best <"t.$name"); done
}

retry=$(command -v retry)
rm -f healthy
"$pk" -q -n 1 -b healthy -- ./e1 # a record, not just an empty file
"$pk" -q -n 1 -b healthy -- ./e0
echo 'one invocation whose command succeeds, us'
run=([floor]='./floor 1 ./e0' [pk]="$pk -- ./e0" [breaker]="$pk -b healthy -- ./e0" [timeout]='timeout 5 ./e0'
	[retry]='retry -d 0 -- ./e0')
together 80 0 floor pk breaker timeout ${retry:+retry}
line '  ours / a dynamic C loop' "${best[pk]}" "${best[floor]}" 1.05
line '  ours / timeout' "${best[pk]}" "${best[timeout]}" 1
[ -z "$retry" ] || line "  ours / Debian's retry" "${best[pk]}" "${best[retry]}" 1
line '  ours with a healthy breaker / the loop' "${best[breaker]}" "${best[floor]}" 1.05

echo 'one of 500 failing attempts without a delay, us'
run=([floor]='./floor 500 ./e1' [pk]="$pk -q -d 0 -n 500 -- ./e1" [retry]='retry -d 0 -t 500 -- ./e1'
	[breaker]="$pk -q -d 0 -n 500 -b counted --breaker-threshold 1000000 -- ./e1")
together 12 1 floor pk breaker ${retry:+retry}
each() { echo "$1 / 500" | bc -l; }
line '  ours / the loop' "$(each "${best[pk]}")" "$(each "${best[floor]}")" 1.05
[ -z "$retry" ] || line "  ours / Debian's retry" "$(each "${best[pk]}")" "$(each "${best[retry]}")" 1
most '  added by a breaker' "$(echo "(${best[breaker]} - ${best[pk]}) / 500" | bc -l)" 10
grep -q '"failures":6000,' counted || fail 'the breaker counted every failure'

head -c 300000000 /dev/zero >big
seconds() { # seconds COMMAND: the best of 3, in ms
	for _ in 1 2 3; do
		begin=$(date +%s%N)
		[ "$(bash -c "$1")" = 300000000 ] || fail "output of $1"
		echo $((($(date +%s%N) - begin) / 1000000))
	done | best
}
resident() { /usr/bin/time -f %M -o rss bash -c "exec $1" | wc -c >/dev/null; cat rss; }
echo '300 MB, ms'
[ -z "$retry" ] || line "  committed stdout, ours / Debian's retry" "$(seconds "$pk -q -o commit -- cat big </dev/null | wc -c")" \
	"$(seconds 'retry -d 0 -- cat big </dev/null | wc -c')" 0.45
line '  replayed stdin, read by the command / no wrapper' "$(seconds "cat big | $pk -q -i replay -- wc -c")" \
	"$(seconds "cat big | wc -c")" 1.3
line '  replayed stdin, through cat / no wrapper' "$(seconds "cat big | $pk -q -i replay -o pass -- cat | wc -c")" \
	"$(seconds 'cat big | cat | wc -c')" 1.3
line '  stdin from a file, through cat / no wrapper' "$(seconds "$pk -q -o pass -- cat <big | wc -c")" \
	"$(seconds 'cat <big | wc -c')" 1.02
most '  resident, commit, kB' "$(resident "$pk -q -o commit -- cat big </dev/null")" 4096
most '  resident, replay, kB' "$(cat big | resident "$pk -q -i replay -o pass -- cat")" 4096

echo 'through "pk-retry -- cat"'
head -c 1000000 /dev/urandom >m
same=0
for _ in $(seq 100); do cat m | "$pk" -q -- cat | cmp -s - m && same=$((same + 1)); done
most '  1 MB that came back otherwise, of 100' $((100 - same)) 0

echo 'time'
delays() { # ms from SIGTERM during a delay to the end
	for _ in $(seq 20); do
		"$pk" -q -d 60s --events "$dir/e" -- ./e1 &
		until grep -qs '"delay"' "$dir/e"; do :; done
		begin=$(date +%s%N)
		kill "$!"
		wait "$!"
		[ $? = 143 ] || fail 'status after TERM'
		echo "scale=2; ($(date +%s%N) - $begin) / 1000000" | bc -l
		rm "$dir/e"
	done | sort -n | sed -n 10p
}
most '  from TERM in a delay to the end, ms, median' "$(delays)" 5
begin=$(date +%s%N)
"$pk" -q -D 100ms -k 50ms -- sh -c 'trap "" TERM; sleep 9; sleep 9'
[ $? = 124 ] || fail 'status at the deadline'
most '  over deadline and grace, ms' "$((($(date +%s%N) - begin) / 1000000 - 150))" 20
begin=$(date +%s%N)
"$pk" -q -D 5s -d 10s -j none -- ./e1
[ $? = 1 ] || fail 'status with the deadline too near'
most '  a delay that would pass the deadline, ms' "$((($(date +%s%N) - begin) / 1000000))" 20
over=$("$pk" -q -n 41 -d 50ms -x 1 -j none --events fd:3 -- ./e1 3>&1 | awk -F'"' '
	function ms(ts) { split(ts, t, /[T:Z]/); return (t[2] * 3600 + t[3] * 60 + t[4]) * 1000 }
	{ for (i = 2; i < NF; i += 2) if ($i == "ts") ts = $(i + 2); else if ($i == "event") event = $(i + 2) }
	event == "delay" { begin = ms(ts) }
	event == "attempt_start" && begin { print ms(ts) - begin - 50 }' | sort -n | sed -n 20p)
most '  a delay of 50 ms is longer by, ms, median' "$over" 1
begin=$(date +%s%N)
"$pk" --schedule -n 100000 >schedule
most '  a schedule of 100000 attempts, ms' "$((($(date +%s%N) - begin) / 1000000))" 100
awk '$2 < 0 || $2 > 10000 { bad++ } END { exit bad > 0 || NR != 100000 }' schedule || fail 'the schedule keeps its limits'
good=0
for seed in $(seq 100); do # Kolmogorov and Smirnov: the largest distance from the even distribution
	"$pk" --schedule -n 10001 -d 1s -m 1s -j full --seed "$seed" | awk 'NR > 1 { print $2 }' | sort -n |
		awk '{ u = $1 / 1000; d = NR / 10000 - u; e = u - (NR - 1) / 10000; if (d > m) m = d; if (e > m) m = e } END { exit m >= 0.0163 }' &&
		good=$((good + 1))
done
most '  full jitter that is not even, seeds of 100' $((100 - good)) 3

echo 'a breaker whose prober is killed with -9'
killed() { # ms from the kill until another call is admitted
	for _ in $(seq 10); do
		rm -f s e
		"$pk" -q -n 1 -b s --breaker-threshold 1 --breaker-cooldown 1ms -- ./e1
		"$pk" -q -n 1 -b s --breaker-threshold 1 --breaker-cooldown 1ms --events e -- sleep 60 &
		until grep -qs '"attempt_start"' e; do :; done
		begin=$(date +%s%N)
		kill -9 "$!"
		until "$pk" -q -n 1 -b s --breaker-threshold 1 --breaker-cooldown 1ms -- ./e0; do :; done
		echo "scale=2; ($(date +%s%N) - $begin) / 1000000" | bc -l
		wait "$!" 2>/dev/null
	done | sort -n | sed -n 5p
}
most '  the next caller probes after, ms, median' "$(killed 2>/dev/null)" 10
if command -v strace >/dev/null; then
	echo 'system calls'
	strace -f -e trace=ppoll,poll,nanosleep,clock_nanosleep -o calls "$pk" -q -n 2 -d 300ms -j none -- ./e1
	most '  that wait: 2 attempts, 1 delay, the front' "$(grep -cE '^[0-9]+ .*(poll|sleep)\(' calls)" 5
	strace -f -P "$dir/healthy" -o calls "$pk" -b "$dir/healthy" -- ./e0
	most '  on a healthy breaker' "$(grep -c '(' calls)" 4
	strace -f -o calls "$pk" -- ./e0
	strace -f -o bare ./e0
	# The command counts for nothing, from its exec on. What the goal of 60 did not foresee is the second process.
	most '  of a run without options, front and guard' "$(($(grep -c '(' calls) - $(grep -c '(' bare)))" 60
fi
echo 'in numbers'
PK_BIN=$PK_BIN bash "$here/../pk-retry/soak.sh" 100 || fail soak
[ ! -e failed ]
