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
	umount w/m w/o 2>/dev/null
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
mkdir -p w/m w/o lower upper work
echo x >lower/low
"$PK_BIN/pk-watch" --events ready w >out &
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
umount w/m
echo >w/m/under
sees 'a write after the unmount' w/m/under
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
