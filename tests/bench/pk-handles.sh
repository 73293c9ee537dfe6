#!/bin/bash
# pk-handles beside lsof and lsfd: medians of REPS runs, as ratios to lsof on the same work. A goal that is not met is
# marked and does not fail: times on a shared machine are judged by people.
set -u
command -v lsof >/dev/null || { echo 'lsof is missing: no peer to measure beside'; exit 2; }
reps=${REPS:-5}
pk=$PK_BIN/pk-handles
fds=$(($(ulimit -Hn) - 100 < 100000 ? $(ulimit -Hn) - 100 : 100000))
work=$(mktemp -d)
pids=()
# The holders end when their stdin does.
mkfifo "$work/in"
exec 7<>"$work/in"
cleanup() {
	exec 7>&-
	kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$work"
}
trap cleanup EXIT

hold() {
	mkfifo "$work/ready"
	"$PK_HELPERS/manyfds" "$1" <&7 >"$work/ready" &
	pids+=($!)
	read -r _ held <"$work/ready"
	rm "$work/ready"
}

# time_of LINES STATUS COMMAND...: the median in microseconds; LINES is the least that the output must have.
time_of() {
	local least=$1 want=$2 begin end status i
	shift 2
	for ((i = 0; i < reps; i++)); do
		begin=${EPOCHREALTIME/./}
		"$@" >"$work/out" 2>"$work/err"
		status=$?
		end=${EPOCHREALTIME/./}
		if [[ $want != any && $status != "$want" ]] || [ "$(wc -l <"$work/out")" -lt "$least" ]; then
			echo "'$*': status $status, $(wc -l <"$work/out") lines" >&2
			return 1
		fi
		echo $((end - begin))
	done | sort -n | sed -n "$(((reps + 1) / 2))p"
}

# row NAME GOAL TIME BASE
row() {
	awk -v name="$1" -v goal="$2" -v time="$3" -v base="$4" 'BEGIN {
		ratio = time / base
		printf "  %-34s %9.2f ms  %6.3f x  goal %s%s\n", name, time / 1000, ratio, goal ? goal : "-",
			(goal && ratio > goal + 0) ? "  MISSED" : ""
	}'
}

compare() {
	local title=$1 base
	shift
	echo "$title"
	base=$(time_of 1 any lsof -nP "${lsof_args[@]}") || exit 1
	row 'lsof -nP' '' "$base" "$base"
	while [ $# -gt 0 ]; do
		local name=$1 goal=$2 least=$3 time
		shift 3
		local command=()
		while [ $# -gt 0 ] && [ "$1" != . ]; do
			command+=("$1")
			shift
		done
		shift
		time=$(time_of "$least" 0 "${command[@]}") || exit 1
		row "$name" "$goal" "$time" "$base"
	done
}

# memory COMMAND...: its peak, in KiB, as pk-spawn saw it: the kernel counts what a program was before its exec too.
memory() {
	"$PK_BIN/pk-spawn" --events "$work/events" -- "$@" >"$work/out" || return
	sed -n 's/.*"maxrss_bytes":\([0-9]*\).*/\1/p' "$work/events" | awk '{ print $1 / 1024 }'
}

hold 100
few=$(time_of 3 0 "$pk" --summary --json "${pids[0]}") || exit 1
hold "$fds"
big=${pids[1]}
lsof_args=(-p "$big")
compare "A. one process, $held descriptors" \
	'pk-handles --json' 0.48 "$held" "$pk" --json "$big" . \
	'pk-handles' 0.45 "$held" "$pk" "$big" . \
	'pk-handles --summary (the count)' 0.02 3 "$pk" --summary --json "$big" .
limit=$(time_of "$held" 0 "$PK_HELPERS/factlimit" "$big") || exit 1
row 'the limit: every fact, no text' '' "$limit" "$limit"
time=$(time_of "$held" 0 "$pk" --json "$big") || exit 1
row 'pk-handles --json, of the limit' 1.10 "$time" "$limit"
time=$(time_of 3 0 "$pk" --summary --json "$big") || exit 1
row 'its --summary, of that with 100' 1.20 "$time" "$few"
used=$(memory "$pk" --json "$big")
awk -v used="$used" 'BEGIN { printf "  %-34s %9.2f MiB            goal 12%s\n", "memory", used / 1024, (used > 12288) ? "  MISSED" : "" }'
kill "${pids[@]}" && wait "${pids[@]}" 2>/dev/null
pids=()
for ((n = 0; n < 100; n++)); do hold 100; done
lsof_args=()
compare 'B. the whole system, 100 processes of 100 descriptors added' \
	'pk-handles --all --json' 0.30 10000 "$pk" --all --json .
hold 10
small=${pids[-1]}
lsof_args=(-p "$small")
compare 'C. one process of 10 descriptors on that system' \
	'pk-handles --json' 0.08 12 "$pk" --json "$small" .
echo 'D. 300 forks of /bin/true by sh'
# shellcheck disable=SC2016
loop=(sh -c 'i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i + 1)); done')
base=$(time_of 0 0 "${loop[@]}") || exit 1
row 'plain' '' "$base" "$base"
time=$(time_of 0 0 "$pk" -- "${loop[@]}") || exit 1
row 'pk-handles --' 1.10 "$time" "$base"
time=$(time_of 0 0 "$pk" --tree -- "${loop[@]}") || exit 1
row 'pk-handles --tree --' 1.10 "$time" "$base"
echo 'E. a FUSE mount that does not answer, --timeout 300ms (lsof would wait for ever)'
mkfifo "$work/ready"
"$PK_HELPERS/deadfuse" "$work/dead" <&7 >"$work/ready" &
pids+=($!)
read -r word <"$work/ready"
if [ "$word" = ready ]; then
	time=$(time_of 5 0 "$pk" -t 300ms "${pids[-1]}") || exit 1
	row 'pk-handles, of 300 ms + 500 ms' 1.00 "$time" 800000
else
	echo '  FUSE is not allowed here'
fi
