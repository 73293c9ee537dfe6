#!/bin/bash
# A unit of Type=notify around a program that knows nothing of it: READY=1 is sent when the port is open, STOPPING=1 before
# TERM is passed on.
. "${BASH_SOURCE%/*}/recipe.bash"
command -v python3 >/dev/null || skip 'no python3'
PORT=$(free_port)
export PORT
# The service manager's side of the protocol.
stub manager <<'STUB'
#!/usr/bin/env python3
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(os.getcwd() + "/notify")
child = subprocess.Popen(sys.argv[1:], env=dict(os.environ, NOTIFY_SOCKET=os.getcwd() + "/notify"))
s.settimeout(20)
heard = []
while "READY=1" not in heard:
    heard += s.recv(4096).decode().split("\n")
socket.create_connection(("127.0.0.1", int(os.environ["PORT"]))).close()
child.terminate()
while "STOPPING=1" not in heard:
    heard += s.recv(4096).decode().split("\n")
child.wait()
print([h for h in heard if h in ("READY=1", "STOPPING=1")])
STUB
stub unit <<'SCRIPT'
#!/bin/bash
# recipe
exec pk-spawn --ready "tcp:$PORT" -- python3 -m http.server --bind 127.0.0.1 "$PORT"
# end
SCRIPT
expect 'both words in order' [ "$(./manager ./unit 2>/dev/null | tail -n 1)" = "['READY=1', 'STOPPING=1']" ]
