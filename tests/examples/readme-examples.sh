#!/bin/bash
# readme-examples.sh: run the README's recipes (each paragraph of its sh blocks) and its transcripts (console blocks),
# whose output has to be what is printed there.
# shellcheck disable=SC1091,SC2034
top=${PK_TOP:-$PWD}
. "${BASH_SOURCE%/*}/sandbox.bash"

recipe=
while IFS= read -r line; do
	if [ -n "$line" ]; then
		recipe+=$line$'\n'
	elif [ -n "$recipe" ]; then
		run_example "$recipe"
		recipe=
	fi
done < <(block sh)

rm -f run.jsonl
if command -v jq >/dev/null; then
	if diff <(block console | sed '/^$/d') <(block console | transcript); then
		examples_passed=$((examples_passed + 1))
	else
		echo 'the transcript of README.md is not what happens'
		examples_failed=$((examples_failed + 1))
	fi
fi
finish_examples 'README'
