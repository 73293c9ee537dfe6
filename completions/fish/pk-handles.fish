# fish completion for pk-handles: its options, processes, and behind "--" what COMMAND itself completes.

function __pk_handles_has_command
    contains -- -- (commandline -opc)
end

function __pk_handles_command
    set -l tokens (commandline -opc)
    set -l at (contains -i -- -- $tokens)
    set -l words (string escape -- $tokens[(math $at + 1)..-1])
    complete -C "$words "(commandline -ct)
end

function __pk_handles_kinds
    __fish_complete_list , 'string split " " "file dir pipe fifo tcp udp unix netlink packet epoll timerfd eventfd signalfd inotify pidfd io_uring memfd tty dev ns other"'
end

complete -c pk-handles -f
complete -c pk-handles -n 'not __pk_handles_has_command' -s s -l summary -d 'One line for each process'
complete -c pk-handles -n 'not __pk_handles_has_command' -s w -l why -d 'What keeps each process alive'
complete -c pk-handles -n 'not __pk_handles_has_command' -s d -l diff -r -F -d 'Which groups have changed since a snapshot'
complete -c pk-handles -n 'not __pk_handles_has_command' -l trend -d 'Take samples and judge'
complete -c pk-handles -n 'not __pk_handles_has_command' -s i -l interval -x -d 'Time between samples'
complete -c pk-handles -n 'not __pk_handles_has_command' -s n -l samples -x -d 'Number of samples'
complete -c pk-handles -n 'not __pk_handles_has_command' -l min-growth -x -d 'Smallest growth that is a finding'
complete -c pk-handles -n 'not __pk_handles_has_command' -s a -l all -d 'Every process that may be read'
complete -c pk-handles -n 'not __pk_handles_has_command' -s T -l tree -d 'Descendants too'
complete -c pk-handles -n 'not __pk_handles_has_command' -s p -l peers -d 'Who holds the other end'
complete -c pk-handles -n 'not __pk_handles_has_command' -s k -l kind -x -d 'Only these kinds' -a '(__pk_handles_kinds)'
complete -c pk-handles -n 'not __pk_handles_has_command' -l max-fds -x -d 'More than N descriptors'
complete -c pk-handles -n 'not __pk_handles_has_command' -l max-percent -x -d 'More than P percent of the soft limit'
complete -c pk-handles -n 'not __pk_handles_has_command' -l max-close-wait -x -d 'More than N connections in CLOSE_WAIT'
complete -c pk-handles -n 'not __pk_handles_has_command' -l max-threads -x -d 'More than N threads'
complete -c pk-handles -n 'not __pk_handles_has_command' -l max-children -x -d 'More than N children'
complete -c pk-handles -n 'not __pk_handles_has_command' -l max-rss -x -d 'More resident memory'
complete -c pk-handles -n 'not __pk_handles_has_command' -l require-handler -x -d 'Signals that must not be at their default' -a 'TERM INT HUP TERM,INT'
complete -c pk-handles -n 'not __pk_handles_has_command' -l error-exitcode -x -d 'Status when COMMAND leaves descriptors open'
complete -c pk-handles -n 'not __pk_handles_has_command' -l kill-after -x -d 'Grace period before SIGKILL'
complete -c pk-handles -n 'not __pk_handles_has_command' -l signal -x -d 'Stop signal' -a 'TERM INT HUP QUIT KILL USR1 USR2'
complete -c pk-handles -n 'not __pk_handles_has_command' -l events-argv -d 'Put all of argv into events'
complete -c pk-handles -n 'not __pk_handles_has_command' -s j -l json -d 'JSON Lines'
complete -c pk-handles -n 'not __pk_handles_has_command' -s t -l timeout -x -d 'How long a file system may take'
complete -c pk-handles -n 'not __pk_handles_has_command' -l events -r -F -d 'Append lifecycle events to a file or fd:N'
complete -c pk-handles -n 'not __pk_handles_has_command' -l no-inherit -d 'Do not obey $PK_DEADLINE, nor pass it on'
complete -c pk-handles -n 'not __pk_handles_has_command' -s q -l quiet -d 'Do not say what was found'
complete -c pk-handles -n 'not __pk_handles_has_command' -s h -l help -d 'Show a summary'
complete -c pk-handles -n 'not __pk_handles_has_command' -s V -l version -d 'Show the version'
complete -c pk-handles -n 'not __pk_handles_has_command' -a '(__fish_complete_pids)'
complete -c pk-handles -n __pk_handles_has_command -a '(__pk_handles_command)'
