#!/bin/bash
# The bash completion as a function: what it offers, whichever bash-completion is there, or none.
# shellcheck disable=SC1091,SC2317
export LC_ALL=C
top=${PK_TOP:-$PWD}
. "$top/completions/bash/pk-spawn"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
touch 'a file' a-file plain
mkdir bin
printf '#!/bin/sh\n' >bin/pk_alone
chmod +x bin/pk_alone
PATH=$dir/bin:$PATH
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
	_pk_spawn pk-spawn "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
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

_comp_command_offset() { COMPREPLY=("new $1"); }
_command_offset() { COMPREPLY=("old $1"); }
offers 'the command is handed to the new bash-completion' 'pk-spawn -t 5s git lo' 'new 3'
unset -f _comp_command_offset
offers 'the command is handed to the old bash-completion' 'pk-spawn -t 5s git lo' 'old 3'
offers 'its name too' 'pk-spawn -t 5s gi' 'old 3'
offers 'an empty word after an option and its value is the command' 'pk-spawn -t 5s ' 'old 3'
offers 'behind -- all is the command' 'pk-spawn -q -- --ti' 'old 3'
offers 'a word with = before it counts as bash counts' 'pk-spawn --timeout=5s git lo' 'old 4'
offers 'so do limits with : in them' 'pk-spawn -L nofile=64:128 git lo' 'old 7'
offers 'a value joined to its letter is no word of its own' 'pk-spawn -t5s git lo' 'old 2'
offers 'letters in a row take one value' 'pk-spawn -pqt 5s git lo' 'old 3'
offers 'options behind the command are not ours' 'pk-spawn git --ti' 'old 1'
offers 'nor are their values' 'pk-spawn git -s TE' 'old 1'
offers 'an option may look like a command' 'pk-spawn --events git --time' '--timeout'
unset -f _command_offset
offers 'without bash-completion the command is looked for in PATH' 'pk-spawn -q pk_al' 'pk_alone'
offers 'without bash-completion operands are files' 'pk-spawn cat pl' 'plain'

offers 'an option that has only one name' 'pk-spawn --orp' '--orphans'
offers 'options that begin alike' 'pk-spawn --events' '--events,--events-argv'
offers 'nothing for a duration' 'pk-spawn -t ' ''
offers 'signals by name' 'pk-spawn -s T' 'TRAP,TERM,TSTP,TTIN,TTOU'
offers 'signals behind =' 'pk-spawn --signal=U' 'USR1,USR2,URG'
offers 'signals behind = with nothing typed yet' 'pk-spawn --signal-to=' 'tree,main'
offers 'signals joined to the letter' 'pk-spawn -qsU' '-qsUSR1,-qsUSR2,-qsURG'
offers 'limits by name' 'pk-spawn -L ' 'as=,core=,cpu=,fsize=,nofile=,nproc=,stack='
offers 'no limit by its value' 'pk-spawn -L core=u' 'unlimited'
offers 'the sources of stdin, and files' 'pk-spawn -i pl' 'plain'
offers 'what becomes of orphans' 'pk-spawn --orphans ' 'stop,wait,leave'
offers 'files for events, with blanks in their names' 'pk-spawn --events a' 'a file,a-file'
COMP_WORDBREAKS=${COMP_WORDBREAKS//=/}
COMP_WORDBREAKS=${COMP_WORDBREAKS//:/}
COMP_LINE='pk-spawn --signal=TER' COMP_WORDS=(pk-spawn --signal=TER) COMP_CWORD=1 COMPREPLY=()
_pk_spawn pk-spawn
[ "${COMPREPLY[*]}" = '--signal=TERM' ] && passed=$((passed + 1)) || failed=$((failed + 1))
echo "$( ((failed)) && echo 'not ' )ok $((passed + failed)) - without = among the word breaks the whole word is offered"
echo "1..$((passed + failed))"
[ $failed -eq 0 ]
