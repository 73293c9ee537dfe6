#!/bin/bash
# check.sh VERSION: what `make dist deb` left in build/ is tried as a stranger would get it: the static tarball in a root
# that holds nothing else, the source tarball by building it elsewhere (the same bytes must come out), the Debian package
# by dpkg in a root of its own. As root, or where user namespaces are allowed. MAKE comes from the Makefile.
set -u
version=$1
arch=$(uname -m)
top=$PWD
static=$top/build/pk-$version-linux-$arch.tar.gz
source=$top/build/pk-$version.tar.gz
package=$top/build/pk_${version}_$(dpkg --print-architecture 2>/dev/null).deb
tools=(pk-spawn pk-retry pk-jsonl pk-atomic-write pk-watch pk-handles)
passed=0 failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1 </dev/null); then
		echo "ok      $name"
		passed=$((passed + 1))
	else
		printf '%s\n' "$output"
		echo "not ok  $name"
		failed=$((failed + 1))
	fi
}

# Run a command with root as its root, in namespaces of its own, with a /proc.
inside() {
	local root=$1
	shift
	mkdir -p "$root/proc" "$root/tmp"
	unshare -Urmpf --mount-proc="$root/proc" chroot "$root" "$@"
}

checksums() {
	(cd build && sha256sum -c --quiet SHA256SUMS)
}

static_is_complete() {
	local tool
	mkdir -p "$dir/static" && tar -xzf "$static" -C "$dir/static" --strip-components=1 || return
	for tool in "${tools[@]}"; do
		[ "$(inside "$dir/static" "/bin/$tool" --version | head -n 1)" = "$tool (pk) $version" ] || return
		[ -s "$dir/static/share/man/man1/$tool.1" ] || return
		[ -s "$dir/static/share/bash-completion/completions/$tool" ] || return
	done
	[ -s "$dir/static/LICENSE" ] && [ -s "$dir/static/README.md" ]
}

# The six do a job each where there is no shell, no libc and no other program.
static_works_alone() {
	local root=$dir/static
	echo '{"a":1}' >"$root/tmp/in"
	inside "$root" /bin/pk-spawn -t 10s -- /bin/pk-retry -n 2 -d 1ms -- /bin/pk-jsonl count /tmp/in | grep -qx 1 &&
		inside "$root" /bin/pk-atomic-write /tmp/out -- /bin/pk-jsonl filter -w a /tmp/in &&
		cmp "$root/tmp/in" "$root/tmp/out" &&
		inside "$root" /bin/pk-watch -1 --every 10ms -- /bin/pk-jsonl --help >/dev/null &&
		inside "$root" /bin/pk-handles 1 >/dev/null
}

# A second build, from the source tarball, in another folder.
is_reproducible() {
	mkdir -p "$dir/again" && tar -xzf "$source" -C "$dir/again" --strip-components=1 || return
	(cd "$dir/again" && $MAKE dist-static) || return
	cmp "$static" "$dir/again/build/${static##*/}"
}

in_a_user_namespace() {
	unshare -Ur "$@"
}

deb_installs() {
	local root=$dir/root tool library
	mkdir -p "$root"/var/lib/dpkg/{info,updates} "$root/var/log" && : >"$root/var/lib/dpkg/status" || return
	in_a_user_namespace dpkg --root="$root" --force-depends --log=/dev/null -i "$package" || return
	for library in $(ldd "$root/usr/bin/pk-spawn" | grep -o '/[^ ]*'); do
		mkdir -p "$root/${library%/*}" && cp -L "$library" "$root$library" || return
	done
	for tool in "${tools[@]}"; do
		[ "$(inside "$root" "/usr/bin/$tool" --version | head -n 1)" = "$tool (pk) $version" ] || return
		gzip -t "$root/usr/share/man/man1/$tool.1.gz" || return
	done
	(cd "$root" && md5sum -c --quiet var/lib/dpkg/info/pk.md5sums)
}

deb_is_removed_whole() {
	local root=$dir/root
	in_a_user_namespace dpkg --root="$root" --log=/dev/null -P pk || return
	! find "$root/usr" -path "$root/usr/lib*" -prune -o -type f -print | grep .
}

# The default maintainer has no address that mail could reach: DEB_MAINTAINER is for those who publish.
deb_is_clean() {
	lintian --allow-root --fail-on error,warning --suppress-tags \
		bogus-mail-host,bogus-mail-host-in-debian-changelog "$package"
}

check 'checksums' checksums
if inside / true 2>/dev/null; then
	check 'the static tarball is complete' static_is_complete
	check 'its programs work alone' static_works_alone
else
	echo 'skipped: user namespaces are not allowed here'
fi
check 'the source tarball builds, to the same bytes' is_reproducible
if [ -e "$package" ] && inside / true 2>/dev/null; then
	check 'the package installs, and its programs work' deb_installs
	check 'the package is removed whole' deb_is_removed_whole
	! command -v lintian >/dev/null || check 'lintian' deb_is_clean
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
