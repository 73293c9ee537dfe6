# shellcheck shell=bash disable=SC1010,SC2016
# What pk-watch promises, as runs of the torture. A run of the command leaves the file `done`.
# What befell the command and an own failure after it are two lines.

scenario tick 0 --proof done -- -1 --every 10ms -- sh -c ': > done'
scenario status 7 --lines 2 -- -1 --every 10ms -- sh -c 'exit 7'
scenario failure 3 --lines 2 -- --exit-on-error . -- sh -c 'exit 3'
scenario own 5 --lines 2 --files f,g --proof done -- --exit-on-error . -- sh -c 'if [ -e f ]; then : > done; exit 5; fi; echo > f'
scenario leftover 4 --lines 2 -- --exit-on-error . -- sh -c 'setsid sleep 30 & exit 4'
scenario timeout 124 --lines 2 -- --exit-on-error -t 30ms -k 30ms . -- sh -c 'trap "" TERM; sleep 30'
scenario idle 124 -- -I 30ms .
scenario not-found 127 --lines 2 -- . -- ./no-such-program
scenario nowhere 125 -- nowhere
scenario poll 124 -- --poll 10ms -I 40ms .
scenario events 7 --lines 2 --files events -- --events events -1 --every 10ms -- sh -c 'exit 7'
