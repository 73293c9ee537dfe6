#!/bin/bash
# demo.sh: the main job on a real process tree, pk-spawn and GNU timeout side by side. Needs PK_HELPERS and pk-spawn in
# PATH (make demo). Everything it starts carries a mark in its environment and is ended by pid. Takes about 6 s.
export LC_ALL=C
mark=demo.$$.$RANDOM$RANDOM
dir=$(mktemp -d) || exit 1

# The living processes that carry the mark; a zombie has no environment.
marked() {
	grep -lsz "^PK_DEMO=$mark.$1" /proc/[0-9]*/environ | cut -d/ -f3 | sort -n
}

count() {
	marked "$1" | wc -l
}

end_marked() {
	local pid
	while [ "$(count "$1")" -gt 0 ]; do
		for pid in $(marked "$1"); do
			kill -KILL "$pid" 2>/dev/null
		done
	done
}

# shellcheck disable=SC2317
clean_up() {
	end_marked ''
	wait
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

now_ms() {
	local now=${EPOCHREALTIME/[.,]/}
	echo $((now / 1000))
}

# The process table of one side, from /proc: a fresh machine may have no ps.
table() {
	local pid stat ppid session ignored what
	[ "$(count "$1")" -gt 0 ] || { echo '    (none)'; return; }
	printf '    %7s %7s %7s  %-12s %s\n' PID PARENT SESSION 'IGNORES TERM' COMMAND
	for pid in $(marked "$1"); do
		{ stat=$(<"/proc/$pid/stat"); ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$pid/status"); } 2>/dev/null || continue
		what=${stat#*\(}
		what=${what%)*}
		read -r _ ppid _ session _ <<<"${stat##*) }"
		[[ $((16#$ignored & 0x4000)) -ne 0 ]] && ignored=yes || ignored=
		[ "$what" != timeout ] && [ "$what" != pk-spawn ] || what=$(tr '\0' ' ' <"/proc/$pid/cmdline")
		printf '    %7s %7s %7s  %-12s %s\n' "$pid" "$ppid" "$session" "$ignored" "${what/"$dir"\//}"
	done
}

# side NAME COMMAND...: run it as a script would, output into a pipe whose reader waits for the end of it.
side() {
	local name=$1
	shift
	{
		began=$(now_ms)
		PK_DEMO=$mark.$name "$@" 2>"$dir/$name.err"
		echo "$? $(($(now_ms) - began))" >"$dir/$name.end"
	} 2>/dev/null | {
		cat >"$dir/$name.out"
		echo >"$dir/$name.eof"
	} &
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails when it does not in time.
wait_for() {
	local until=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt "$until" ] || return 1
		read -rt 0.02 <>"$dir/never"
	done
	return 0
}

both_ready() { grep -qs ready "$dir/pk.out" && grep -qs ready "$dir/timeout.out"; }
both_ended() { [ -s "$dir/pk.end" ] && [ -s "$dir/timeout.end" ]; }
is_gone() { [ "$(count "$1")" -eq 0 ]; }

mkfifo "$dir/never"
cp "$PK_HELPERS/daemon" "$dir/server-binary" || exit 1
cat >"$dir/server" <<'SERVER'
#!/bin/sh
# Ignores TERM, starts a daemon (two forks, a session of its own, every signal ignored); both hold the output.
trap '' TERM
exec "${0%/*}/server-binary" stay hold
SERVER
chmod +x "$dir/server"

cat <<'TEXT'
The job: a server that ignores SIGTERM, starts a daemon in a session of its own
that ignores every signal, and leaves its output pipe open in both.

    pk-spawn -v -t 1s -k 1s -- ./server | cat
    timeout -v -k 1 1 ./server | cat

TEXT
side pk pk-spawn -v -t 1s -k 1s -- "$dir/server"
side timeout timeout -v -k 1 1 "$dir/server"
wait_for 5 both_ready || { echo 'demo: the servers did not start' >&2; exit 1; }
echo '== before the limit'
echo '  pk-spawn:'
table pk
echo '  timeout:'
table timeout
wait_for 10 both_ended || { echo 'demo: the limits did not end the servers' >&2; exit 1; }
# Time for whoever is going to die or to let go of the pipe.
wait_for 1 is_gone timeout
read -r pk_status pk_ms <"$dir/pk.end"
read -r timeout_status timeout_ms <"$dir/timeout.end"
pk_left=$(count pk) timeout_left=$(count timeout)
[ -e "$dir/pk.eof" ] && pk_eof=yes || pk_eof='no, it waits'
[ -e "$dir/timeout.eof" ] && timeout_eof=yes || timeout_eof='no, it waits'
echo
echo '== after it'
echo '  pk-spawn:'
sed 's/^/    | /' "$dir/pk.err"
table pk
echo '  timeout:'
sed "s/^/    | /; s,$dir/,," "$dir/timeout.err"
table timeout
end_marked ''
wait

# The same trees, with a limit that never comes; the supervisor is killed.
rm -f "$dir"/*.out "$dir"/*.end
PK_DEMO=$mark.pk pk-spawn -t 1h -- "$dir/server" >"$dir/pk.out" 2>&1 &
pk=$!
PK_DEMO=$mark.timeout timeout -k 1 1h "$dir/server" >"$dir/timeout.out" 2>&1 &
timeout=$!
wait_for 5 both_ready || { echo 'demo: the servers did not start' >&2; exit 1; }
kill -KILL $pk $timeout
wait $pk $timeout 2>/dev/null
wait_for 1 is_gone pk
killed_pk_left=$(count pk) killed_timeout_left=$(count timeout)
end_marked ''

echo
printf '%-45s %14s %14s\n' '' pk-spawn timeout
printf '%-45s %14s %14s\n' \
	'exit status' "$pk_status" "$timeout_status" \
	'ms until it ended (limit 1000 + grace 1000)' "$pk_ms" "$timeout_ms" \
	'has the reader of the pipe seen its end?' "$pk_eof" "$timeout_eof" \
	'processes left' "$pk_left" "$timeout_left" \
	'processes left after SIGKILL of the supervisor' "$killed_pk_left" "$killed_timeout_left"
[ "$pk_left" -eq 0 ] && [ "$killed_pk_left" -eq 0 ] && [ "$pk_status" -eq 124 ] && [ "$pk_eof" = yes ]
