#!/bin/bash
# Ask the primary, else the secondary, else give the last good answer. The request is kept in a file, so that each of them
# reads all of it.
. "${BASH_SOURCE%/*}/recipe.bash"
stub ask <<'STUB'
#!/bin/sh
[ -e "$1.up" ] || { echo half an answ; exit 7; }
echo "$1 answers $(cat)"
STUB
stub answer <<'SCRIPT'
#!/bin/bash
# recipe
cat >request
for server in primary secondary; do
	pk-retry -q -n 2 -d 500ms -t 2s -- ./ask $server <request |
		pk-atomic-write -q -n last-good && break
done
cat last-good
# end
SCRIPT
hurry answer s/500ms/10ms/
: >primary.up
expect 'the primary' [ "$(echo one | ./answer)" = 'primary answers one' ]
rm primary.up
: >secondary.up
expect 'the secondary' [ "$(echo two | ./answer)" = 'secondary answers two' ]
rm secondary.up
expect 'the last good one' [ "$(echo three | ./answer)" = 'secondary answers two' ]
