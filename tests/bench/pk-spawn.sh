#!/bin/bash
# pk-spawn beside GNU timeout and the kernel's own limits, in one run: a ratio and its goal on each line.
# A time counts only after status and output were checked. PK_BIN and PK_HELPERS come from `make bench`.
set -u
export LC_ALL=C
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
pk=$PK_BIN/pk-spawn

fail() { echo "not ok  $*" | tee -a "$dir/failed"; } # also from within a pipeline
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
now_us() { echo $(($(date +%s%N) / 1000)); }
# line WHAT OURS THEIRS RATIO GOAL
line() { awk -v w="$1" -v a="$2" -v b="$3" -v g="$4" 'BEGIN {
	r = b > 0 ? a / b : 0; printf "%-44s %10.1f / %10.1f = %5.2f  goal <= %s  %s\n", w, a, b, r, g, r <= g ? "reached" : "MISSED" }'; }

# The smallest command there is: no libc, one system call.
cat >nothing.c <<'C'
void _start(void)
{
#ifdef __x86_64__
	__asm__ volatile("mov $60, %eax; xor %edi, %edi; syscall");
#else
	__asm__ volatile("mov x8, #93; mov x0, #0; svc #0");
#endif
}
C
${CC:-cc} -O2 -static -nostdlib -o nothing nothing.c || exit 1

"$pk" -t 10s -- sh -c 'exit 7'
[ $? = 7 ] || fail "status of the command"
[ "$("$pk" -- echo out)" = out ] || fail "output of the command"

echo "start-up added to a command, us: ours / GNU timeout's"
for command in "$dir/nothing" /bin/true; do
	for _ in 1 2 3; do
		echo "direct $("$PK_HELPERS/spawntime" 150 "$command")"
		echo "timeout $("$PK_HELPERS/spawntime" 150 "$(command -v timeout)" 10 "$command")"
		echo "ours $("$PK_HELPERS/spawntime" 150 "$pk" -t 10s -- "$command")"
	done >medians
	of() { awk -v n="$1" '$1 == n { print $2 }' medians | median; }
	direct=$(of direct)
	goal=0.15
	[ "$command" = /bin/true ] && goal=0.30
	line "  ${command##*/} (alone: $direct us)" "$(echo "$(of ours) - $direct" | bc -l)" \
		"$(echo "$(of timeout) - $direct" | bc -l)" $goal
done

echo "resident memory while the command sleeps, kB: ours (both processes) / GNU timeout's"
rss() {
	local pid total=0 p
	"$@" & pid=$!
	until p=$(pgrep -P "$pid") && [ -n "$p" ]; do :; done
	# Ours has the guard between; wait until the sleep is there.
	until pgrep -s 0 -x sleep >/dev/null; do :; done
	for p in "$pid" $(pgrep -P "$pid"); do
		[ "$(cat "/proc/$p/comm")" = sleep ] || total=$((total + $(awk '/^Rss/ { print $2 }' "/proc/$p/smaps_rollup")))
	done
	kill -TERM "$pid"
	wait "$pid" 2>/dev/null
	echo "$total"
}
line "  sleep" "$(rss "$pk" -t 10s -- sleep 5)" "$(rss timeout 10 sleep 5)" 0.15

echo "200 sessions that ignore TERM, ms from the deadline to the end: ours / cgroup.kill"
for _ in 1 2 3; do
	start=$(now_us)
	"$pk" -q -t 300ms -k 1ms -- "$PK_HELPERS/t200" >t200.out
	[ $? = 124 ] || fail "status after a time limit"
	echo $(($(now_us) - start - 301000))
done | median >ended.us
group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/pk-bench.$$
if mkdir "$group" 2>/dev/null && [ -e "$group/cgroup.kill" ]; then
	for _ in 1 2 3; do
		(echo 0 >"$group/cgroup.procs" && exec "$PK_HELPERS/t200" >t200.out) &
		until [ "$(wc -l <"$group/cgroup.procs")" -ge 200 ]; do :; done
		start=$(now_us)
		echo 1 >"$group/cgroup.kill"
		while read -r _ populated <"$group/cgroup.events" && [ "$populated" = 1 ]; do :; done
		echo $(($(now_us) - start))
		wait 2>/dev/null
	done 2>/dev/null | median >limit.us
	rmdir "$group"
	line "  t200" "$(echo "$(cat ended.us) / 1000" | bc -l)" "$(echo "$(cat limit.us) / 1000" | bc -l)" 2
else
	echo "  no cgroup.kill here: ours $(cat ended.us) us"
fi

echo "a caller whose command leaves a process with its stdout, ms until it goes on: ours / goal"
start=$(now_us)
out=$("$pk" -- sh -c 'setsid sleep 2 & echo hi')
held=$(($(now_us) - start))
[ "$out" = hi ] || fail "output beside a held stdout"
line "  \$(pk-spawn ...)" "$(echo "$held / 1000" | bc -l)" 20 1

echo "lateness of a 100 ms limit, ms: ours (start-up, and that of two date(1), included) / goal"
for _ in 1 2 3 4 5 6 7 8 9; do
	start=$(now_us)
	"$pk" -q -t 100ms -- sleep 5
	over=$(($(now_us) - start - 100000))
	[ $over -ge 0 ] || fail "a limit that came early"
	echo $over
done | median >late.us
line "  -t 100ms" "$(echo "$(cat late.us) / 1000" | bc -l)" 2 1

echo "a pool of 2,000 jobs in 2 slots, ms: ours / the limit (vfork, execve and waitpid in 2 lanes)"
cat >lanes.c <<'C'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* lanes JOBS COMMAND: half of the jobs in each of two processes, one after another. */
int main(int argc, char **argv)
{
	const int jobs = atoi(argv[1]);

	for (int lane = 0; lane < 2; lane++)
		if (fork() == 0) {
			for (int i = lane; i < jobs; i += 2) {
				pid_t pid = vfork();

				if (pid == 0) {
					execv(argv[2], argv + 2);
					_exit(1);
				}
				waitpid(pid, NULL, 0);
			}
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	return argc < 3;
}
C
${CC:-cc} -O2 -w -o lanes lanes.c || exit 1
seq 2000 >items
[ "$("$pk" -j2 -o keep -a items -- echo x | cksum)" = "$(sed 's/^/x /' items | cksum)" ] || fail "output of a pool in order"
# timed NAME COMMAND...: append the time in us.
timed() {
	local name=$1 start
	shift
	start=$(now_us)
	"$@" || fail "status of $name"
	echo "$name $(($(now_us) - start))" >>pool.us
}
keep_results() { rm -f results && "$pk" -j2 -o keep -r results -a items -- "$1" && [ "$(wc -l <results)" = 2000 ]; }
for command in "$dir/nothing" /bin/true; do
	: >pool.us
	for _ in 1 2 3; do
		timed limit ./lanes 2000 "$command"
		timed xargs xargs -a items -P2 -n1 "$command"
		timed raw "$pk" -j2 -o raw -a items -- "$command"
		timed keep keep_results "$command"
	done
	of() { awk -v n="$1" '$1 == n { print $2 / 1000 }' pool.us | median; }
	raw=1.4 fewer=0.25
	[ "$command" = /bin/true ] && raw=1.15 fewer=0.83
	[ "$command" = /bin/true ] || tiny=$(of raw)
	line "  ${command##*/}, -o raw" "$(of raw)" "$(of limit)" $raw
	line "  ${command##*/}, -o raw / xargs -P2" "$(of raw)" "$(of xargs)" $fewer
	line "  ${command##*/}, -o keep -r / -o raw" "$(of keep)" "$(of raw)" 1.25
done
if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q GNU; then
	head -100 items >few
	: >pool.us
	timed parallel parallel -j2 "$dir/nothing" :::: few
	line "  nothing, -o raw / GNU parallel (100 jobs x 20)" "$tiny" "$(echo "$(of parallel) * 20" | bc -l)" 0.02
fi

echo "resident memory of a pool that has run 100,000 jobs, kB (all its processes, at their most): ours / goal"
seq 100000 >items
"$pk" -j2 -o keep -r results -a items -- "$dir/nothing" & pid=$!
most=0
while kill -0 $pid 2>/dev/null; do
	sum=0
	for p in $pid $(pgrep -P $pid); do
		peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$p/status" 2>/dev/null)
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" = nothing ] || sum=$((sum + ${peak:-0}))
	done
	[ $sum -gt $most ] && most=$sum
	sleep 0.2
done
wait $pid || fail "status of 100,000 jobs"
line "  -j2 -o keep -r" $most 1024 1

echo "4 GB through --max-output, ms: ours / cat"
relay() { local start; start=$(now_us); "$@" >/dev/null; echo $((($(now_us) - start) / 1000)); }
by_cat() { head -c 4G /dev/zero | cat; }
[ "$("$pk" -m 1K -- seq 100000 | tail -n 1)" = 100000 ] || fail "the tail of --max-output"
for _ in 1 2 3; do
	echo "cat $(relay by_cat)"
	echo "ours $(relay "$pk" -m 1M -- head -c 4G /dev/zero)"
	echo "splice $(relay "$pk" -I 1m -- head -c 4G /dev/zero)"
done >medians
of() { awk -v n="$1" '$1 == n { print $2 }' medians | median; }
line "  -m 1M" "$(of ours)" "$(of cat)" 1.1
line "  -I 1m" "$(of splice)" "$(of cat)" 1.1

echo "largest resident memory with -m 1M and 10 GB, kB: ours (both processes) / budget + 256 kB"
# shellcheck disable=SC2016
"$pk" -m 1M -- sh -c 'head -c 10G /dev/zero
	for p in $PPID $(awk "/^PPid/ { print \$2 }" /proc/$PPID/status); do awk "/^VmHWM/ { print \$2 }" /proc/$p/status >&2; done' \
	>/dev/null 2>hwm
line "  relay" "$(awk '{ t += $1 } END { print t }' hwm)" $((1024 + 256)) 1

# Prints, or a server writes to the file `up`, the microseconds of the monotonic clock.
cat >stamp.c <<'C'
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}
int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *how = argc > 1 ? argv[1] : "";
	int fd, on = 1;
	FILE *up;
	if (argc == 1)
		return printf("%ld\n", now()) < 0;
	usleep(300000);
	if (!(up = fopen("up", "w")))
		return 1;
	if (strcmp(how, "tcp") == 0) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		a.sin_port = htons((unsigned short)atoi(argv[2]));
		if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0)
			return 1;
	}
	fprintf(up, "%ld\n", now());
	fclose(up);
	if (strcmp(how, "line") == 0)
		return write(1, "up\n", 3) != 3 || pause();
	if (strcmp(how, "fd") == 0)
		return write(9, "\n", 1) != 1 || pause();
	if (strcmp(how, "notify") == 0) {
		struct sockaddr_un to = {.sun_family = AF_UNIX};
		const char *name = getenv("NOTIFY_SOCKET");
		memcpy(to.sun_path + 1, name + 1, strlen(name) - 1);
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		return sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&to, offsetof(struct sockaddr_un, sun_path) + strlen(name)) != 7 ||
		       pause();
	}
	for (;;)
		close(accept(fd, NULL, NULL));
}
C
${CC:-cc} -O2 -o stamp stamp.c || exit 1

