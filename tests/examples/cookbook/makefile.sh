#!/bin/bash
# A Makefile whose tests run side by side within make's own -j, never longer than a minute each, silent when all is well,
# and with the whole output of those that fail.
. "${BASH_SOURCE%/*}/recipe.bash"
mkdir tests
for i in 1 2 3 4 5 6 7 8; do
	stub tests/$i.sh <<-STUB
		#!/bin/sh
		echo "testing $i"
		mkdir running.$i
		ls -d running.* | wc -l >>most
		[ $i -ne 5 ] || echo 'five is wrong'
		rmdir running.$i
		[ $i -ne 5 ]
	STUB
done
cat >Makefile <<'MAKEFILE'
# recipe
check:
	+@pk-spawn -j 8 -t 1m -o failed --tag -- {} ::: tests/*.sh
# end
MAKEFILE
status=0
make -j3 check >report 2>&1 || status=$?
expect 'make fails' [ $status -eq 2 ]
expect 'the output of the failed one' grep -q 'five is wrong' report
expect 'nothing of the others' [ "$(grep -c testing report)" -eq 1 ]
expect "never more than make's three" [ "$(sort -n most | tail -n 1)" -le 3 ]
