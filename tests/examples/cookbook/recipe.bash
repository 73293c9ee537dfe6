# shellcheck shell=bash
# Sourced by each recipe: a private directory, stand-ins for the programs that it names, and words for what is expected.
# The lines between "# recipe" and "# end" are the recipe; pk-cookbook(7) shows the same lines.
set -eu
export LC_ALL=C
unset PK_EVENTS PK_RUN PK_DEADLINE TRACEPARENT MAKEFLAGS MFLAGS MAKELEVEL NOTIFY_SOCKET
kitchen=$(mktemp -d)
started=()

# What a recipe has started and not ended itself is ended by pid.
# shellcheck disable=SC2317
leave_kitchen() {
	local pid
	for pid in "${started[@]}"; do
		{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
	done
	rm -rf "$kitchen"
}
trap leave_kitchen EXIT
cd "$kitchen"

# stub NAME: a program from stdin.
stub() {
	cat >"$1"
	chmod +x "$1"
}

# hurry SCRIPT SED: the same recipe with less patience, so that nobody waits for a test.
hurry() {
	sed -i "$2" "$1"
}

# expect WHAT CONDITION...: the condition is a command.
expect() {
	local what=$1
	shift
	"$@" || { echo "not so: $what" >&2; exit 1; }
}

# status_of COMMAND...: prints its status.
status_of() {
	local status=0
	"$@" >&2 || status=$?
	echo "$status"
}

# ended PID: wait for one that was started here; $status is how it ended.
ended() {
	status=0
	wait "$1" || status=$?
}

# wait_until COMMAND...: for at most 20 s.
wait_until() {
	local tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || { echo "it never came true: $*" >&2; exit 1; }
		read -rt 0.02 <>"$kitchen/.never" || true
	done
}
mkfifo "$kitchen/.never"

# event FILE NAME: has it happened?
event() {
	grep -q "\"event\":\"$2\"" "$1"
}

# A port that nobody listens on at the moment.
free_port() {
	local port
	while port=$((20000 + RANDOM % 20000)); do
		grep -qi ":$(printf %04X $port) " /proc/net/tcp /proc/net/tcp6 || break
	done
	echo $port
}

skip() {
	echo "skipped: $*"
	exit 0
}
