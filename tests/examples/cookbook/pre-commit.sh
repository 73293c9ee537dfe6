#!/bin/bash
# A pre-commit hook: every linter at once, none longer than twenty seconds, one summary, and only the failed ones' output.
. "${BASH_SOURCE%/*}/recipe.bash"
mkdir lint.d
stub lint.d/style <<'STUB'
#!/bin/sh
echo 'style: fine'
STUB
stub lint.d/spelling <<'STUB'
#!/bin/sh
echo 'spelling: teh'
exit 1
STUB
stub lint.d/slow <<'STUB'
#!/bin/sh
echo 'slow: begun'
exec sleep 60
STUB
stub pre-commit <<'SCRIPT'
#!/bin/bash
# recipe
pk-spawn -j 0 -t 20s -k 1s -o failed --tag -- {} ::: lint.d/*
# end
SCRIPT
hurry pre-commit 's/-t 20s/-t 500ms/'
status=0
./pre-commit >report 2>&1 || status=$?
cat report
expect 'no commit' [ $status -eq 123 ]
expect 'why' grep -q 'spelling: teh' report
expect 'nothing about the good one' [ "$(grep -c 'style: fine' report)" -eq 0 ]
expect 'a time limit' grep -q 124 report
