#!/bin/bash
# One deadline for a whole CI job: whatever hangs, however deep below sh and make, is found by the innermost tool, which
# says so, and the job ends in time.
. "${BASH_SOURCE%/*}/recipe.bash"
cat >Makefile <<'MAKE'
test:
	@pk-spawn -- ./hangs
MAKE
stub hangs <<'STUB'
#!/bin/sh
exec sleep 1000
STUB
stub ci.sh <<'STUB'
#!/bin/bash
set -e
pk-atomic-write built -- echo done
pk-retry -n 3 -- make -s test
echo 'never here'
STUB
stub job <<'SCRIPT'
#!/bin/bash
# recipe
PK_DEADLINE=+25m exec pk-spawn -- ./ci.sh
# end
SCRIPT
hurry job s/25m/1s/
began=${EPOCHREALTIME/[.,]/}
status=$(PK_EVENTS=$PWD/events status_of ./job 2>log)
took=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
expect 'it has ended' [ "$status" -ne 0 ]
expect "in time ($took ms)" [ $took -lt 1500 ]
expect 'what was done before the hang is done' [ "$(cat built)" = 'done' ]
limit=$(pk-jsonl filter -m 1 -w event=timeout events)
expect 'the innermost says so first' grep -q '"tool":"pk-spawn".*"kind":"inherited"' <<<"$limit"
inner=$(pk-jsonl filter -w event=start -w command=./hangs -s run -o raw events)
expect 'that one' grep -q "\"run\":\"$inner\"" <<<"$limit"
expect 'and it alone' [ "$(pk-jsonl count -w event=timeout events)" -eq 1 ]
