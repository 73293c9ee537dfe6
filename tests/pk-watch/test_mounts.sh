#!/bin/bash
# test_mounts.sh: file systems that are mounted over and taken off watched directories, in a mount namespace of its own.
# shellcheck disable=SC2317
if [ "${1-}" != inside ]; then
	unshare -m true 2>/dev/null || { echo '0 passed, 0 failed'; exit 0; }
	exec unshare -m bash "$0" inside
fi
passed=0 failed=0
dir=$(mktemp -d) || exit 1
cd "$dir" || exit 1
finish() {
	kill -TERM $pid
	wait $pid
	umount w/m w/o w/r far 2>/dev/null
	wait
	cd / && rm -rf "$dir"
}
# sees TITLE PATH: wait until the path is printed.
sees() {
	local tries=0
	until grep -qx "$2" out; do
		tries=$((tries + 1))
		if [ $tries -ge 500 ]; then
			echo "not ok  $1: no $2"
			failed=$((failed + 1))
			return
		fi
		sleep 0.02
	done
	echo "ok      $1"
	passed=$((passed + 1))
}
mkdir -p w/m w/o w/r far lower upper work shared
echo x >lower/low
# What is written to `shared` shows on the FUSE mounts without an event, as on NFS what another host writes.
fuse() {
	command -v bindfs >/dev/null && bindfs -f shared "$1" 2>/dev/null &
	for _ in $(seq 200); do
		[ "$(stat -f -c %t "$1")" = 65735546 ] && return 0
		sleep 0.02
	done
	return 1
}
[ -c /dev/fuse ] && command -v bindfs >/dev/null && fuse far && has_fuse=yes
"$PK_BIN/pk-watch" --events ready w far >>out 2>err &
pid=$!
trap finish EXIT
until grep -qs '"ready"' ready; do sleep 0.02; done
mount -t tmpfs none w/m
sees 'a mount over a watched directory' w/m
echo >w/m/inside
sees 'a write on a tmpfs' w/m/inside
if mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay w/o 2>/dev/null; then
	sees 'an overlay' w/o
	echo y >>w/o/low
	sees 'a write that copies up' w/o/low
fi
if [ "${has_fuse-}" ]; then
	echo >shared/one
	sees 'a FUSE file system is compared' far/one
	fuse w/r
	sees 'a FUSE mount below' w/r/one
	echo >shared/two
	sees 'what others write there' w/r/two
	: >out
	rm shared/one
	sees 'what others remove there' w/r/one
	grep -q 'network or FUSE' err || { echo 'not ok  nothing was said'; failed=$((failed + 1)); }
fi
umount w/m
echo >w/m/under
sees 'a write after the unmount' w/m/under
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
