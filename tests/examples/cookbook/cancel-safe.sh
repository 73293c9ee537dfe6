#!/bin/bash
# A CI step that cleans up when it is cancelled. GitHub sends INT, waits 7.5 s, sends TERM, waits 2.5 s and kills: a grace
# period of 5 s ends well before that, and nothing is left for the next job on the machine.
. "${BASH_SOURCE%/*}/recipe.bash"
stub integration-test <<'STUB'
#!/bin/bash
setsid sleep 60 &
echo $! >daemon
trap '' TERM
echo running >running
while :; do read -rt 1 <>.never; done
STUB
stub step <<'SCRIPT'
#!/bin/bash
# recipe
exec pk-spawn -t 20m -k 5s -- ./integration-test
# end
SCRIPT
hurry step 's/-k 5s/-k 300ms/'
env --default-signal=INT ./step & # a background job of a script ignores INT
started+=($!)
wait_until [ -s running ]
kill -INT $!
status=0; ended $!
expect 'the end of a cancelled step' [ "$status" -gt 128 ]
expect 'no daemon is left' [ ! -e "/proc/$(cat daemon)" ]
