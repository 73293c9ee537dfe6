#!/bin/bash
# What many callers share, in one run: --share, --slots and PK_DEADLINE. A figure counts only after status and output
# were checked. PK_BIN comes from `make bench`; CALLERS, ACQUISITIONS and RUNS make it shorter.
# shellcheck disable=SC2016
set -u
export LC_ALL=C
top=${PK_TOP:-$PWD} bin=$PK_BIN
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
callers=${CALLERS:-100} acquisitions=${ACQUISITIONS:-10000} runs=${RUNS:-200}

fail() { echo "not ok  $*" | tee -a "$dir/failed"; }
# most WHAT VALUE UNIT GOAL
most() { awk -v w="$1" -v a="$2" -v u="$3" -v g="$4" 'BEGIN {
	printf "%-58s %9.2f %-2s goal <= %s  %s\n", w, a, u, g, a <= g ? "reached" : "MISSED" }'; }
# exact WHAT GOT WANTED
exact() {
	local verdict=reached
	[ "$2" = "$3" ] || verdict=MISSED
	printf '%-58s %9s    goal  = %s  %s\n' "$1" "$2" "$3" $verdict
}
# A percentile of the numbers on stdin. The worst is the machine's too: where others run, somebody waits for a processor.
percentile() { sort -n | awk -v p="$1" '{ v[NR] = $1 } END { print v[int((NR * p + 99) / 100)] }'; }
median() { percentile 50; }
worst() { percentile 100; }

# Says when it was started; the first one, the leader's, does not end.
cat >stamp.c <<'C'
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
	struct timespec t;
	if (access("second", F_OK) < 0)
		pause();
	clock_gettime(CLOCK_REALTIME, &t);
	printf("%lld%06ld\n", (long long)t.tv_sec, t.tv_nsec / 1000);
	return 0;
}
C
compile() { cc -O2 -static -o "$@" 2>/dev/null || cc -O2 -o "$@" || exit 1; }
compile stamp stamp.c

# --- share: one run, the same output for all -----------------------------------------------------------------------
# together COUNT COMMAND: so many callers, and the one runs on when all others wait.
together() {
	rm -f r ran e go sums
	mkfifo go
	for _ in $(seq "$1"); do
		PK_EVENTS=e "$bin/pk-retry" --share r -- sh -c "echo x >>ran; read x <go; $2" | cksum >>sums &
	done
	"$bin/pk-jsonl" follow -n +1 -w role=wait -m $(($1 - 1)) e >/dev/null
	echo >go
	wait
}
together "$callers" 'echo out'
exact "$callers callers, runs of the command" "$(wc -l <ran)" 1
exact "$callers callers, identical outputs" "$(sort sums | uniq -c | awk '{ print $1 }')" "$callers"

# --- share: the leader is killed -----------------------------------------------------------------------------------
: >taken
for _ in $(seq 20); do
	rm -f r r.lock e
	PK_EVENTS=e "$bin/pk-retry" --share r -- ./stamp >/dev/null &
	leader=$!
	disown $leader
	"$bin/pk-jsonl" follow -n +1 --until event=attempt_start e >/dev/null
	PK_EVENTS=e "$bin/pk-retry" --share r -- ./stamp >got &
	next=$!
	"$bin/pk-jsonl" follow -n +1 --until role=wait e >/dev/null
	: >second
	killed=${EPOCHREALTIME/[.,]/}
	kill -KILL $leader
	wait $next || fail 'the next caller failed'
	rm second
	echo $(($(cat got) - killed)) >>taken
done
most 'leader killed -9: until the command of the next runs (median)' "$(median <taken | awk '{ print $1 / 1000 }')" ms 10
most 'leader killed -9: until the command of the next runs (worst)' "$(worst <taken | awk '{ print $1 / 1000 }')" ms 10

# --- share: a memo -------------------------------------------------------------------------------------------------
"$bin/pk-retry" --share m -- echo out >/dev/null || fail 'no result'
[ "$("$bin/pk-retry" --share m --share-ttl 1h -- echo out)" = out ] || fail 'no memo'
for _ in 1 2 3 4 5; do
	"$PK_HELPERS/spawntime" 500 "$(type -P true)" >>true.us
	"$PK_HELPERS/spawntime" 500 "$bin/pk-retry" --share m --share-ttl 1h -- echo out >>memo.us
done >/dev/null
true_us=$(grep -oE '[0-9.]+' true.us | median)
memo_us=$(grep -oE '[0-9.]+' memo.us | median)
most "memo hit / fork+exec of true ($memo_us us / $true_us us)" "$(awk "BEGIN { print $memo_us / $true_us }")" x 1.2

