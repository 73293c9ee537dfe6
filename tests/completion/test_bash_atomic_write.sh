#!/bin/bash
# pk-atomic-write's bash completion as a function: options, FILE, then -- and what the command itself completes.
# shellcheck disable=SC1091,SC2317
export LC_ALL=C
top=${PK_TOP:-$PWD}
. "$top/completions/bash/pk-atomic-write"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
touch 'a file' a-file plain
passed=0 failed=0

# What bash would put into COMP_WORDS: blanks part words, and so do = and :.
offered() {
	local rest=$1
	COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() COMPREPLY=()
	while [ -n "$rest" ]; do
		if [[ $rest =~ ^[[:space:]]+(.*)$ ]]; then
			rest=${BASH_REMATCH[1]}
			[ -n "$rest" ] || COMP_WORDS+=('')
		elif [[ $rest =~ ^([=:]+)(.*)$ || $rest =~ ^([^=:[:space:]]+)(.*)$ ]]; then
			COMP_WORDS+=("${BASH_REMATCH[1]}")
			rest=${BASH_REMATCH[2]}
		fi
	done
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_pk_atomic_write pk-atomic-write "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
	(IFS=,; echo "${COMPREPLY[*]}")
}

# offers TITLE LINE WANTED: what is offered for the line, separated by commas.
offers() {
	local got
	got=$(offered "$2")
	if [ "$got" = "$3" ]; then
		passed=$((passed + 1))
		echo "ok $((passed + failed)) - $1"
	else
		failed=$((failed + 1))
		echo "not ok $((passed + failed)) - $1"
		echo "# $2: wanted $3, got $got"
	fi
}

_command_offset() { COMPREPLY=("old $1"); }
offers 'options that begin alike' 'pk-atomic-write --if' '--if-changed,--if-match'
offers 'an option that has only one name' 'pk-atomic-write --unch' '--unchanged-status'
offers 'how durable' 'pk-atomic-write --sync ' 'full,file,none'
offers 'how durable, behind =' 'pk-atomic-write --sync=f' 'full,file'
offers 'signals by name' 'pk-atomic-write -s TE' 'TERM'
offers 'words that are no hash' 'pk-atomic-write --if-match=' 'none,any'
offers 'nothing for a duration' 'pk-atomic-write -w ' ''
offers 'FILE, with blanks in its name' 'pk-atomic-write -u a' 'a file,a-file'
offers 'FILE behind an option and its value' 'pk-atomic-write -m 644 pl' 'plain'
offers 'FILE behind letters in a row, the last with a value' 'pk-atomic-write -unm 644 pl' 'plain'
offers 'FILE behind --' 'pk-atomic-write -- pl' 'plain'
offers 'a suffix joined to -b takes no word' 'pk-atomic-write -b.bak pl' 'plain'
offers 'behind FILE comes --' 'pk-atomic-write plain ' '--'
offers 'behind FILE -- all is the command' 'pk-atomic-write -e plain -- git lo' 'old 4'
offers 'its name too' 'pk-atomic-write plain -- gi' 'old 3'
offers 'a word with = before it counts as bash counts' 'pk-atomic-write --if-match=none plain -- gi' 'old 6'
echo "$passed passed, $failed failed"
[ $failed = 0 ]
