#!/bin/bash
# A server that is busy twice and says for how long, asked by curl; then one that does not have the page.
# PK_HELPERS has the server; without it or curl there is nothing to show.
set -eu
httpd=${PK_HELPERS-}/httpd
if [ ! -x "$httpd" ] || ! command -v curl >/dev/null; then
	echo 'skipped: no server or no curl'
	exit 0
fi
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT

serve() {
	mkfifo "$dir/port.$1"
	"$httpd" "${@:2}" >"$dir/port.$1" &
	server=$!
	read -r port <"$dir/port.$1"
}
fetch() { pk-retry -d 10ms -H 9 -- curl -fsS --noproxy '*' -D /dev/fd/9 "$@"; }

serve 1 503:0.1s 429:0 200:
[ "$(fetch "http://127.0.0.1:$port/" | tee /dev/stderr)" = 'request 3' ]
kill "$server"

serve 2 404: 200:
status=0
fetch "http://127.0.0.1:$port/" || status=$?
[ $status = 22 ] && echo 'a 404 is asked once'
