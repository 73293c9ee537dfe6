# fish completion for pk-watch: its options, PATHs, and behind -- what COMMAND itself completes.

# Prints what stands between "--" and the cursor. Status 1: there is no "--" yet.
function __pk_watch_rest
    set -l tokens (commandline -opc)
    set -l at (contains -i -- -- $tokens); or return 1
    set -e tokens[1..$at]
    printf '%s\n' $tokens
end

function __pk_watch_options
    not __pk_watch_rest >/dev/null
end

function __pk_watch_command
    set -l words (__pk_watch_rest | string escape)
    complete -C "$words "(commandline -ct)
end

complete -c pk-watch -n __pk_watch_rest -f -a '(__pk_watch_command)'
complete -c pk-watch -n __pk_watch_options -s d -l debounce -x -d 'Act when nothing has changed for DUR'
complete -c pk-watch -n __pk_watch_options -l max-wait -x -d 'Longest time a change may be held back'
complete -c pk-watch -n __pk_watch_options -s p -l postpone -d 'No run at the start'
complete -c pk-watch -n __pk_watch_options -s 1 -l once -d 'Wait for one batch, then exit'
complete -c pk-watch -n __pk_watch_options -s I -l idle -x -d 'Exit with 124 when no change comes for DUR'
complete -c pk-watch -n __pk_watch_options -l every -x -d 'Run COMMAND every DUR too'
complete -c pk-watch -n __pk_watch_options -l jitter -x -d 'Delay each tick by a random time below DUR'
complete -c pk-watch -n __pk_watch_options -l align -d 'Ticks at round times of day'
complete -c pk-watch -n __pk_watch_options -s e -l ext -x -d 'Only files that end so'
complete -c pk-watch -n __pk_watch_options -s f -l filter -r -F -d 'Only files that match'
complete -c pk-watch -n __pk_watch_options -s i -l ignore -r -F -d 'Not what matches'
complete -c pk-watch -n __pk_watch_options -l no-ignore -d 'No ignore files and no built-in ignores'
complete -c pk-watch -n __pk_watch_options -l no-recursive -d 'Only the directories named'
complete -c pk-watch -n __pk_watch_options -s L -l follow -d 'Follow symbolic links to directories'
complete -c pk-watch -n __pk_watch_options -l kinds -x -d 'Only these kinds of change' -a 'create modify delete attrib'
complete -c pk-watch -n __pk_watch_options -l poll -x -d 'No kernel events, compare every DUR'
complete -c pk-watch -n __pk_watch_options -l on-busy -x -d 'A change while COMMAND runs' -a 'queue\t"one more run" restart\t"stop it and start anew" ignore\t"drop the change" signal\t"send the signal of -s"'
complete -c pk-watch -n __pk_watch_options -s r -l restart -d 'The same as --on-busy=restart'
complete -c pk-watch -n __pk_watch_options -s t -l timeout -x -d 'Stop a run after DUR'
complete -c pk-watch -n __pk_watch_options -s s -l signal -x -d 'Stop signal' -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
complete -c pk-watch -n __pk_watch_options -s k -l kill-after -x -d 'Grace period before SIGKILL'
complete -c pk-watch -n __pk_watch_options -l orphans -x -d 'What COMMAND leaves running' -a 'stop\t"stop them" wait\t"wait for them" leave\t"leave them"'
complete -c pk-watch -n __pk_watch_options -l exit-on-error -d 'Exit with the status of COMMAND when it is not 0'
complete -c pk-watch -n __pk_watch_options -l paths-stdin -d 'Give the changed paths to COMMAND on its stdin'
complete -c pk-watch -n __pk_watch_options -s c -l clear -d 'Clear the terminal before each run'
complete -c pk-watch -n __pk_watch_options -s 0 -l null -d 'End each path with NUL'
complete -c pk-watch -n __pk_watch_options -l json -d 'Paths as JSON Lines'
complete -c pk-watch -n __pk_watch_options -l events -r -F -d 'Append lifecycle events to a file or fd:N'
complete -c pk-watch -n __pk_watch_options -l events-argv -d 'Put all of argv into events'
complete -c pk-watch -n __pk_watch_options -s v -l verbose -d 'Say why each run starts'
complete -c pk-watch -n __pk_watch_options -l no-inherit -d 'Do not obey $PK_DEADLINE, nor pass it on'
complete -c pk-watch -n __pk_watch_options -s q -l quiet -d 'Say nothing but own failures'
complete -c pk-watch -n __pk_watch_options -s h -l help -d 'Show a summary'
complete -c pk-watch -n __pk_watch_options -s V -l version -d 'Show the version'
