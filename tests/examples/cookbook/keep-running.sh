#!/bin/bash
# Keep a service running: it is started again whatever its status, a crash loop backs off, and the breaker ends it; a
# long life makes it all forgotten.
. "${BASH_SOURCE%/*}/recipe.bash"
stub serve <<'STUB'
#!/bin/sh
echo "$PK_RETRY_ATTEMPT" >>starts
# It lives for a while the third time, and crashes from then on.
[ "$(wc -l <starts)" -ne 3 ] || sleep 0.3
# Not even a status that is not tried again elsewhere ends it.
[ "$(wc -l <starts)" -ne 2 ] || exit 127
exit "$(($(wc -l <starts) % 2))"
STUB
stub run-service <<'SCRIPT'
#!/bin/bash
# recipe
exec pk-retry -S none -r any -n inf -d 1s -m 1m --reset-after 10m -b serve.breaker -- ./serve
# end
SCRIPT
hurry run-service 's/1s/20ms/; s/1m/100ms/; s/10m/200ms/'
status=$(PK_EVENTS=$PWD/events status_of ./run-service 2>log)
expect 'the breaker has ended it' grep -q 'the circuit is open' log
expect 'with the status of the last crash, 1 for a 0' [ "$status" -eq 1 ]
expect 'three starts, and five after the long life' [ "$(tr -d '\n' <starts)" = 12312345 ]
delays=$(pk-jsonl filter -w event=delay -s delay_ms -o raw events)
expect 'delays that grow' awk 'NR == 1 { a = $1 } NR == 2 { exit $1 < a }' <<<"$delays"
expect 'and begin anew' awk 'NR == 2 { a = $1 } NR == 3 { exit $1 > a }' <<<"$delays"
# A TERM ends the service and its keeper.
rm serve.breaker events
stub serve <<'STUB'
#!/bin/sh
exec sleep 30
STUB
PK_EVENTS=$PWD/events ./run-service &
started+=($!)
wait_until event events attempt_start
kill -TERM $!
ended $!
expect 'TERM has ended both' [ "$status" -eq 143 ]
