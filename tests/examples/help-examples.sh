#!/bin/bash
# help-examples.sh: run every example of every tool's --help.
# shellcheck disable=SC1091
top=${PK_TOP:-$PWD}
. "${BASH_SOURCE%/*}/sandbox.bash"

for page in "$top"/man/pk-*.1; do
	tool=${page##*/}
	tool=${tool%.1}
	found=0
	while IFS= read -r example; do
		found=$((found + 1))
		run_example "$example"
	# Behind two blanks or more comes an explanation.
	done < <("$tool" --help | sed -n '/^Examples:/,/^$/s/^  \(.*[^ ]\)$/\1/p' | sed 's/   *.*//')
	[ $found -gt 0 ] || { echo "$tool --help: no example"; examples_failed=$((examples_failed + 1)); }
done
finish_examples 'help'
