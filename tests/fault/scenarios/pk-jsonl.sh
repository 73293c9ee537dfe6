# shellcheck shell=bash disable=SC1010,SC2016
# What pk-jsonl promises of its file, as runs of the torture: every whole line that was there stays, every line is a
# record, and what was acknowledged is there.

old='{"i":1}'
begin="printf '$old\\n' > log"
# Each line a record, the old one among them; a new one when the status is 0.
kept='grep -qxF '\''{"i":1}'\'' log && ! grep -vqE '\''^(\{.*\})?$'\'' log && { [ "$PK_FAULT_STATUS" != 0 ] || grep -q '\''"new"'\'' log; }'

scenario append 0 --files log,log.1 --setup "$begin" --check "$kept" -- append --no-stamp log new=1
scenario append-stamped 0 --files log,log.1 --setup "$begin" --check "$kept" -- append log new=1
scenario append-sync 0,122 --files log,log.1 --setup "$begin" --check "$kept" -- append --sync record log new=1
scenario rotate 0 --files log,log.1 --setup "$begin" --check 'cat log log.1 2>/dev/null | grep -qxF '\''{"i":1}'\' -- rotate log
scenario repair 0 --files log,log.rej,.log.pk0 --setup "printf '$old\\nbad\\n' > log" \
	--check 'cat log | grep -qxF '\''{"i":1}'\'' && cat log log.rej 2>/dev/null | grep -qx bad' -- repair -q log
scenario filter 0 --files log --setup "$begin" -- filter -w i=1 log
scenario count 0 --files log --setup "$begin" -- count --by i log
