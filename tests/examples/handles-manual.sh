#!/bin/bash
# The examples of pk-handles(1).
set -eu
cd "$(mktemp -d)"
trap 'rm -r "$PWD"' EXIT
pk-handles $$ >list
grep -q ' process ' list
pk-handles --why $$ >why
pk-handles -p -k tcp,unix,pipe $$ >peers
status=0
pk-handles -s --all --max-percent 80 >/dev/null 2>&1 || status=$?
[ "$status" -le 1 ]
pk-handles -j $$ >before
exec 9</dev/null
status=0
pk-handles --diff before $$ >growth || status=$?
[ "$status" -eq 1 ]
grep -q /dev/null growth
pk-handles --error-exitcode 9 -- true
pk-handles --trend -i 10ms -n 20 $$ >trend
grep -q 'fds: steady' trend
