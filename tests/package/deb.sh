#!/bin/sh
# deb.sh VERSION: build/pk_VERSION_ARCH.deb from a staged install of the hardened dynamic build, by dpkg-deb. What it
# depends on is what dpkg-shlibdeps finds. MAKE comes from the Makefile, SOURCE_DATE_EPOCH is the time of every file.
set -eu
for need in dpkg-deb dpkg-shlibdeps; do
	command -v $need >/dev/null || { echo "make deb: $need is missing: install dpkg-dev" >&2; exit 2; }
done
version=$1
stage=$PWD/build/deb/pk
rm -rf build/deb
mkdir -p "$stage/DEBIAN" "$stage/usr/share/doc/pk" build/deb/debian
$MAKE install DESTDIR="$stage" PREFIX=/usr zshcompdir=/usr/share/zsh/vendor-completions >/dev/null
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$stage"/usr/bin/*
gzip -9n "$stage"/usr/share/man/man*/*
cat >"$stage/usr/share/doc/pk/copyright" <<TEXT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pk

Files: *
Copyright: $(sed -n 's/^Copyright (c) //p' LICENSE)
License: Expat

License: Expat
$(sed '1,/^Copyright/d; 1,/^$/d; s/^$/./; s/^/ /' LICENSE)
TEXT
# Whoever builds a package for others names himself here.
maintainer=${DEB_MAINTAINER:-the pk authors <pk@localhost.localdomain>}
gzip -9n >"$stage/usr/share/doc/pk/changelog.gz" <<TEXT
pk ($version) unstable; urgency=medium

  * Release $version.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
TEXT
printf 'Source: pk\n\nPackage: pk\nArchitecture: any\n' >build/deb/debian/control
depends=$(cd build/deb && dpkg-shlibdeps -O pk/usr/bin/* 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
cat >"$stage/DEBIAN/control" <<TEXT
Package: pk
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $(du -k --apparent-size -s "$stage" | cut -f1)
Depends: $depends
Section: utils
Priority: optional
Description: process kit: own, retry, log, replace, watch and inspect processes
 Six small programs bring the process-lifecycle patterns of well-built
 services to the shell: pk-spawn runs commands and leaves nothing behind,
 pk-retry tries again with backoff and a circuit breaker, pk-jsonl appends and
 streams JSON Lines, pk-atomic-write replaces files whole or not at all,
 pk-watch runs work on change, pk-handles tells what a process holds open and
 why it will not exit.
TEXT
(cd "$stage" && find usr -type f | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
chmod -R u=rwX,go=rX "$stage"
find "$stage" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$stage" build