# Microseconds from ready to the start of the test, median of 5: ready KIND SPEC
ready() {
	for _ in 1 2 3 4 5; do
		rm -f up
		# shellcheck disable=SC2238
		"$pk" -q --service "exec ./stamp $1 18763 2>/dev/null" --ready "$2" -- ./stamp >at || fail "a service by $2"
		echo $(($(tail -n 1 at) - $(cat up)))
	done | median
}
echo "from a server's readiness to the start of the test, ms: ours / goal"
tcp=$(ready tcp tcp:18763)
line "  tcp" "$(echo "$tcp / 1000" | bc -l)" 10 1
line "  line" "$(echo "$(ready line line:^up) / 1000" | bc -l)" 3 1
line "  fd" "$(echo "$(ready fd fd:9) / 1000" | bc -l)" 3 1
line "  notify" "$(echo "$(ready notify notify) / 1000" | bc -l)" 3 1
if command -v npm >/dev/null && npm install --silent --no-fund --no-audit start-server-and-test >npm.log 2>&1; then
	rm -f up
	node_modules/.bin/start-server-and-test './stamp tcp 18763' tcp:18763 './stamp > at' >peer.log 2>&1 || fail "start-server-and-test"
	line "  tcp, beside start-server-and-test" "$(echo "$tcp / 1000" | bc -l)" \
		"$(echo "($(cat at) - $(cat up)) / 1000" | bc -l)" 0.01
else
	echo "  start-server-and-test cannot be had here (npm)"
fi
[ ! -e failed ]
