#!/bin/sh
# layers.sh MODULE...: the modules of common/, lowest first. A module includes only modules before it in the list, a
# tool only its own headers and common/, and _GNU_SOURCE is defined by the Makefile alone.
# shellcheck disable=SC2046
LC_ALL=C awk -v layers="$*" '
	function wrong(what) {
		printf "%s:%d: %s\n", FILENAME, FNR, what
		bad = 1
	}
	BEGIN {
		for (n = split(layers, name, " "); n > 0; n--)
			rank[name[n]] = n
	}
	FNR == 1 {
		parts = split(FILENAME, path, "/")
		module = path[parts]
		sub(/\.[ch]$/, "", module)
		if (path[1] == "common" && !(module in rank))
			wrong(module " is not in LAYERS")
	}
	/^#[ \t]*define[ \t]+_GNU_SOURCE/ { wrong("_GNU_SOURCE belongs in the Makefile") }
	/^#[ \t]*include[ \t]*"/ {
		split($0, quoted, "\"")
		target = quoted[2]
		if (target ~ /^common\//) {
			below = substr(target, 8)
			sub(/\.h$/, "", below)
			if (!(below in rank))
				wrong(target " is not in LAYERS")
			else if (path[1] == "common" && below != module && rank[below] > rank[module])
				wrong(module " includes " below ", which is above it")
		} else if (path[1] == "common")
			wrong("common includes \"" target "\"")
		else if (target ~ /\//)
			wrong(path[2] " includes \"" target "\", which is not its own")
	}
	END { exit bad }' $(find common cmd -name "*.[ch]" | sort)
