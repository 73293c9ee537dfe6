#!/bin/bash
# Put a configuration in place only if it is valid and new, reload, and go back when the service is not healthy.
. "${BASH_SOURCE%/*}/recipe.bash"
stub render <<'STUB'
#!/bin/sh
cat wanted
STUB
stub reload <<'STUB'
#!/bin/sh
cp app.conf loaded
STUB
stub healthy <<'STUB'
#!/bin/sh
! grep -q bad loaded
STUB
stub deploy <<'SCRIPT'
#!/bin/bash
# recipe
status=0
./render | pk-atomic-write -n -u -b --unchanged-status 99 --check 'grep -q ^port=' app.conf || status=$?
case $status in
0) ./reload ;;
99) exit 0 ;;                            # nothing new
*) exit $status ;;                       # invalid: app.conf is untouched
esac
pk-retry -q -n 5 -d 1s -- ./healthy && exit
pk-atomic-write app.conf <app.conf~ && ./reload
exit 1
# end
SCRIPT
hurry deploy 's/-d 1s/-d 10ms/'
echo port=1 | tee app.conf loaded >/dev/null
echo port=2 >wanted
expect 'a good one is deployed' [ "$(status_of ./deploy)" -eq 0 ]
expect 'and loaded' grep -q port=2 loaded
before=$(stat -c %i app.conf)
expect 'the same again does nothing' [ "$(status_of ./deploy)" -eq 0 ]
expect 'not even to the file' [ "$(stat -c %i app.conf)" -eq "$before" ]
echo nonsense >wanted
expect 'an invalid one is refused' [ "$(status_of ./deploy)" -eq 123 ]
expect 'with the file untouched' grep -q port=2 app.conf
printf 'port=3\nbad\n' >wanted
expect 'a bad one is taken back' [ "$(status_of ./deploy)" -eq 1 ]
expect 'to the last good one' grep -q port=2 app.conf loaded
