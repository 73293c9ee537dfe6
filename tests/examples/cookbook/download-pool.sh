#!/bin/bash
# Fetch a list, eight at a time, each tried again on its own. One that cannot be had does not stop the others; with
# --fail-fast it does.
. "${BASH_SOURCE%/*}/recipe.bash"
stub fetch <<'STUB'
#!/bin/bash
echo "$1" >>tried
[ "$1" != missing ] && { [[ $1 != flaky* ]] || [ "$(grep -cx "$1" tried)" -gt 1 ]; }
STUB
{ seq -f 'file%g' 200; echo flaky1; echo missing; echo flaky2; } >list
stub all <<'SCRIPT'
#!/bin/bash
# recipe
pk-spawn -j 8 -a list -r results.jsonl -- pk-retry -q -n 3 -d 1s -- ./fetch {} || status=$?
pk-jsonl filter -w 'exit_code!=0' -s item results.jsonl
exit ${status:-0}
# end
SCRIPT
hurry all s/1s/10ms/
status=0
./all >failed || status=$?
expect 'some failed' [ $status -eq 123 ]
expect 'just one' [ "$(cat failed)" = '{"item":"missing"}' ]
expect 'after three tries' [ "$(grep -cx missing tried)" -eq 3 ]
expect 'all were tried' [ "$(pk-jsonl count results.jsonl)" -eq 203 ]
expect 'the flaky ones at last' [ "$(grep -cx flaky2 tried)" -eq 2 ]
status=0
sed -i '1i missing' list
pk-spawn -q -j 1 -a list --fail-fast -- ./fetch {} || status=$?
expect 'a fast failure' [ $status -eq 1 ]
