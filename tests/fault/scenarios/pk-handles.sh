# shellcheck shell=bash disable=SC1010,SC2016
# What pk-handles promises, as runs of the torture. The command of run mode is traced by the tester
# already, so that pk-handles itself is refused: it runs it without a report and says so.

scenario list 0,1,3,137 --roles tool --lines 4 -- 1
scenario summary 0,1,3,137 --roles tool --lines 4 -- --summary 1
scenario why 0,1,3,137 --roles tool --lines 4 -- --why 1
scenario trend 0,1,3,137 --roles tool --lines 4 -- --trend -n 2 -i 1ms 1
scenario run 7 --lines 4 --proof done -- -- sh -c ': > done; exit 7'
scenario leftover 3 --lines 4 -- -- sh -c 'setsid sleep 30 & exit 3'
scenario not-found 127 --lines 4 -- -- ./no-such-program
