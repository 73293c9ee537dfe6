# shellcheck shell=bash disable=SC1010,SC2016
# What pk-retry promises, as runs of the torture. A job leaves the file `done`; each line on stderr is one failed
# attempt, or the reason of an own failure.

scenario quick 0 --lines 2 --proof done -- -o pass -i inherit -- sh -c ': > done'
scenario again 0 --lines 3 --proof done -- -d 1ms -o pass -- sh -c '[ $PK_RETRY_ATTEMPT = 3 ] && : > done'
scenario exhausted 7 --lines 4 -- -d 1ms -n 3 -o pass -- sh -c 'exit 7'
scenario killed 143 --lines 3 -- -d 1ms -n 2 -o pass -- sh -c 'kill -TERM $$'
scenario timeout 124 --lines 3 -- -d 1ms -n 2 -t 30ms -k 30ms -o pass -- sh -c 'trap "" TERM; sleep 5 & wait'
scenario leftover 3 --lines 3 -- -d 1ms -n 2 -o pass -- sh -c 'setsid sleep 30 & exit 3'
scenario leave 0 --lines 2 --proof done --leave -- -o pass -- sh -c 'setsid sleep 30 & : > done'
scenario commit 0 --lines 3 --proof done -- -d 1ms -o commit -- sh -c 'echo out; [ $PK_RETRY_ATTEMPT = 2 ] && : > done'
scenario replay 0 --lines 3 --proof done -- -d 1ms -i replay -o pass -- sh -c 'cat; [ $PK_RETRY_ATTEMPT = 2 ] && : > done'
scenario match 5 --lines 5 -- -d 1ms -n 2 --retry-match E -- sh -c 'echo E >&2; exit 5'
scenario until 1 --lines 3 -- -d 1ms -n 2 --until x -- echo y
scenario hint 4 --lines 2 -- -H 9 -- sh -c 'echo stop >&9; exit 4'
scenario lock 0 --lines 2 --files l --proof done -- -l l -o pass -- sh -c ': > done'
scenario breaker 1 --lines 5 --files s -- -d 1ms -n 2 -b s -o pass -- sh -c 'exit 1'
scenario events 7 --lines 3 --files events -- --events events -d 1ms -n 2 -- sh -c 'exit 7'
scenario not-found 127 --lines 2 -- -- ./no-such-program
scenario slots 0,125 --lines 3 --files s,s.1,s.2 --proof done -- -l s --slots 2 -o pass -- sh -c ': > done'
scenario slots-taken 0,125 --lines 3 --files s,s.1,s.2 --setup 'mkfifo s.1' --proof done -- -l s --slots 2 -o pass -- sh -c ': > done'
scenario share 0,125 --lines 3 --files r,r.lock --proof done --check 'test ! -e r || test "$(head -n 1 r)" = out' -- --share r -- sh -c 'echo out; : > done'
scenario share-failures 5,125 --lines 3 --files r,r.lock --check 'test ! -e r || test "$(wc -l < r)" = 1' -- -n 1 --share r --share-failures -- sh -c 'exit 5'
scenario memo 0,125 --lines 3 --files r,r.lock --setup '"$PK_BIN"/pk-retry --share r -- echo out >/dev/null' --check 'test "$(head -n 1 r)" = out' -- --share r --share-ttl inf -- echo out
scenario keep 1 --lines 5 -- -S none -n 2 -d 1ms --reset-after 1h -- true
