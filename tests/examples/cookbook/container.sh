#!/bin/bash
# The first process of a container: migrations once, then the server; signals passed on, zombies reaped, no orphan.
. "${BASH_SOURCE%/*}/recipe.bash"
unshare -Urpf --mount-proc true 2>/dev/null || skip 'no user namespaces'
stub migrate <<'STUB'
#!/bin/sh
echo try >>migrations
[ "$(wc -l <migrations)" -ge 2 ]
STUB
stub server <<'STUB'
#!/bin/bash
trap 'echo finished >>served; exit 0' TERM
echo serving >>served
while :; do read -rt 1 <>.never; done
STUB
stub entrypoint <<'SCRIPT'
#!/bin/sh -e
# recipe
pk-retry -q -n 10 -d 500ms -D 2m -- ./migrate
exec pk-spawn -k 8s -- ./server "$@"
# end
SCRIPT
hurry entrypoint s/500ms/10ms/
unshare -Urpf --mount-proc ./entrypoint &
started+=($!)
wait_until grep -q serving served
# The orchestrator's TERM goes to process 1 of the namespace: the only child of unshare.
kill -TERM "$(cat "/proc/$!/task/$!/children")"
status=0; ended $!
expect 'the status of a server that ended well' [ "$status" -eq 0 ]
expect 'it was asked to finish' grep -q finished served
expect 'the migration was tried again' [ "$(wc -l <migrations)" -eq 2 ]
