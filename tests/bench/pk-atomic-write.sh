#!/bin/bash
# shellcheck disable=SC2015,SC2016
# pk-atomic-write beside the shell's ways, sponge and the least that a C program can do, in one run: a ratio and its goal
# on each line. A time counts only after status and content were checked. PK_BIN comes from `make bench`; BENCH_DIR is
# where to write (a real disk), MB the size of the big file.
set -u
export LC_ALL=C
dir=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/var/tmp}}") || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
pk=$PK_BIN/pk-atomic-write
MB=${MB:-256}

fail() { echo "not ok  $*" | tee -a "$dir/failed"; }
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
line() { awk -v w="$1" -v a="$2" -v b="$3" -v g="$4" 'BEGIN {
	r = b > 0 ? a / b : 0; printf "%-52s %9d / %9d = %5.2f  goal <= %s  %s\n", w, a, b, r, g, r <= g ? "reached" : "MISSED" }'; }

# The floor: no metadata, no lock, no check.
cat >floor.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static char b[1 << 18];
int main(int c, char **v)
{
	int sync = c > 1 && atoi(v[1]), d = open(".", O_RDONLY), fd = open(".", O_TMPFILE | O_RDWR, 0644);
	char p[40];
	ssize_t n;
	while ((n = read(0, b, sizeof b)) > 0)
		if (write(fd, b, n) != n)
			return 1;
	if (sync && fsync(fd))
		return 1;
	snprintf(p, sizeof p, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, p, AT_FDCWD, ".tmp", AT_SYMLINK_FOLLOW) || rename(".tmp", v[2]))
		return 1;
	return sync && fsync(d);
}
C
# each COUNT STDIN COMMAND...: microseconds a call.
cat >each.c <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
extern char **environ;
int main(int c, char **v)
{
	int n = c > 3 ? atoi(v[1]) : 0, st;
	struct timespec a, b;
	posix_spawn_file_actions_t f;
	posix_spawn_file_actions_init(&f);
	posix_spawn_file_actions_addopen(&f, 0, v[2], O_RDONLY, 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < n; i++) {
		pid_t p;
		if (posix_spawnp(&p, v[3], &f, 0, v + 3, environ) || waitpid(p, &st, 0) < 0 || st)
			return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.0f\n", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 1e3 / (n ? n : 1));
	return 0;
}
C
for program in floor each; do
	${CC:-cc} -O2 -o $program $program.c || exit 1
done
printf '#!/bin/sh\nt=$(mktemp -- "$1.XXXXXX") && cat > "$t" && chmod --reference="$1" -- "$t" && sync -- "$t" && mv -f -- "$t" "$1" && sync -- .\n' >recipe
printf '#!/bin/sh\ncat > "$1"\n' >redirect
chmod +x recipe redirect
head -c 100 /dev/urandom >small
head -c "${MB}M" /dev/zero | tr '\0' x >big
cp small f

# race COUNT STDIN ROUNDS "NAME=COMMAND"...: interleaved rounds; the medians go to the file `medians`.
race() {
	local count=$1 input=$2 rounds=$3 entry round
	shift 3
	: >times.us
	for ((round = 0; round < rounds; round++)); do
		for entry in "$@"; do
			[ "$count" -gt 1 ] || : >f # what frees the old content is not the subject
			# shellcheck disable=SC2086
			echo "${entry%%=*} $(./each "$count" "$input" ${entry#*=})" >>times.us
			cmp -s "$input" f || fail "${entry%%=*}: wrong content"
		done
	done
}
of() { awk -v n="$1" '$1 == n { print $2 }' times.us | median; }

echo "100 bytes, durable, us"
race 40 small 3 "floor=./floor 1 f" "recipe=./recipe f" "ours=$pk f"
line "  ours / floor" "$(of ours)" "$(of floor)" 1.10
line "  ours / sh: mktemp, cat, sync, mv, sync" "$(of ours)" "$(of recipe)" 0.25

echo "100 bytes, not durable, us"
sponge=$(command -v sponge)
race 100 small 3 "floor=./floor 0 f" "ours=$pk --sync=none f" ${sponge:+"sponge=sponge f"} "same=$pk -u f" "nothing=/bin/true"
line "  ours / floor" "$(of ours)" "$(of floor)" 1.10
[ -z "$sponge" ] || line "  ours / sponge" "$(of ours)" "$(of sponge)" 1.00
line "  -u, identical / true" "$(of same)" "$(of nothing)" 1.15

echo "$MB MiB from a file, not durable, us"
race 1 big 3 "cat=./redirect f" "ours=$pk --sync=none f" ${sponge:+"sponge=env TMPDIR=$dir sponge f"}
line "  ours / cat > f" "$(of ours)" "$(of cat)" 0.65
[ -z "$sponge" ] || line "  ours / sponge" "$(of ours)" "$(of sponge)" 0.55

echo "peak memory, $MB MiB, KiB"
peak() { /usr/bin/time -f %M "$@" <big 2>&1 >/dev/null | tail -n 1; }
[ ! -x /usr/bin/time ] || line "  ours / 2 MiB" "$(peak "$pk" --sync=none f)" 2048 1.00

echo "system calls of a plain replacement, and of -u with the same content"
if command -v strace >/dev/null; then
	calls() { strace -f -qq -o trace "$@" <small && grep -c . trace; }
	line "  ours / 45" "$(calls "$pk" f)" 45 1.00
	cp small f
	calls "$pk" -u f >/dev/null
	grep -E 'O_TMPFILE|^[0-9]+ +(write|rename|renameat|fsync|link)' trace && fail "-u wrote something"
	grep -q getdents trace && fail "a directory was scanned"
fi

echo "no update lost: 8 processes, 50 increments each"
echo 0 >n
for _ in 1 2 3 4 5 6 7 8; do
	(for _ in $(seq 50); do "$pk" --sync=none -e n -- awk '{ print $1 + 1 }' || echo failed; done) &
done
wait
[ "$(cat n)" = 400 ] && echo "  400 of 400" || fail "updates: $(cat n) of 400"
[ ! -s failed ]
