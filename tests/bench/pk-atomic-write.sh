#!/bin/bash
# shellcheck disable=SC2015,SC2016
# pk-atomic-write beside the shell's ways, sponge and the least that a C program can do, in one run: a ratio and its goal
# on each line. A time counts only after status and content were checked. PK_BIN comes from `make bench`; BENCH_DIR is
# where to write (a real disk), MB the size of the big file, ENTRIES how many names make a directory crowded. As root with
# mkfs.xfs or mkfs.btrfs the reflink row has a file system of its own.
set -u
export LC_ALL=C
dir=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/var/tmp}}") || exit 1
trap 'umount "$dir/reflink" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
pk=$PK_BIN/pk-atomic-write
MB=${MB:-256}
ENTRIES=${ENTRIES:-1000000}

fail() { echo "not ok  $*" | tee -a "$dir/failed"; }
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
# line WHAT OURS THEIRS GOAL
line() { awk -v w="$1" -v a="$2" -v b="$3" -v g="$4" 'BEGIN {
	r = b > 0 ? a / b : 0; printf "%-52s %9d / %9d = %5.2f  goal <= %s  %s\n", w, a, b, r, g, r <= g ? "reached" : "MISSED" }'; }
skipped() { printf '%-52s not measured: %s\n' "  $1" "$2"; }

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
# crowd COUNT: names in the working directory, of few files.
cat >crowd.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int c, char **v)
{
	char file[32] = "", name[32];
	for (int i = 0; i < (c > 1 ? atoi(v[1]) : 0); i++) {
		snprintf(name, sizeof name, "n%d", i);
		if (i % 50000 != 0 && link(file, name))
			return 1;
		if (i % 50000 == 0 && (close(creat(name, 0644)) || snprintf(file, sizeof file, "%s", name) < 0))
			return 1;
	}
	return 0;
}
C
for program in floor each crowd; do
	${CC:-cc} -O2 -o $program $program.c || exit 1
done
script() { printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod +x "$1"; }
script recipe 't=$(mktemp -- "$1.XXXXXX") && cat > "$t" && chmod --reference="$1" -- "$t" && sync -- "$t" && mv -f -- "$t" "$1" && sync -- .'
script redirect 'cat > "$1"'
script feed-redirect 'cat big | cat > f'
script feed-ours "cat big | '$pk' --sync=none f"
script feed-sponge "cat big | TMPDIR='$dir' sponge f"
script command 'cat big > f'
head -c 100 /dev/urandom >small
head -c "${MB}M" /dev/zero | tr '\0' x >big
cp small f

# race COUNT STDIN ROUNDS "NAME=COMMAND"...: interleaved rounds; `of NAME` is the median of one. What frees the old content
# of `f`, and what the one before has left for the disk to do, is not the subject.
race() {
	local count=$1 input=$2 rounds=$3 entry round
	shift 3
	: >times.us
	for ((round = 0; round < rounds; round++)); do
		for entry in "$@"; do
			[ "$count" -gt 1 ] || [[ $entry = same* ]] || : >f
			sync -f .
			# shellcheck disable=SC2086
			echo "${entry%%=*} $(./each "$count" "$input" ${entry#*=})" >>times.us
			cmp -s "$input" "${into:-f}" || fail "${entry%%=*}: wrong content"
		done
	done
}
of() { awk -v n="$1" '$1 == n { print $2 }' times.us | median; }
sponge=$(command -v sponge)

echo "100 bytes, durable, us"
race 40 small 3 "floor=./floor 1 f" "recipe=./recipe f" "ours=$pk f"
line "  ours / floor" "$(of ours)" "$(of floor)" 1.10
line "  ours / sh: mktemp, cat, sync, mv, sync" "$(of ours)" "$(of recipe)" 0.25
# Two fsync are two fsync: where a disk is slow, the floor itself is above a quarter of the recipe.
printf '  (floor / sh: %s)\n' "$(of floor) / $(of recipe)"

echo "100 bytes, not durable, us"
race 100 small 3 "floor=./floor 0 f" "ours=$pk --sync=none f" ${sponge:+"sponge=sponge f"} "same=$pk -u f" "nothing=/bin/true"
line "  ours / floor" "$(of ours)" "$(of floor)" 1.10
if [ -n "$sponge" ]; then line "  ours / sponge" "$(of ours)" "$(of sponge)" 1.00; else skipped "ours / sponge" "no sponge"; fi
line "  -u, identical / true" "$(of same)" "$(of nothing)" 1.15

