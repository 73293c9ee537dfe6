#!/bin/bash
# Is a service fit for production? Six questions: is its start fast, is it started before its clients, does it handle TERM and
# INT, does it close what it opens, does it end with the right status, are its children gone?
. "${BASH_SOURCE%/*}/recipe.bash"
command -v jq >/dev/null || skip 'no jq'
stub server <<'STUB'
#!/bin/bash
(trap '' TERM; exec sleep 60) &
child=$!
echo ready
trap 'kill -KILL $child; exit 0' TERM INT
while :; do read -rt 1 <>.never; done
STUB
stub ask <<'STUB'
#!/bin/sh
exit 0
STUB
stub check <<'SCRIPT'
#!/bin/bash
# recipe
pk-spawn -q --events run.jsonl --ready line:^ready --ready-file up -k 1s -- ./server >/dev/null &
server=$!
pk-spawn -q --wait-for file:up --ready-timeout 30s -- true || exit
pid=$(jq 'select(.event == "start").command_pid' run.jsonl)
pk-handles -q -s --require-handler TERM,INT "$pid" >/dev/null || echo 'TERM or INT is not handled'
pk-handles -j "$pid" >before
for _ in {1..20}; do ./ask; done
pk-handles --diff before --min-growth 10 "$pid" || echo 'it does not close what it opens'
kill -TERM $server
wait $server || echo "it ends with $? when it is asked to stop"
jq -r 'select(.event == "ready") | "ready after \(.elapsed_ms) ms"' run.jsonl
jq -r 'select(.event == "exit" and (.orphans > 0 or .killed)) | "it leaves children, or had to be killed"' run.jsonl
# end
SCRIPT
./check >report
cat report
expect 'a time to readiness' grep -q '^ready after [0-9]' report
expect 'no complaint' [ "$(wc -l <report)" -eq 1 ]
rm run.jsonl
sed -i 's/kill -KILL $child; exit 0/exit 3/' server
./check >report
cat report
expect 'a wrong status' grep -q 'it ends with 3' report
expect 'a child left' grep -q 'it leaves children' report
