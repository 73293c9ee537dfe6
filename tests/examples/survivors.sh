#!/bin/bash
# survivors.sh: measure the README's table of survivors, the living processes left 0.3 s after each supervisor has gone.
# pk-spawn's column must be 0, and with the peers' versions that the README names every row must be its. Needs
# PK_HELPERS and PK_TOP.
# Each process of a helper dies by itself after 30 s; here they carry a mark and are ended by pid.
export LC_ALL=C
mark=survivors.$$.$RANDOM$RANDOM
dir=$(mktemp -d) || exit 1
bad=0
supervisors=(timeout tini dumb-init pk-spawn)

marked() {
	grep -lsz "^PK_SURVIVOR=$mark.$1" /proc/[0-9]*/environ | cut -d/ -f3
}

end_marked() {
	local pid
	while [ -n "$(marked "$1")" ]; do
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

pass_time() {
	read -rt "$1" <>"$dir/never"
	return 0
}
mkfifo "$dir/never"

# measure SUPERVISOR HOW HELPER...: prints how many are left, or "hangs" for a supervisor that does not end.
measure() {
	local name=$1 how=$2 id=$1.$RANDOM$RANDOM command pid tries
	shift 2
	case $name in
	timeout) command=(timeout -k 0.2 9) ;;
	tini) command=(tini -s -g --) ;;
	dumb-init) command=(dumb-init) ;;
	pk-spawn) command=(pk-spawn -t 9s -k 200ms --) ;;
	esac
	PK_SURVIVOR=$mark.$id setsid "${command[@]}" "$PK_HELPERS/$1" "${@:2}" >"$dir/$id" 2>/dev/null </dev/null &
	pid=$!
	for ((tries = 0; tries < 250; tries++)); do
		! grep -q ready "$dir/$id" || break
		pass_time 0.02
	done
	case $how in
	term) kill -TERM "$pid" ;;
	kill) kill -KILL "$pid" ;;
	killpg) kill -KILL -- "-$pid" ;;
	esac
	for ((tries = 0; tries < 60; tries++)); do
		kill -0 "$pid" 2>/dev/null || break
		pass_time 0.02
	done
	pass_time 0.3
	if kill -0 "$pid" 2>/dev/null; then
		echo hangs >"$dir/$id.left"
	else
		marked "$id" | wc -l >"$dir/$id.left"
	fi
	end_marked "$id"
	wait "$pid" 2>/dev/null
	cat "$dir/$id.left"
}

# row TEXT HOW HELPER...: one line of the table.
row() {
	local text=$1 line name left
	shift
	line="| $text |"
	for name in "${supervisors[@]}"; do
		if command -v "$name" >/dev/null; then
			left=$(measure "$name" "$@" 2>/dev/null)
		else
			left=-
		fi
		[ "$name" != pk-spawn ] || [ "$left" = 0 ] || { echo "survivors: pk-spawn left $left: $text" >&2; bad=1; }
		line+=" $left |"
	done
	echo "$line"
	[ -z "$same_peers" ] || grep -qxF -- "$line" "${PK_TOP:-.}/README.md" || { echo 'survivors: README.md says otherwise' >&2; bad=1; }
}

versions="$(timeout --version | head -n 1) $(tini --version 2>/dev/null) $(dumb-init --version 2>&1)"
[[ $versions == *'coreutils) 9.1 '*'tini version 0.19.0'*'v1.2.5' ]] && same_peers=yes || same_peers=
row 'the command exits and leaves a daemon' exit daemon exit
row 'TERM, and a daemon ignores it' term daemon stay
row 'TERM, and a child has a session of its own' term setsid-child
row 'TERM, and the command ignores it' term stubborn
row 'SIGKILL of the supervisor, with a daemon' kill daemon stay
row 'SIGKILL of its process group, with a daemon' killpg daemon stay
row 'SIGKILL of the supervisor, 200 sessions' kill t200 199
exit $bad
