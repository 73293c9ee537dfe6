# fish completion for pk-retry: its options, then what COMMAND itself completes.

# Prints COMMAND and its arguments before the cursor. Status 0: COMMAND is typed; 1: an option may come; 2: after "--".
function __pk_retry_rest
    set -l tokens (commandline -opc)
    set -e tokens[1]
    while set -q tokens[1]
        switch $tokens[1]
            case --
                set -e tokens[1]
                set -q tokens[1]; or return 2
                break
            case --attempts --delay --factor --max-delay --jitter --seed --deadline --timeout --kill-after --signal --orphans --retry-on --success-on --until --retry-match --hint-fd --max-hint --stdout --stdin --breaker --breaker-threshold --breaker-cooldown --lock --slots --wait --share --share-ttl --reset-after --events
                set -e tokens[1]
            case '--*'
            case '-?*'
                # Letters without a value, then one that takes the next word.
                string match -qr -- '^-[qvhV]*[ndxmjDtksrSHoiblw]$' $tokens[1]; and set -e tokens[1]
            case '*'
                break
        end
        set -e tokens[1]
    end
    set -q tokens[1]; or return 1
    printf '%s\n' $tokens
end

function __pk_retry_options
    __pk_retry_rest >/dev/null
    test $status -eq 1
end

function __pk_retry_command
    set -l words (__pk_retry_rest | string escape)
    complete -C "$words "(commandline -ct)
end

complete -c pk-retry -f
complete -c pk-retry -n __pk_retry_options -s n -l attempts -x -d 'How often COMMAND is run at most' -a 'inf'
complete -c pk-retry -n __pk_retry_options -s d -l delay -x -d 'Delay before the second attempt'
complete -c pk-retry -n __pk_retry_options -s x -l factor -x -d 'Each delay is so many times the one before'
complete -c pk-retry -n __pk_retry_options -s m -l max-delay -x -d 'Longest delay'
complete -c pk-retry -n __pk_retry_options -s j -l jitter -x -d 'How delays are spread' -a 'full equal decorrelated none'
complete -c pk-retry -n __pk_retry_options -l reset-after -x -d 'An attempt that lived so long starts the count anew'
complete -c pk-retry -n __pk_retry_options -l schedule -d 'Run nothing, print the delays'
complete -c pk-retry -n __pk_retry_options -l seed -x -d 'Fixed random sequence for the delays'
complete -c pk-retry -n __pk_retry_options -s D -l deadline -x -d 'Limit of the whole run'
complete -c pk-retry -n __pk_retry_options -s t -l timeout -x -d 'Limit of one attempt'
complete -c pk-retry -n __pk_retry_options -s k -l kill-after -x -d 'Grace period before SIGKILL'
complete -c pk-retry -n __pk_retry_options -s s -l signal -x -d 'Stop signal' -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
complete -c pk-retry -n __pk_retry_options -l orphans -x -d 'What the successful attempt leaves running' -a 'stop wait leave'
complete -c pk-retry -n __pk_retry_options -s r -l retry-on -x -d 'Which failures are tried again' -a 'any timeout signal'
complete -c pk-retry -n __pk_retry_options -s S -l success-on -x -d 'What counts as success' -a 'any none timeout signal'
complete -c pk-retry -n __pk_retry_options -l until -x -d 'Success also needs a line of stdout that matches'
complete -c pk-retry -n __pk_retry_options -l retry-match -x -d 'Retry only if a line of stdout or stderr matches'
complete -c pk-retry -n __pk_retry_options -s H -l hint-fd -x -d 'Descriptor on which COMMAND says how long to wait'
complete -c pk-retry -n __pk_retry_options -l max-hint -x -d 'A longer hint ends the run'
complete -c pk-retry -n __pk_retry_options -s o -l stdout -x -d 'What becomes of stdout' -a 'auto pass commit'
complete -c pk-retry -n __pk_retry_options -s i -l stdin -x -d 'What each attempt reads' -a 'auto replay inherit null'
complete -c pk-retry -n __pk_retry_options -l share -r -F -d 'Run once for all callers with the same file'
complete -c pk-retry -n __pk_retry_options -l share-ttl -x -d 'Give a result that is not older'
complete -c pk-retry -n __pk_retry_options -l share-failures -d 'Share the status of a run that failed, too'
complete -c pk-retry -n __pk_retry_options -s b -l breaker -r -F -d 'Share a circuit breaker'
complete -c pk-retry -n __pk_retry_options -l breaker-threshold -x -d 'Failures in a row that open it'
complete -c pk-retry -n __pk_retry_options -l breaker-cooldown -x -d 'How long it stays open'
complete -c pk-retry -n __pk_retry_options -s l -l lock -r -F -d 'Hold a lock for the whole run'
complete -c pk-retry -n __pk_retry_options -l slots -x -d 'As many as N may hold it at once'
complete -c pk-retry -n __pk_retry_options -s w -l wait -x -d 'Wait for the lock at most'
complete -c pk-retry -n __pk_retry_options -l events -r -F -d 'Append lifecycle events to a file or fd:N'
complete -c pk-retry -n __pk_retry_options -l events-argv -d 'Put all of argv into events'
complete -c pk-retry -n __pk_retry_options -s v -l verbose -d 'Say why each attempt is or is not followed by another'
complete -c pk-retry -n __pk_retry_options -l no-inherit -d 'Do not obey $PK_DEADLINE, nor pass it on'
complete -c pk-retry -n __pk_retry_options -s q -l quiet -d 'No line for a failed attempt, no countdown'
complete -c pk-retry -n __pk_retry_options -s h -l help -d 'Show a summary'
complete -c pk-retry -n __pk_retry_options -s V -l version -d 'Show the version'
complete -c pk-retry -a '(__pk_retry_command)'