echo "$MB MiB from a file, not durable, us"
race 1 big 3 "cat=./redirect f" "ours=$pk --sync=none f" ${sponge:+"sponge=env TMPDIR=$dir sponge f"}
line "  ours / cat > f" "$(of ours)" "$(of cat)" 0.65
[ -z "$sponge" ] || line "  ours / sponge" "$(of ours)" "$(of sponge)" 0.55

echo "$MB MiB from a pipe, not durable, us"
race 1 big 3 "cat=./feed-redirect" "ours=./feed-ours" ${sponge:+"sponge=./feed-sponge"}
line "  cat big | ours / cat big | cat > f" "$(of ours)" "$(of cat)" 1.00
[ -z "$sponge" ] || line "  cat big | ours / cat big | sponge" "$(of ours)" "$(of sponge)" 0.55

echo "$MB MiB by a command, not durable, us"
race 1 big 5 "shell=./command" "ours=$pk --sync=none f -- cat big"
line "  ours f -- cat big / cat big > f" "$(of ours)" "$(of shell)" 1.02

echo "$MB MiB from a file, durable, us"
race 1 big 5 "floor=./floor 1 f" "ours=$pk f"
line "  ours / write everything, then fsync" "$(of ours)" "$(of floor)" 0.70

echo "$MB MiB, identical, us"
cp big f
race 1 big 3 "same-cmp=cmp big f" "same-ours=$pk -u f"
line "  -u / cmp" "$(of same-ours)" "$(of same-cmp)" 1.20

# reflink KIND: ours beside cat on a new file system of that kind. Fails where there is none.
reflink() {
	truncate -s $((MB * 3 + 300))M image && mkfs."$1" -q image >/dev/null 2>&1 && mkdir -p reflink &&
		mount -o loop image reflink 2>/dev/null || return 1
	cp big floor each redirect reflink && sync -f reflink && cd reflink || return 1
	# Since coreutils 9.1 cat shares blocks, too: dd is the one that copies.
	race 1 big 3 "dd=dd of=f bs=128k status=none" "ours=$pk f"
	line "  ours, durable / dd of=f, on $1" "$(of ours)" "$(of dd)" 0.05
	cd "$dir" && umount reflink && rm image
}
echo "$MB MiB from a file whose blocks can be shared, us"
for kind in xfs btrfs; do
	reflink "$kind" || skipped "$kind" "needs root, mkfs.$kind and a loop device"
done

echo "peak memory, $MB MiB, KiB"
peak() { /usr/bin/time -f %M "$@" 2>&1 >/dev/null <big | tail -n 1; }
if [ -x /usr/bin/time ]; then
	line "  ours / 2 MiB" "$(peak "$pk" --sync=none f)" 2048 1.00
	line "  ours -u, identical / 2 MiB" "$(peak "$pk" -u f)" 2048 1.00
else
	skipped "peak memory" "no /usr/bin/time"
fi

echo "system calls, from execve to exit"
calls() { strace -f -qq -o trace "$@" && grep -c . trace; }
if command -v strace >/dev/null; then
	cp small f
	line "  a plain replacement / 45" "$(calls "$pk" f <small)" 45 1.00
	cp big f
	calls "$pk" -u f <big >/dev/null
	grep -E 'O_TMPFILE|^[0-9]+ +(write|rename|renameat|fsync|link)' trace && fail "-u wrote something"
	grep -q getdents trace && fail "a directory was scanned"
else
	skipped "system calls" "no strace"
fi

echo "a directory of $ENTRIES names, 100 bytes, not durable, us"
mkdir crowded empty
cp small crowded/f && cp small empty/f
(cd crowded && ../crowd "$ENTRIES") || fail "no crowd"
sync -f .
for into in crowded/f empty/f; do
	race 100 small 5 "ours=$pk --sync=none $into"
	of ours >"${into%/f}.us"
done
into=f
line "  crowded / empty" "$(cat crowded.us)" "$(cat empty.us)" 1.05

echo "no update lost: 8 processes, 100 increments each"
echo 0 >n
for _ in 1 2 3 4 5 6 7 8; do
	(for _ in $(seq 100); do "$pk" --sync=none -e n -- awk '{ print $1 + 1 }' || echo failed; done) &
done
wait
[ "$(cat n)" = 800 ] && echo "  800 of 800" || fail "updates: $(cat n) of 800"
[ ! -s failed ]
