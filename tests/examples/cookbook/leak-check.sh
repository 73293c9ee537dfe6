#!/bin/bash
# Fail a CI job when a server leaks descriptors: a snapshot, some requests, and what has grown since.
. "${BASH_SOURCE%/*}/recipe.bash"
mkfifo request reply
# It leaves a file open for each request.
bash -c 'while read -r _; do exec {fd}</etc/passwd; echo done; done <request >reply' &
pid=$!
started+=("$pid")
exec 8>request 9<reply
stub ask <<'STUB'
#!/bin/bash
echo request >&8
read -r _ <&9
STUB
stub check <<'SCRIPT'
#!/bin/bash
pid=$1
# recipe
pk-handles -j "$pid" >before
for _ in {1..20}; do ./ask; done
pk-handles --diff before --min-growth 10 "$pid"
# end
SCRIPT
status=0
./check $pid >report || status=$?
cat report
expect 'a finding' [ $status -eq 1 ]
expect 'by name' grep -q '^+20 .*/etc/passwd' report
exec 8>&- 9<&-
wait $pid || true
