# fish completion for pk-atomic-write: its options, FILE, and behind -- what COMMAND itself completes.

# Prints COMMAND and its arguments before the cursor. Status 0: behind FILE and --; 1: an option or FILE may come;
# 2: behind FILE.
function __pk_atomic_write_rest
    set -l tokens (commandline -opc)
    set -l file
    set -e tokens[1]
    while set -q tokens[1]
        switch $tokens[1]
            case --
                if set -q file[1]
                    set -e tokens[1]
                    set -q tokens[1]; and printf '%s\n' $tokens
                    return 0
                end
            case --unchanged-status --if-match --verify --check --mode --sync --wait --kill-after --signal --events
                set -e tokens[1]
            case '--*' '-b*'
            case '-?*'
                # Letters without a value, then one that takes the next word.
                string match -qr -- '^-[eunDPvqhV]*[mwks]$' $tokens[1]; and set -e tokens[1]
            case '*'
                set file $tokens[1]
        end
        set -e tokens[1]
    end
    set -q file[1]; and return 2
    return 1
end

function __pk_atomic_write_options
    __pk_atomic_write_rest >/dev/null
    test $status -eq 1
end

function __pk_atomic_write_behind_file
    __pk_atomic_write_rest >/dev/null
    test $status -eq 2
end

function __pk_atomic_write_in_command
    __pk_atomic_write_rest >/dev/null
end

function __pk_atomic_write_command
    set -l words (__pk_atomic_write_rest | string escape)
    complete -C "$words "(commandline -ct)
end

complete -c pk-atomic-write -f
complete -c pk-atomic-write -n __pk_atomic_write_options -F
complete -c pk-atomic-write -n __pk_atomic_write_behind_file -a -- -d 'COMMAND comes behind'
complete -c pk-atomic-write -n __pk_atomic_write_in_command -a '(__pk_atomic_write_command)'
complete -c pk-atomic-write -n __pk_atomic_write_options -s e -l edit -d 'Give COMMAND the current content'
complete -c pk-atomic-write -n __pk_atomic_write_options -s u -l if-changed -d 'Leave FILE alone when the content is the same'
complete -c pk-atomic-write -n __pk_atomic_write_options -l unchanged-status -x -d 'Exit status in that case'
complete -c pk-atomic-write -n __pk_atomic_write_options -l if-match -x -d 'SHA-256 of the current content' -a 'none any'
complete -c pk-atomic-write -n __pk_atomic_write_options -l verify -x -d 'SHA-256 of the new content'
complete -c pk-atomic-write -n __pk_atomic_write_options -s n -l non-empty -d 'The new content must not be empty'
complete -c pk-atomic-write -n __pk_atomic_write_options -l check -x -d 'Shell command that must exit 0'
complete -c pk-atomic-write -n __pk_atomic_write_options -s b -l backup -d 'Keep the old file under a suffix'
complete -c pk-atomic-write -n __pk_atomic_write_options -s m -l mode -x -d 'Octal mode of the result'
complete -c pk-atomic-write -n __pk_atomic_write_options -s D -l parents -d 'Make missing parent directories'
complete -c pk-atomic-write -n __pk_atomic_write_options -s P -l no-dereference -d 'Replace a symlink itself'
complete -c pk-atomic-write -n __pk_atomic_write_options -l strict -d 'Fail when metadata cannot be kept'
complete -c pk-atomic-write -n __pk_atomic_write_options -l in-place-fallback -d 'Rewrite FILE where no rename is possible'
complete -c pk-atomic-write -n __pk_atomic_write_options -l sync -x -d 'How durable' -a 'full file none'
complete -c pk-atomic-write -n __pk_atomic_write_options -s w -l wait -x -d 'Wait for the lock at most DUR'
complete -c pk-atomic-write -n __pk_atomic_write_options -s k -l kill-after -x -d 'Grace period before SIGKILL'
complete -c pk-atomic-write -n __pk_atomic_write_options -s s -l signal -x -d 'Stop signal' -a 'HUP INT QUIT USR1 USR2 TERM KILL STOP CONT'
complete -c pk-atomic-write -n __pk_atomic_write_options -l events -r -F -d 'Append lifecycle events to a file or fd:N'
complete -c pk-atomic-write -n __pk_atomic_write_options -l events-argv -d 'Put all of argv into events'
complete -c pk-atomic-write -n __pk_atomic_write_options -s v -l verbose -d 'Say what was done'
complete -c pk-atomic-write -n __pk_atomic_write_options -l no-inherit -d 'Do not obey $PK_DEADLINE, nor pass it on'
complete -c pk-atomic-write -n __pk_atomic_write_options -s q -l quiet -d 'No warnings'
complete -c pk-atomic-write -n __pk_atomic_write_options -s h -l help -d 'Show a summary'
complete -c pk-atomic-write -n __pk_atomic_write_options -s V -l version -d 'Show the version'
