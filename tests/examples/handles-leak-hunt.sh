#!/bin/bash
# A leak hunt: a server leaves one file open for each request; who, what, and how fast?
set -eu
fifo=$(mktemp -u)
mkfifo "$fifo" "$fifo.reply"
bash -c 'while read -r _; do exec {fd}</etc/passwd; echo done; done <"$1" >"$1.reply"' server "$fifo" &
server=$!
exec 9>"$fifo" 8<"$fifo.reply"
rm "$fifo" "$fifo.reply"
trap 'exec 9>&-; wait "$server"; rm -f "$fifo.before"' EXIT

pk-handles --json "$server" >"$fifo.before"
for _ in 1 2 3 4 5; do
	echo request >&9
	read -r _ <&8
done

# What has grown since? The status is 1: a finding.
status=0
growth=$(pk-handles --diff "$fifo.before" "$server") || status=$?
echo "$growth"
[ "$status" -eq 1 ]
[[ $growth == "+5 "*"file"*"/etc/passwd"* ]]

# The same as a check for monitoring.
if pk-handles -q --summary --max-fds 5 "$server"; then exit 1; fi

# What keeps the server alive: it reads a FIFO.
pk-handles --why "$server" | grep 'waits in read on descriptor 0, fifo'
