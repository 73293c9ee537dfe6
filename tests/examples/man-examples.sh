#!/bin/bash
# man-examples.sh: run every example of the man pages, taken from the section EXAMPLES: each .Dl line, and each .Bd
# display as one script. pk-cookbook(7) is run by cookbook.sh.
# shellcheck disable=SC1091
top=${PK_TOP:-$PWD}
. "${BASH_SOURCE%/*}/sandbox.bash"

# The examples of one page, each ended by a NUL.
examples_of() {
	awk '
		function plain(text) {
			gsub(/\\-/, "-", text)
			gsub(/\\\(aq/, "\047", text)
			gsub(/\\\(dq/, "\"", text)
			gsub(/\\e/, "\\", text)
			gsub(/\\&/, "", text)
			return text
		}
		/^\.Sh / { on = $2 == "EXAMPLES" }
		!on { next }
		/^\.Dl / { printf "%s%c", plain(substr($0, 5)), 0 }
		/^\.Bd / { display = 1; next }
		/^\.Ed/ { printf "%c", 0; display = 0 }
		display { print plain($0) }' "$1"
}

for page in "$top"/man/*.[17]; do
	[[ $page != */pk-cookbook.7 ]] || continue
	found=0
	while IFS= read -rd '' example; do
		found=$((found + 1))
		run_example "$example"
	done < <(examples_of "$page")
	[ $found -gt 0 ] || { echo "${page##*/}: no example"; examples_failed=$((examples_failed + 1)); }
done
finish_examples 'man pages'
