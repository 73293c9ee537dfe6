#!/bin/bash
# Save a file, and the server is replaced by a new one, once the old one and all of its children are gone; a browser is told
# to reload only when the new one listens.
. "${BASH_SOURCE%/*}/recipe.bash"
command -v python3 >/dev/null || skip 'no python3'
PORT=$(free_port)
export PORT
mkdir src
echo one >src/page
stub reload-browser <<'STUB'
#!/bin/sh
echo reload >>reloads
exec sleep 60
STUB
stub serve <<'SCRIPT'
#!/bin/bash
# recipe
exec pk-watch -r src -- pk-spawn -q --service 'exec python3 -m http.server -d src --bind 127.0.0.1 $PORT' \
	--ready "tcp:$PORT" -- ./reload-browser
# end
SCRIPT
fetch() {
	exec 3<>"/dev/tcp/127.0.0.1/$PORT"
	printf 'GET /page HTTP/1.0\r\n\r\n' >&3
	cat <&3
}
PK_EVENTS=$PWD/events ./serve 2>/dev/null &
started+=($!)
wait_until grep -q reload reloads
for i in 2 3 4; do
	echo "edit $i" >src/page.new
	mv src/page.new src/page
	wait_until bash -c "[ \"\$(grep -c reload reloads)\" -ge $i ]"
	expect 'the new server' grep -q "edit $i" <(fetch)
done
kill -TERM "${started[0]}"
ended "${started[0]}"
expect 'nobody was ever in the way of the port' [ "$(grep -c '"event":"exit".*"exit_code":123' events)" -eq 0 ]
