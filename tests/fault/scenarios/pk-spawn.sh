# shellcheck shell=bash disable=SC1010,SC2016
# What pk-spawn promises for one command, as runs of the torture. A job leaves the file `done`.
# What befell the command ("timed out", "not found") and an own failure after it are two lines.

scenario quick 0 --proof done -- -- sh -c ': > done'
scenario status 7 -- -- sh -c 'exit 7'
scenario bare 0 --roles front,guard --proof done -- touch done
scenario killed 143 -- -- sh -c 'kill -TERM $$'
scenario timeout 124 --lines 2 -- -t 50ms -k 50ms -- sh -c 'trap "" TERM; sleep 5 & wait'
scenario timeout-plain 124 --lines 2 -- -t 30ms -- sleep 30
scenario leftover 3 -- -- sh -c 'setsid sleep 30 & exit 3'
scenario daemon 0 --proof done -- -k 100ms -- sh -c '(setsid sh -c "trap : TERM; sleep 30; sleep 30" &) ; : > done'
scenario leave 0 --proof done --leave -- --orphans leave -- sh -c 'setsid sleep 30 & : > done'
scenario wait 4 --files late -- --orphans wait -- sh -c '(sleep 0.05; : > late) & exit 4'
scenario events 7 --files events -- --events events -- sh -c 'exit 7'
scenario events-timeout 124 --lines 2 --files events -- --events events -t 30ms -k 30ms -- sh -c 'trap "" TERM; sleep 30'
scenario limit 0 --proof done -- -L nofile=100 -- sh -c 'test "$(ulimit -n)" = 100 && : > done'
scenario not-found 127 --lines 2 -- -- ./no-such-program
scenario not-executable 126 --lines 2 --files plain --setup ': > plain' -- -- ./plain
scenario verbose 124 --lines 99 -- -v -t 30ms -k 30ms -- sh -c 'trap "" TERM; sleep 30'
scenario lock 0 --lines 2 --files l --proof done -- -l l -- sh -c ': > done'
scenario slots 0,125 --lines 2 --files s,s.1,s.2 --proof done -- -l s --slots 2 -- sh -c ': > done'
