#!/bin/bash
# Eight workers call one API. When it is down three calls find out, and the rest leave it alone.
. "${BASH_SOURCE%/*}/recipe.bash"
stub call-api <<'STUB'
#!/bin/sh
echo call >>calls
exit 7
STUB
stub worker <<'SCRIPT'
#!/bin/bash
# recipe
pk-retry -q -n 4 -d 1s -b api.breaker --breaker-threshold 3 -- ./call-api
status=$?
[ $status -ne 75 ] || echo 'the API is down, not asked' >&2
# end
echo $status >>statuses
SCRIPT
hurry worker s/1s/10ms/
for _ in 1 2 3 4 5 6 7 8; do
	./worker 2>/dev/null &
	started+=($!)
done
wait
expect 'calls that were under way together, no more' [ "$(wc -l <calls)" -le 11 ]
expect 'an open circuit' grep -q '"state":"open"' api.breaker
before=$(wc -l <calls)
expect 'nobody asks now' [ "$(status_of pk-retry -q -b api.breaker -- ./call-api)" -eq 75 ]
expect 'really' [ "$(wc -l <calls)" -eq "$before" ]
