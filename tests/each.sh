#!/bin/sh
# each.sh WHAT SCRIPT...: run every script, then print "N passed, N failed".
what=$1
shift
if [ $# -eq 0 ]; then
	echo "make $what: there is no script to run" >&2
	exit 2
fi
passed=0 failed=0
for script; do
	echo "== $script"
	if bash "$script" </dev/null; then
		passed=$((passed + 1))
	else
		echo "not ok  $script (status $?)"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
