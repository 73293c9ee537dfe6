#!/bin/bash
# pk-retry beside a raw loop in C, cat and Debian's retry (where it is installed), in one run: a ratio and its goal on
# each line. A time counts only after status and output were checked. PK_BIN comes from `make bench`.
# shellcheck disable=SC2016
set -u
export LC_ALL=C
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
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
# times N STATUS COMMAND...: the best of N
times() { local n=$1; shift; for _ in $(seq "$n"); do ./clock "$@" || fail "status of $*"; done | best; }

echo 'one invocation whose command succeeds, us: ours / a dynamic C loop'
line '  pk-retry' "$(times 60 0 "$pk" -q -- ./e0)" "$(times 60 0 ./floor 1 ./e0)" 1.05

echo 'one of 1000 failing attempts without a delay, us: ours / the loop'
attempts() { times 5 1 "$@" | awk '{ print $1 / 1000 }'; }
floor=$(attempts ./floor 1000 ./e1)
ours=$(attempts "$pk" -q -d 0 -n 1000 -- ./e1)
line '  pk-retry' "$ours" "$floor" 1.05
breaker=$(rm -f b; attempts "$pk" -q -d 0 -n 1000 -b b --breaker-threshold 1000000 -- ./e1)
most '  added by a breaker, us' "$(echo "$breaker - $ours" | bc -l)" 10
grep -q '"failures":5000' b || fail 'the breaker counted every failure'

head -c 300000000 /dev/zero >big
seconds() { # seconds COMMAND: the best of 3, in ms
	for _ in 1 2 3; do
		begin=$(date +%s%N)
		[ "$(bash -c "$1")" = 300000000 ] || fail "output of $1"
		echo $((($(date +%s%N) - begin) / 1000000))
	done | best
}
resident() { /usr/bin/time -f %M -o rss bash -c "exec $1" | wc -c >/dev/null; cat rss; }
echo '300 MB through a pipe, ms'
cat=$(seconds 'cat big | cat | wc -c')
commit=$(seconds "$pk -q -o commit -- cat big </dev/null | wc -c")
replay=$(seconds "cat big | $pk -q -i replay -o pass -- cat | wc -c")
if command -v retry >/dev/null; then
	line "  committed stdout, ours / Debian's retry" "$commit" "$(seconds 'retry -d 0 -- cat big </dev/null | wc -c')" 0.45
fi
line '  replayed stdin, ours / cat' "$replay" "$cat" 1.3
most '  resident, commit, kB' "$(resident "$pk -q -o commit -- cat big </dev/null")" 4096
most '  resident, replay, kB' "$(cat big | resident "$pk -q -i replay -o pass -- cat")" 4096

echo '1 MB through "pk-retry -- cat", 100 times'
head -c 1000000 /dev/urandom >m
same=0
for _ in $(seq 100); do cat m | "$pk" -q -- cat | cmp -s - m && same=$((same + 1)); done
[ $same = 100 ] || fail "identical $same of 100"
echo "  identical $same of 100"

echo 'a deadline, ms over it: deadline 100 ms, grace 50 ms, a command that ignores TERM'
begin=$(date +%s%N)
"$pk" -q -D 100ms -k 50ms -- sh -c 'trap "" TERM; sleep 9; sleep 9'
[ $? = 124 ] || fail 'status at the deadline'
most '  over deadline and grace' "$((($(date +%s%N) - begin) / 1000000 - 150))" 20
if command -v strace >/dev/null; then
	strace -f -e trace=ppoll,poll,nanosleep,clock_nanosleep -o calls "$pk" -q -n 2 -d 300ms -j none -- ./e1
	most '  calls that wait: 2 attempts, 1 delay, the front' "$(grep -cE '^[0-9]+ .*(poll|sleep)\(' calls)" 5
fi
[ ! -e failed ]
