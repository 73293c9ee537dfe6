#!/bin/sh
# deps.sh [all]: install what check, static, fuzz, valgrind, coverage, lint and the bench need; with `all` also what a recipe
# or a check of packages uses where it is there.
packages='gcc make binutils libc6-dev linux-libc-dev libcmocka-dev musl-tools clang clang-format clang-tidy libclang-rt-dev
	cppcheck mandoc shellcheck valgrind strace gcovr fish zsh bash-completion jq python3 curl procps psmisc util-linux
	coreutils git redis-tools bindfs dpkg-dev lsof iproute2 nodejs'
[ "${1-}" != all ] || packages="$packages slurmctld slurmd slurm-client munge lintian"
command -v apt-get >/dev/null 2>&1 || {
	echo 'make deps: there is no apt-get here. Install a C17 compiler, make, binutils, cmocka (with headers),'
	echo 'musl-gcc, clang with compiler-rt, clang-format, clang-tidy, cppcheck, mandoc, shellcheck, valgrind, strace,'
	echo 'gcovr, fish, zsh, bash-completion, jq, python3, curl, procps, util-linux, git and bindfs with your package manager.'
	echo 'For make check alone: a C compiler, make and cmocka.'
	exit 0
}
sudo=
[ "$(id -u)" -eq 0 ] || sudo='sudo'
missing=
for package in $packages; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
$sudo apt-get update || exit
# A release may lack one of them: older ones have compiler-rt in libclang-common-*-dev, which clang brings along.
wanted=
for package in $missing; do
	if apt-cache show "$package" >/dev/null 2>&1; then
		wanted="$wanted $package"
	else
		echo "make deps: this release has no package $package"
	fi
done
[ -n "$wanted" ] || exit 0
# shellcheck disable=SC2086
exec $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted
