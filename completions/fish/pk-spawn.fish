# fish completion for pk-spawn: its options, then what COMMAND itself completes.

# Prints COMMAND and its arguments before the cursor. Status 0: COMMAND is typed; 1: an option may come; 2: after "--".
function __pk_spawn_rest
    set -l tokens (commandline -opc)
    set -e tokens[1]
    while set -q tokens[1]
        switch $tokens[1]
            case --
                set -e tokens[1]
                set -q tokens[1]; or return 2
                break
            case --timeout --deadline --kill-after --signal --signal-to --orphans --lock --slots --wait --stdin --limit --events
                set -e tokens[1]
            case '--*'
            case '-?*'
                # Letters without a value, then one that takes the next word.
                string match -qr -- '^-[pqvhV]*[tDIksiLlw]$' $tokens[1]; and set -e tokens[1]
            case '*'
                break
        end
        set -e tokens[1]
    end
    set -q tokens[1]; or return 1
    printf '%s\n' $tokens
end

function __pk_spawn_options
    __pk_spawn_rest >/dev/null
    test $status -eq 1
end

function __pk_spawn_command
    set -l words (__pk_spawn_rest | string escape)
    complete -C "$words "(commandline -ct)
end

complete -c pk-spawn -f
complete -c pk-spawn -n __pk_spawn_options -s t -l timeout -x -d 'Stop COMMAND after DUR'
complete -c pk-spawn -n __pk_spawn_options -s D -l deadline -x -d 'Limit of the whole run'
complete -c pk-spawn -n __pk_spawn_options -s k -l kill-after -x -d 'Grace period before SIGKILL'
complete -c pk-spawn -n __pk_spawn_options -s s -l signal -x -d 'Stop signal' -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
complete -c pk-spawn -n __pk_spawn_options -l signal-to -x -d 'Who gets the stop signal' -a 'tree\t"every process" main\t"COMMAND first"'
complete -c pk-spawn -n __pk_spawn_options -l orphans -x -d 'What COMMAND leaves running' -a 'stop\t"stop them" wait\t"wait for them" leave\t"leave them"'
complete -c pk-spawn -n __pk_spawn_options -s p -l preserve-status -d 'Exit with the status of COMMAND even after a time limit'
complete -c pk-spawn -n __pk_spawn_options -s l -l lock -r -F -d 'Hold a lock for the whole run'
complete -c pk-spawn -n __pk_spawn_options -l slots -x -d 'As many as N may hold it at once'
complete -c pk-spawn -n __pk_spawn_options -s w -l wait -x -d 'Wait for the lock at most'
complete -c pk-spawn -n __pk_spawn_options -s i -l stdin -r -F -d 'Standard input of COMMAND' -a 'inherit null'
complete -c pk-spawn -n __pk_spawn_options -s L -l limit -x -d 'Resource limit' -a 'as= core= cpu= fsize= nofile= nproc= stack='
complete -c pk-spawn -n __pk_spawn_options -l events -r -F -d 'Append lifecycle events to a file or fd:N'
complete -c pk-spawn -n __pk_spawn_options -l events-argv -d 'Put all of argv into events'
complete -c pk-spawn -n __pk_spawn_options -s v -l verbose -d 'Say each signal that is sent'
complete -c pk-spawn -n __pk_spawn_options -l no-inherit -d 'Do not obey $PK_DEADLINE, nor pass it on'
complete -c pk-spawn -n __pk_spawn_options -s q -l quiet -d 'Do not say why COMMAND was ended'
complete -c pk-spawn -n __pk_spawn_options -s h -l help -d 'Show a summary'
complete -c pk-spawn -n __pk_spawn_options -s V -l version -d 'Show the version'
complete -c pk-spawn -a '(__pk_spawn_command)'
