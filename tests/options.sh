#!/bin/bash
# options.sh BIN TOOL...: --help, the man page and the bash, zsh and fish completions of each tool list the same
# options. Prints every option that one of them lacks. The help is the reference: the option table makes it.
# shellcheck disable=SC2317
bin=$1
shift
status=0

# Option lines look like "  -t, --timeout DUR   text", "      --events DEST  text" or "  -0   text". A tool with verbs
# lists them below "Verbs:" and has a help for each.
help_of() {
	local verb
	"$bin/$1" --help
	"$bin/$1" --help | awk '/^Verbs:/ { on = 1; next } on && !/^  / { exit } on { print $1 }' | while read -r verb; do
		"$bin/$1" "$verb" --help
	done
}
from_help() {
	help_of "$1" | awk '/^ ? ? ? ? ? ? ?-/ {
		for (i = 1; i <= NF && $i ~ /^-/; i++) {
			option = $i
			sub(/[=[,].*/, "", option)
			print option
		}
	}'
}

# ".It Fl t , Fl -timeout Ar DUR", ".It Fl -events Ns = Ns Ar DEST", and the lines of ".It Xo ... .Xc".
from_man() {
	awk '
		/^\.It Xo/ { extended = 1 }
		/^\.It / || extended {
			for (i = 1; i < NF; i++)
				if ($i == "Fl" || $i == ".Fl")
					print "-" $(i + 1)
		}
		/^\.Xc/ { extended = 0 }' "man/$1.1"
}

# What bash itself offers after "TOOL -" and "TOOL --", and after each verb.
from_bash() {
	{ echo ""; help_of "$1" | awk '/^Verbs:/ { on = 1; next } on && !/^  / { exit } on { print $1 }'; } | while read -r verb; do
		bash --norc -c '
			tool=$1 verb=$2
			[ ! -r /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion
			. "completions/bash/$tool" || exit
			function=$(complete -p "$tool" | sed -n "s/.* -F \([^ ]*\).*/\1/p")
			for word in - --; do
				COMP_WORDS=("$tool" ${verb:+"$verb"} "$word") COMP_LINE="$tool ${verb:+$verb }$word" COMPREPLY=()
				COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE}
				"$function" "$tool" "$word" "${verb:-$tool}" 2>/dev/null
				printf "%s\n" "${COMPREPLY[@]}"
			done' bash "$1" "$verb" | sed 's/[= ].*//' | grep '^-'
	done
}

# The specifications of _arguments: {-t,--timeout=}, '(-q)-v[...', --events'[...'. Exclusions, descriptions and actions
# are passed over.
from_zsh() {
	local file=completions/zsh/_$1 option='--?[A-Za-z0-9][A-Za-z0-9-]*'
	{
		grep -v '^[[:space:]]*#' "$file" | grep -oE "[{][*]?-[^{}]*[}]" | sed 's/[{},]/\n/g'
		grep -v '^[[:space:]]*#' "$file" | grep -oE "(^|[[:space:]])[\"']([(][^)]*[)])?[*]?${option}[=+]?-?[][\"':]" |
			sed -E "s/^[[:space:]]*[\"']([(][^)]*[)])?//"
		grep -v '^[[:space:]]*#' "$file" | grep -oE "(^|[[:space:]])--[a-z][a-z-]*=?[\"'[]"
	} | grep -oE -- "$option" | sed -E 's/(.[^-])-$/\1/'
}

from_fish() {
	grep -E '^[[:space:]]*complete ' "completions/fish/$1.fish" | tr -d "\"'" | awk '{
		for (i = 1; i <= NF; i++) {
			sub(/^--short-option$/, "-s", $i)
			sub(/^--long-option$/, "-l", $i)
			if ($i ~ /^--(short|long)-option=/) {
				name = $i
				sub(/^[^=]*=/, "", name)
				print ($i ~ /^--short/ ? "-" : "--") name
			}
			if ($i == "-s" || $i == "-l")
				print ($i == "-s" ? "-" : "--") $(i + 1)
			if ($i == "-d" || $i ~ /^--description/)
				break
		}
	}'
}

# compare TOOL PLACE OPTIONS
compare() {
	local tool=$1 place=$2 missing extra
	missing=$(comm -23 <(echo "$reference") <(echo "$3"))
	extra=$(comm -13 <(echo "$reference") <(echo "$3"))
	[ -z "$missing" ] || { echo "$tool: $place lacks ${missing//$'\n'/ }"; status=1; }
	[ -z "$extra" ] || { echo "$tool: only $place has ${extra//$'\n'/ }"; status=1; }
}

export LC_ALL=C
for tool; do
	reference=$(from_help "$tool" | grep -vxE -- '--?' | sort -u)
	[ -n "$reference" ] || { echo "$tool: --help lists no option"; status=1; continue; }
	for place in man bash zsh fish; do
		compare "$tool" $place "$("from_$place" "$tool" | grep -vxE -- '--?' | sort -u)"
	done
done
exit $status
