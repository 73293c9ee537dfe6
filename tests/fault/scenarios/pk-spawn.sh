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
# --idle (a splice), --max-output and --spill; lost output is 125 and a line.
scenario idle 0 --proof done -- -I 10s -- sh -c 'echo out; : > done'
scenario silent 124 --lines 2 -- -I 50ms -k 50ms -- sh -c 'echo out; sleep 30'
scenario relay 3 --lines 2 -- -m 1K -- sh -c 'seq 2000; seq 2000 >&2; exit 3'
scenario spill 0 --lines 2 --files copy --proof done -- -m 100 --spill copy -- sh -c 'seq 2000; : > done'
# Services and readiness; what befell the run and an own failure after it are two lines.
scenario ready 0 --lines 2 --proof done -- --ready line:up -- sh -c 'echo up; : > done'
scenario service 3 --lines 3 -- --service 'echo >&9; exec sleep 30' --ready fd:9 -- sh -c 'exit 3'
scenario fallen 123 --lines 3 -- --service 'exit 1' --ready fd:9 -- true
scenario await 75 --lines 2 -- --ready-timeout 30ms --wait-for file:none -- true
scenario lock 0 --lines 2 --files l --proof done -- -l l -- sh -c ': > done'
scenario slots 0,125 --lines 2 --files s,s.1,s.2 --proof done -- -l s --slots 2 -- sh -c ': > done'

# A pool: items are words, jobs leave the files 1 and 2.
scenario pool 0 --roles front,guard --files 1,2 --proof 2 -- -j2 -- sh -c ': > $0' ::: 1 2
scenario pool-raw 0 --roles front,guard --files 1,2 --proof 2 -- -j2 -o raw -- sh -c ': > $0' ::: 1 2
scenario pool-failed 123 --roles front,guard --lines 2 -- -j2 -o keep -- sh -c 'exit $0' ::: 0 3
scenario pool-leftover 0 --roles front,guard -- -j1 -- sh -c 'setsid sleep 30 & echo x' ::: 1 2
scenario pool-results 0 --roles front,guard --files results -- -j1 -r results --capture 64 -- echo ::: 1 2
scenario pool-halt 5 --roles front,guard --lines 2 -- -j2 --fail-fast -- sh -c '[ $0 = 9 ] && exec sleep 30; exit $0' ::: 9 5
