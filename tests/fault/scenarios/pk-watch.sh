# shellcheck shell=bash disable=SC1010,SC2016
# What pk-watch promises, as runs of the torture. A run of the command leaves the file `done`.

scenario tick 0 --proof done -- -1 --every 10ms -- sh -c ': > done'
scenario status 7 --chatty -- -1 --every 10ms -- sh -c 'exit 7'
scenario failure 3 --chatty -- --exit-on-error . -- sh -c 'exit 3'
scenario own 5 --chatty --files f,g --proof done -- --exit-on-error . -- sh -c 'if [ -e f ]; then : > done; exit 5; fi; echo > f'
scenario leftover 4 --chatty -- --exit-on-error . -- sh -c 'setsid sleep 30 & exit 4'
scenario timeout 124 --chatty -- --exit-on-error -t 30ms -k 30ms . -- sh -c 'trap "" TERM; sleep 30'
scenario idle 124 -- -I 30ms .
scenario not-found 127 --chatty -- . -- ./no-such-program
scenario nowhere 125 -- nowhere
scenario poll 124 -- --poll 10ms -I 40ms .
scenario events 7 --chatty --files events -- --events events -1 --every 10ms -- sh -c 'exit 7'
