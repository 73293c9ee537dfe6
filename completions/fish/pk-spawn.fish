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
            case --timeout --deadline --idle --kill-after --signal --signal-to --orphans --lock --slots --wait --stdin --limit --max-output --spill --events \
                --service --ready --wait-for --ready-timeout --ready-file \
                --jobs --arg-file --delimiter --max-args --delay --halt --success-on --drain --output --results --capture
                set -e tokens[1]
            case '--*'
            case '-?*'
                # Letters without a value, then one that takes the next word.
                string match -qr -- '^-[pqvhV0]*[tDIksiLmjadnorlw]$' $tokens[1]; and set -e tokens[1]
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
complete -c pk-spawn -n __pk_spawn_options -s I -l idle -x -d 'Stop COMMAND when it wrote nothing for DUR'
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
complete -c pk-spawn -n __pk_spawn_options -l service -x -d 'Run CMD beside COMMAND, ready before it starts'
complete -c pk-spawn -n __pk_spawn_options -l ready -x -d 'When the service before it, or COMMAND, is ready' -a 'tcp: unix: http:// line: fd: notify file: exec:'
complete -c pk-spawn -n __pk_spawn_options -l wait-for -x -d 'Start nothing before this is there' -a 'tcp: unix: http:// file: exec:'
complete -c pk-spawn -n __pk_spawn_options -l ready-timeout -x -d 'How long each may take'
complete -c pk-spawn -n __pk_spawn_options -l ready-file -r -F -d 'A file that is there while all is ready'
complete -c pk-spawn -n __pk_spawn_options -s m -l max-output -x -d 'Pass on only the first and the last half SIZE of each stream'
complete -c pk-spawn -n __pk_spawn_options -l spill -r -F -d 'Write the complete output to FILE as well'
complete -c pk-spawn -n __pk_spawn_options -s j -l jobs -x -d 'Run N at a time'
complete -c pk-spawn -n __pk_spawn_options -s a -l arg-file -r -F -d 'Read the items from FILE'
complete -c pk-spawn -n __pk_spawn_options -s 0 -l null -d 'Items end with a NUL byte'
complete -c pk-spawn -n __pk_spawn_options -s d -l delimiter -x -d 'Items end with the character C'
complete -c pk-spawn -n __pk_spawn_options -s n -l max-args -x -d 'Up to N items for one COMMAND'
complete -c pk-spawn -n __pk_spawn_options -l item-stdin -d "The item is COMMAND's standard input"
complete -c pk-spawn -n __pk_spawn_options -l delay -x -d 'Wait between two starts'
complete -c pk-spawn -n __pk_spawn_options -l halt -x -d 'What to do at the first failure' -a 'never\t"go on" soon\t"start no more" now\t"stop all"'
complete -c pk-spawn -n __pk_spawn_options -l fail-fast -d 'The same as --halt now'
complete -c pk-spawn -n __pk_spawn_options -l any -d 'One success is enough'
complete -c pk-spawn -n __pk_spawn_options -l success-on -x -d 'What counts as success'
complete -c pk-spawn -n __pk_spawn_options -l drain -x -d 'At the first TERM or INT let the running jobs go on for DUR'
complete -c pk-spawn -n __pk_spawn_options -l no-jobserver -d 'Do not share the job slots of make'
complete -c pk-spawn -n __pk_spawn_options -s o -l output -x -d 'What becomes of the output of jobs' -a 'raw line group keep failed'
complete -c pk-spawn -n __pk_spawn_options -l tag -d 'Begin each line with the item and a tab'
complete -c pk-spawn -n __pk_spawn_options -s r -l results -r -F -d 'Append one JSON object for each job to FILE'
complete -c pk-spawn -n __pk_spawn_options -l capture -x -d 'Put the output of a job into its result'
complete -c pk-spawn -n __pk_spawn_options -l progress -d 'Show how far it is'
complete -c pk-spawn -n __pk_spawn_options -l events -r -F -d 'Append lifecycle events to a file or fd:N'
complete -c pk-spawn -n __pk_spawn_options -l events-argv -d 'Put all of argv into events'
complete -c pk-spawn -n __pk_spawn_options -s v -l verbose -d 'Say each signal that is sent'
complete -c pk-spawn -n __pk_spawn_options -l no-inherit -d 'Do not obey $PK_DEADLINE, nor pass it on'
complete -c pk-spawn -n __pk_spawn_options -s q -l quiet -d 'Do not say why COMMAND was ended'
complete -c pk-spawn -n __pk_spawn_options -s h -l help -d 'Show a summary'
complete -c pk-spawn -n __pk_spawn_options -s V -l version -d 'Show the version'
complete -c pk-spawn -a '(__pk_spawn_command)'
