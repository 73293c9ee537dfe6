#!/bin/sh
# tarball.sh VERSION: build/pk-VERSION-linux-ARCH.tar.gz from the static build: programs, man pages, completions, licence
# and README. The same sources give the same bytes: order, owner, modes and times (SOURCE_DATE_EPOCH) are fixed.
# MAKE comes from the Makefile.
set -eu
name=pk-$1-linux-$(uname -m)
stage=build/dist/$name
rm -rf "$stage"
$MAKE BUILD=static install DESTDIR="$PWD/$stage" PREFIX=/ >/dev/null
cp LICENSE README.md "$stage"
chmod -R u=rwX,go=rX "$stage"
tar --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
	-C build/dist -cf - "$name" | gzip -9n >"build/$name.tar.gz.new"
mv "build/$name.tar.gz.new" "build/$name.tar.gz"
(cd build && sha256sum "pk-$1"*.tar.gz >SHA256SUMS)
cat build/SHA256SUMS
