#!/bin/bash
# jsonl-verbs.sh: run every example of the help of each verb of pk-jsonl.
# shellcheck disable=SC1091
. "${BASH_SOURCE%/*}/sandbox.bash"
cp job ship
for i in 1 2 3; do
	pk-jsonl append log.jsonl level=error i:="$i" msg='timed out'
done
cp log.jsonl records.jsonl
pk-jsonl append access.jsonl 'http:={"status":500}'
pk-jsonl append e.jsonl event=ready type=exit exit_code:=1 elapsed_ms:=3 command=x
echo '{"name": "x"}' >package.json

verbs=$(pk-jsonl --help | awk '/^Verbs:/ { on = 1; next } on && !/^  / { exit } on { print $1 }')
for verb in $verbs; do
	found=0
	while IFS= read -r example; do
		found=$((found + 1))
		if [[ $example == *--dry-run* ]]; then
			echo torn >>log.jsonl
			example="$example || [ \$? = 1 ]"
		fi
		run_example "$example"
	done < <(pk-jsonl "$verb" --help | sed -n '/^Examples:/,/^$/s/^  \(.*[^ ]\)$/\1/p')
	[ $found -gt 0 ] || { echo "pk-jsonl $verb --help: no example"; examples_failed=$((examples_failed + 1)); }
done
finish_examples 'pk-jsonl VERB --help'
