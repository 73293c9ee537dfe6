#!/bin/bash
# cookbook.sh: run every recipe of cookbook/, and see that pk-cookbook(7) shows just its lines.
top=${PK_TOP:-$PWD}
here=$top/tests/examples/cookbook
passed=0 failed=0
fail() {
	echo "not ok  $*"
	failed=$((failed + 1))
}

# The lines between the marks of one script.
lines_of() {
	sed -n '/^# recipe$/,/^# end$/{//!p}' "$1"
}

# The displays of the page, each behind a line with its script's name.
shown() {
	awk '
		function plain(text) {
			gsub(/\\-/, "-", text)
			gsub(/\\\(aq/, "\047", text)
			gsub(/\\\(dq/, "\"", text)
			gsub(/\\\(ti/, "~", text)
			gsub(/\\\(ha/, "^", text)
			gsub(/\\\(ga/, "`", text)
			gsub(/\\e/, "\\", text)
			gsub(/^\\&/, "", text)
			return text
		}
		/^\.Ss / { sub(/^\.Ss /, ""); title = $0 }
		/^\.\\" / { script = $2 }
		/^\.Bd / { display = 1; next }
		/^\.Ed/ { display = 0 }
		display && script == wanted { print plain($0) }' wanted="$1" "$top/man/pk-cookbook.7"
}

for script in "$here"/*.sh; do
	name=${script##*/}
	name=${name%.sh}
	began=${EPOCHREALTIME/./}
	if ! output=$(timeout -k 1 60 bash "$script" 2>&1 </dev/null); then
		fail "$name"
		printf '%s\n' "$output" | sed 's/^/  | /'
	elif [ -z "$(lines_of "$script")" ] || ! diff <(lines_of "$script") <(shown "$name"); then
		fail "$name: pk-cookbook(7) shows other lines"
	else
		echo "ok      $name ($(((${EPOCHREALTIME/./} - began) / 1000)) ms)${output:+: ${output##*$'\n'}}"
		passed=$((passed + 1))
	fi
done
for name in $(sed -n 's/^\.\\" \([a-z-]*\)$/\1/p' "$top/man/pk-cookbook.7"); do
	[ -e "$here/$name.sh" ] || fail "$name: no such recipe"
done
echo "cookbook: $passed recipes work, $failed do not"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
