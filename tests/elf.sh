#!/bin/sh
# elf.sh static|dynamic FILE...: fail unless each FILE is position independent with full RELRO and no executable stack;
# static: and needs no loader, no library and no text relocation.
kind=$1
shift
status=0
for file; do
	LC_ALL=C readelf -hldW "$file" | awk -v file="$file" -v kind="$kind" '
		function wrong(what) {
			print file ": " what
			bad = 1
		}
		/Type: +DYN/ { pie = 1 }
		/GNU_RELRO/ { relro = 1 }
		/BIND_NOW|Flags:.* NOW/ { now = 1 }
		/GNU_STACK/ && / RWE / { wrong("executable stack") }
		/TEXTREL/ { wrong("text relocations") }
		kind == "static" && (/INTERP/ || /\(NEEDED\)/) { wrong("not truly static:" $0) }
		END {
			if (!pie)
				wrong("not position independent")
			if (!relro || !now)
				wrong("no full RELRO")
			exit bad
		}' >&2 || status=1
done
exit $status
