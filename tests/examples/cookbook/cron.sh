#!/bin/bash
# A cron job that never overlaps itself, tries again, keeps a log, and calls for help after three bad nights.
. "${BASH_SOURCE%/*}/recipe.bash"
stub backup <<'STUB'
#!/bin/sh
echo try >>tries
exit 7
STUB
stub call-for-help <<'STUB'
#!/bin/sh
echo help >>help
STUB
cat >nightly <<'SCRIPT'
# recipe
status=0
pk-retry -q -l backup.lock -w 0 -n 3 -d 1m -m 10m -j full -t 1h -- ./backup || status=$?
[ $status -ne 75 ] || exit 0            # the last one is still at it
pk-jsonl append --max-size 1M runs.jsonl job=backup status:=$status
bad=$(tail -n 3 runs.jsonl | pk-jsonl count -w 'status!=0') || true
[ "$bad" -lt 3 ] || ./call-for-help
# end
SCRIPT
hurry nightly "s/-d 1m/-d 10ms/"
for _ in 1 2 3; do
	expect 'no call before the third night' [ ! -e help ]
	bash nightly
done
expect 'three attempts a night' [ "$(wc -l <tries)" -eq 9 ]
expect 'a call after the third' [ "$(wc -l <help)" -eq 1 ]
expect 'a record a night' [ "$(pk-jsonl count -w 'status=7' runs.jsonl)" -eq 3 ]

# Another one holds the lock: nothing is run, nothing is recorded.
flock backup.lock bash nightly
expect 'no overlap' [ "$(wc -l <tries)" -eq 9 ]
