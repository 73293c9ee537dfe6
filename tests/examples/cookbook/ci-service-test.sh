#!/bin/bash
# Start a server, wait until it really listens, run the test against it, and stop the server whatever happens. The status is
# the test's.
. "${BASH_SOURCE%/*}/recipe.bash"
command -v python3 >/dev/null || skip 'no python3'
PORT=$(free_port)
export PORT
stub integration-test <<'STUB'
#!/bin/bash
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
printf 'GET /answer HTTP/1.0\r\n\r\n' >&3
grep -q 42 <&3 && exit "${1-0}"
STUB
echo 42 >answer
stub ci <<'SCRIPT'
#!/bin/bash
# recipe
pk-spawn -D 10m --service 'exec python3 -m http.server --bind 127.0.0.1 $PORT' \
	--ready "http://127.0.0.1:$PORT/" -- ./integration-test "$@"
# end
SCRIPT
expect 'a passed test' [ "$(status_of ./ci)" -eq 0 ]
expect 'a failed one' [ "$(status_of ./ci 7)" -eq 7 ]
expect 'the port is free again' [ "$(status_of bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT")" -ne 0 ]