# --- slots ---------------------------------------------------------------------------------------------------------
cat >enter.c <<'C'
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
int main(void)
{
	int fd = open("shared", O_RDWR);
	atomic_int *n = mmap(0, 12, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int now = atomic_fetch_add(&n[0], 1) + 1, most = atomic_load(&n[1]);
	while (now > most && !atomic_compare_exchange_weak(&n[1], &most, now))
		;
	atomic_fetch_add(&n[2], 1);
	sched_yield();
	atomic_fetch_sub(&n[0], 1);
	return 0;
}
C
compile enter enter.c
head -c 12 /dev/zero >shared
each=$(((acquisitions + 63) / 64))
for _ in $(seq 64); do
	for _ in $(seq $each); do "$bin/pk-retry" -q -n 1 -o pass -i inherit -l s --slots 3 -- ./enter || echo $? >>bad; done &
done
wait
[ ! -e bad ] || fail 'a caller failed'
read -r _ most_at_once total < <(od -An -td4 shared)
most "64 waiters, 3 slots, $total runs of pk-retry: most at once" "$most_at_once" '' 3
[ "$total" -ge "$acquisitions" ] || fail "only $total acquisitions"

cat >wake.c <<'C'
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "common/clock.h"
#include "common/semaphore.h"
/* wake kill|drop ROUNDS: us from the end of the holder to the waiter's having the slot. */
int main(int argc, char **argv)
{
	const int kills = argc > 1 && strcmp(argv[1], "kill") == 0;
	for (int i = atoi(argv[argc - 1]); i > 0; i--) {
		struct semaphore s;
		int ready[2], times[2];
		int64_t at, got;
		char c;
		pid_t pid;
		if (pipe(ready) < 0 || pipe(times) < 0)
			return 1;
		pid = fork();
		if (pid == 0) {
			if (semaphore_begin(&s, "w", 1) != 0)
				_exit(1);
			(void)!write(ready[1], "x", 1);
			(void)!read(times[0], &c, 1);
			at = now_ns();
			semaphore_drop(&s);
			(void)!write(ready[1], &at, sizeof(at));
			_exit(0);
		}
		(void)!read(ready[0], &c, 1);
		if (semaphore_begin(&s, "w", 1) != 1)
			return 1;
		at = now_ns();
		if (kills)
			kill(pid, SIGKILL);
		else
			(void)!write(times[1], "x", 1);
		for (int err = 1; err > 0; err = semaphore_step(&s)) {
			struct pollfd p = {.fd = semaphore_ready(&s), .events = POLLIN};
			if (poll(&p, 1, 5000) != 1)
				return 1;
		}
		got = now_ns();
		if (!kills)
			(void)!read(ready[0], &at, sizeof(at));
		semaphore_drop(&s);
		waitpid(pid, NULL, 0);
		close(ready[0]), close(ready[1]), close(times[0]), close(times[1]);
		printf("%.1f\n", (double)(got - at) / 1000);
	}
	return 0;
}
C
compile wake -D_GNU_SOURCE -I"$top" wake.c "$top"/common/{semaphore,lock,fd,clock}.c
for how in kill drop; do
	./wake $how 1000 >$how.us || fail "wake $how"
	most "$how of a holder: the waiter has the slot (median)" "$(median <$how.us | awk '{ print $1 / 1000 }')" ms 2
	most "$how of a holder: the waiter has the slot (99 of 100)" "$(percentile 99 <$how.us | awk '{ print $1 / 1000 }')" ms 2
	most "$how of a holder: the waiter has the slot (worst of 1000)" "$(worst <$how.us | awk '{ print $1 / 1000 }')" ms 2
done
"$bin/pk-retry" -l i --slots 1 -- sleep 100 &
holder=$!
rm -f e
PK_EVENTS=e "$bin/pk-retry" -l i --slots 1 -- true &
waiter=$!
"$bin/pk-jsonl" follow -n +1 --until event=lock_wait e >/dev/null
switches() { for p in $waiter $(pgrep -P $waiter); do cat "/proc/$p/status"; done | awk '/ctxt_switches/ { n += $2 } END { print n }'; }
sleep 0.2
before=$(switches)
sleep 2
exact 'a waiter that waits 2 s: context switches' $(($(switches) - before)) 0
kill -TERM $holder
wait $waiter || fail 'the waiter failed'
wait $holder

# --- one deadline --------------------------------------------------------------------------------------------------
# Four at a time; each has 400 ms, and a command that ignores TERM at its bottom.
nested() {
	local e=d.$1 began=${EPOCHREALTIME/[.,]/} status=0 ended first inner
	PK_DEADLINE=+400ms PK_EVENTS=$dir/$e PATH=$bin:$PATH pk-spawn -q -- sh -c \
		"pk-retry -q -n 3 -d 1ms -- sh -c 'pk-spawn -q -- $PK_HELPERS/stubborn; exit \$?'; exit \$?" >/dev/null 2>&1 || status=$?
	ended=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
	first=$("$bin/pk-jsonl" filter -m 1 -w event=timeout -s run -o raw "$e")
	inner=$("$bin/pk-jsonl" filter -w event=start -w "command=$PK_HELPERS/stubborn" -s run -o raw "$e")
	[ -n "$first" ] && [ "$first" = "$inner" ] && [ $status -eq 124 ] && [ $ended -le 400 ] && echo ok >>nested.ok
	echo $ended >>nested.ms
	rm -f "$e"
}
for i in $(seq "$runs"); do
	nested "$i" &
	[ $((i % 4)) -ne 0 ] || wait
done
wait
exact "3 levels under PK_DEADLINE: innermost first, all in time" "$(wc -l <nested.ok)" "$runs"
most '3 levels under PK_DEADLINE of 400 ms: the end (worst)' "$(worst <nested.ms)" ms 400
# --- share: a big output, last: what it leaves to be written back would be in the way of the others ----------------
together "$callers" 'head -c 300M /dev/zero | tr "\0" x'
exact "$callers callers of 300 MB, runs of the command" "$(wc -l <ran)" 1
exact "$callers callers of 300 MB, identical outputs" "$(sort sums | uniq -c | awk '{ print $1 }')" "$callers"
[ ! -e failed ]
