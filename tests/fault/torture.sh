#!/bin/bash
# torture.sh: make every system call of a tool fail in turn, or be the moment of a SIGKILL, and
# judge each run. Which runs: scenarios/TOOL.sh; which faults: faults.h; the rules: campaign.c.
#
#   torture.sh [full | sample PERCENT] [-p PERCENT] [-s SEED] [-t TOOL] [-n SCENARIO] [-r ROLES]
#              [-c CALLS] [-j JOBS] [-v]
#
# `full` runs selftest.sh before (make check has it as a test of its own): a tester that finds nothing
# proves nothing.
# PK_BIN is the directory with the tools, PK_HELPERS the one with faultrun and campaign (without it
# they are compiled for this run). The last line is "N passed, M failed"; status 1 when M is not 0.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
top=${here%/tests/fault}
bin=${PK_BIN:-$top/build/static/bin}
scenarios=${PK_SCENARIOS:-$here/scenarios}
percent=100 seed=1 only_tool='' only_name='' roles='' calls='' verbose=''
jobs=$(($(nproc) * 3))

usage() {
	sed -n '5,6s/^# *//p' "$0" >&2
	exit 2
}

selftest=''
case ${1-} in
full)
	selftest=1
	shift
	;;
sample)
	percent=${2-2}
	shift $(($# < 2 ? $# : 2))
	;;
esac
while getopts p:s:t:n:r:c:j:v option; do
	case $option in
	p) percent=$OPTARG ;;
	s) seed=$OPTARG ;;
	t) only_tool=$OPTARG ;;
	n) only_name=$OPTARG ;;
	r) roles=$OPTARG ;;
	c) calls=$OPTARG ;;
	j) jobs=$OPTARG ;;
	v) verbose=--verbose ;;
	*) usage ;;
	esac
done
[ $((OPTIND - 1)) -eq $# ] || usage
case $percent in
'' | *[!0-9.]*) usage ;;
esac

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

helper() {
	if [ -x "${PK_HELPERS-}/$1" ]; then
		printf '%s\n' "$PK_HELPERS/$1"
	else
		"${CC:-cc}" -std=c17 -D_GNU_SOURCE -O2 -o "$scratch/$1" "$here/$1.c" || exit 2
		printf '%s\n' "$scratch/$1"
	fi
}
faultrun=$(helper faultrun) || exit 2
campaign=$(helper campaign) || exit 2

# A sanitizer's own calls are not the tool's, and LeakSanitizer does not work under a tracer.
skip_for() {
	if grep -q __asan_init "$1"; then
		echo mmap,munmap,mprotect,madvise,readlink,sigaltstack,prctl,open,openat
	fi
}
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# scenario NAME STATUSES [campaign options] -- ARG...: what scenarios/TOOL.sh calls. STATUSES are
# the right ones, separated by commas. Options: --roles LIST, --proof FILE (exists once the job is
# done), --files LIST (may exist), --setup CMD, --check CMD (sees PK_FAULT_STATUS and PK_FAULT),
# --leave (leftovers are right), --lines N (of a 125 that may be, 1), --limit and --grace SECONDS.
scenario() {
	local name=$1 statuses=$2
	shift 2
	if [ -n "$only_name" ] && [ "$only_name" != "$name" ]; then
		return
	fi
	local before=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	shift
	TMPDIR=$scratch "$campaign" --faultrun "$faultrun" -n "$tool/$name" -s "$statuses" -p "$percent" -S "$seed" -j "$jobs" \
		--skip "$(skip_for "$bin/$tool")" "${before[@]}" ${roles:+--roles "$roles"} \
		${calls:+--calls "$calls"} $verbose -- "$bin/$tool" "$@" </dev/null | tee "$scratch/out"
	if ! tail -n 1 "$scratch/out" | grep -q ' runs, .* violations,'; then
		echo "violation: $tool/$name: the campaign ended early"
		violations=$((violations + 1))
		return
	fi
	local line
	line=$(tail -n 1 "$scratch/out")
	line=${line#"$tool/$name: "}
	runs=$((runs + ${line%% *}))
	line=${line#*runs, }
	violations=$((violations + ${line%% *}))
}

runs=0 violations=0 passed=0 failed=0
if [ -n "$selftest" ]; then
	line=$(bash "$here/selftest.sh" | tee "$scratch/out" | tail -n 1)
	grep '^not ok' -A 20 "$scratch/out"
	echo "the tester's own test: $line"
	passed=${line%% *}
	failed=${line#*, }
	failed=${failed%% *}
fi
for file in "$scenarios"/${only_tool:-*}.sh; do
	tool=$(basename "$file" .sh)
	if [ ! -e "$file" ]; then
		echo "torture.sh: no scenarios for '$tool'" >&2
		exit 2
	elif [ -x "$bin/$tool" ]; then
		# shellcheck source=/dev/null
		. "$file"
	elif [ -n "$only_tool" ]; then
		echo "torture.sh: '$bin/$tool' is not there" >&2
		exit 2
	else
		echo "$tool is not built: skipped"
	fi
done
echo "$runs runs, $violations violations"
echo "$((passed + runs - violations)) passed, $((failed + violations)) failed"
[ $((failed + violations)) -eq 0 ]
