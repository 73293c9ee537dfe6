#!/bin/bash
# readme-picture.sh [--write]: run the README's transcript and draw what a terminal shows. man/transcript.svg must be just
# that picture; --write makes it so.
# shellcheck disable=SC1091,SC2154
top=${PK_TOP:-$PWD}
. "${BASH_SOURCE%/*}/sandbox.bash"
command -v jq >/dev/null || { echo 'skipped, no jq'; exit 0; }

draw() {
	awk '
		function escape(text) {
			gsub(/&/, "\\&amp;", text)
			gsub(/</, "\\&lt;", text)
			gsub(/>/, "\\&gt;", text)
			return text
		}
		{ line[NR] = $0; if (length($0) > width) width = length($0) }
		END {
			step = 18; left = 16; top = 44
			w = 2 * left + int(width * 8.43); h = top + NR * step + 6
			printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n", w, h, w, h
			print "<title>pk-spawn in a terminal</title>"
			print "<style>text{font:14px ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:#d8dee9;white-space:pre}" \
				".p{fill:#8fbcbb}.c{fill:#eceff4;font-weight:600}</style>"
			printf "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#20242c\"/>\n", w, h
			for (i = 0; i < 3; i++)
				printf "<circle cx=\"%d\" cy=\"18\" r=\"5\" fill=\"#4c566a\"/>\n", 20 + i * 18
			for (i = 1; i <= NR; i++) {
				y = top + i * step - 6
				if (line[i] ~ /^\$ /)
					printf "<text x=\"%d\" y=\"%d\" xml:space=\"preserve\"><tspan class=\"p\">$ </tspan><tspan class=\"c\">%s</tspan></text>\n",
						left, y, escape(substr(line[i], 3))
				else
					printf "<text x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", left, y, escape(line[i])
			}
			print "</svg>"
		}'
}

block console | transcript | draw >"$sandbox/transcript.svg"
if [ "${1-}" = --write ]; then
	cp "$sandbox/transcript.svg" "$top/man/transcript.svg"
fi
cmp "$sandbox/transcript.svg" "$top/man/transcript.svg" || {
	echo 'man/transcript.svg is not what happens: make transcript'
	exit 1
}
echo 'the picture is current'
