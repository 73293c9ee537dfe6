#!/bin/bash
# Run what a model asked for: half a minute at most, ten seconds of silence at most, output cut to its head and tail, nothing
# left behind, and one JSON line that says it all.
. "${BASH_SOURCE%/*}/recipe.bash"
stub run-tool <<'SCRIPT'
#!/bin/bash
# recipe
pk-spawn -q -j 1 -t 30s -k 2s --capture 2K -r result.jsonl -- pk-spawn -q -I 10s -- sh -c {} ::: "$1" >/dev/null 2>&1
tail -n 1 result.jsonl
# end
SCRIPT
hurry run-tool 's/-t 30s/-t 500ms/; s/-k 2s/-k 100ms/'
answer=$(./run-tool 'echo hello; echo oops >&2; exit 3')
echo "$answer"
expect 'the status' [ "$(jq .exit_code <<<"$answer")" -eq 3 ]
expect 'the output' [ "$(jq -r .stdout <<<"$answer")" = hello ]
expect 'the errors' [ "$(jq -r .stderr <<<"$answer")" = oops ]
answer=$(./run-tool 'trap "" TERM; setsid sleep 60 & echo $! >daemon; seq 100000; wait; sleep 60')
expect 'a time limit' [ "$(jq '.timed_out or .exit_code == 124' <<<"$answer")" = true ]
expect 'a head and a tail of the output' [ "$(jq '.stdout_head + .stdout_tail | length' <<<"$answer")" -lt 2300 ]
expect 'no daemon left' [ ! -e "/proc/$(cat daemon)" ]
