#!/bin/bash
# powercut.sh: what a power cut leaves of a replacement, on a real file system in an image: right after the
# replacement has reported success, and after each of its system calls, the image is copied as the disk would hold it,
# its journal is replayed, and the file looked at. Needs root, mount and mkfs; what is missing is skipped.
#
# It is tested itself on wrong recipes, in which it has to find torn or lost content. PK_BIN is the directory with the
# tools; PK_POWERCUT_FS names the file systems (ext4 xfs btrfs). The last line is "N passed, M failed".
set -u
export LC_ALL=C
bin=${PK_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/static/bin}
dir=$(mktemp -d -p "${PK_POWERCUT_DIR:-${TMPDIR:-/var/tmp}}") || exit 2
image=$dir/image live=$dir/live after=$dir/after passed=0 failed=0

leave() {
	umount -q "$live" 2>/dev/null
	umount -q "$after" 2>/dev/null
	rm -rf "$dir"
}
trap leave EXIT
mkdir "$live" "$after"
head -c 100000 /dev/zero | tr '\0' o >"$dir/old"
head -c 700000 /dev/zero | tr '\0' n >"$dir/new"

state() {
	if [ ! -e "$1" ]; then
		echo lost
	elif cmp -s "$1" "$dir/old"; then
		echo old
	elif cmp -s "$1" "$dir/new"; then
		echo new
	else
		echo "torn ($(stat -c %s "$1") bytes)"
	fi
}

# The disk as it is now, its journal replayed: what of f is there? Another program's fsync may have come before.
cut_power() {
	[ "$2" = alone ] || dd if=/dev/zero of="$live/other" bs=4k count=1 conv=fsync status=none
	cp --sparse=always "$image" "$dir/copy"
	mount -o "loop$([ "$1" = xfs ] && echo ,nouuid)" "$dir/copy" "$after" || return 1
	state "$after/f"
	umount "$after"
}

begin() {
	rm -rf "${live:?}"/f* "$live"/.f* "$live/other"
	cp "$dir/old" "$live/f"
	sync -f "$live"
}

result() { # OK TITLE
	if [ "$1" = yes ]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $2"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) - $2"
	fi
}

# survives FS TITLE COMMAND...: after status 0 the new content is there.
survives() {
	local fs=$1 title=$2 with got
	shift 2
	for with in alone 'another file written to disk'; do
		begin
		if ! "$@" <"$dir/new" 2>"$dir/err"; then
			result no "$fs: $title: $(head -n 1 "$dir/err")"
			return
		fi
		got=$(cut_power "$fs" "$with")
		result "$([ "$got" = new ] && echo yes)" "$fs: $title, power cut after status 0, $with: $got"
	done
}

# whole FS TITLE COMMAND...: killed at each of its calls that write, then a power cut: old or new.
whole() {
	local fs=$1 title=$2 call nth got bad=''
	shift 2
	command -v strace >/dev/null || return
	for call in write:1 fchmod:1 fsync:1 flock:2 linkat:1 renameat:1 fsync:2; do
		begin
		nth=${call#*:}
		{
			strace -f -qq -o /dev/null -e "trace=${call%:*}" -e "inject=${call%:*}:signal=KILL:when=$nth" \
				"$@" <"$dir/new" 2>/dev/null
		} 2>/dev/null
		got=$(cut_power "$fs" other)
		case $got in
		old | new) ;;
		*) bad+=" $call: $got;" ;;
		esac
	done
	result "$([ -z "$bad" ] && echo yes)" "$fs: $title, killed at any call, then a power cut: whole$bad"
}

# found FS TITLE COMMAND...: a wrong recipe; a tester that finds nothing in it proves nothing.
found() {
	local fs=$1 title=$2 first second
	shift 2
	begin
	"$@" <"$dir/new" 2>/dev/null
	first=$(cut_power "$fs" alone)
	begin
	"$@" <"$dir/new" 2>/dev/null
	second=$(cut_power "$fs" other)
	result "$([ "$first $second" != 'new new' ] && echo yes)" "$fs: found wrong: $title: $first; $second"
}

for fs in ${PK_POWERCUT_FS:-ext4 xfs btrfs}; do
	rm -f "$image"
	truncate -s 400M "$image"
	if [ "$(id -u)" != 0 ] || ! "mkfs.$fs" -q "$image" >/dev/null 2>&1 || ! mount -o loop "$image" "$live" 2>/dev/null; then
		echo "# $fs: skipped (needs root, mkfs.$fs and loop devices)"
		continue
	fi
	tool=$bin/pk-atomic-write
	survives "$fs" plain "$tool" "$live/f"
	survives "$fs" 'if changed' "$tool" -u "$live/f"
	survives "$fs" backup "$tool" -b "$live/f"
	survives "$fs" edit "$tool" -e "$live/f" -- cat "$dir/new"
	survives "$fs" 'if match' "$tool" --if-match=any "$live/f"
	survives "$fs" command "$tool" "$live/f" -- cat
	whole "$fs" plain "$tool" "$live/f"
	whole "$fs" backup "$tool" -b "$live/f"
	whole "$fs" command "$tool" "$live/f" -- cat
	found "$fs" 'cat > f' sh -c "cat > '$live/f'"
	found "$fs" 'mktemp and mv without fsync' sh -c "t=\$(mktemp '$live/f.XXXXXX') && cat > \"\$t\" && mv \"\$t\" '$live/f'"
	umount "$live"
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
