#!/bin/sh
# static.sh FILE: fail unless FILE is position independent and needs no loader and no library.
LC_ALL=C readelf -hldW "$1" | awk -v file="$1" '
	/INTERP/ || /\(NEEDED\)/ || /TEXTREL/ { print file ": not truly static: " $0; bad = 1 }
	/Type: +DYN/ { pie = 1 }
	END {
		if (!pie) {
			print file ": not position independent"
			bad = 1
		}
		exit bad
	}' >&2
