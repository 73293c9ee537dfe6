#!/bin/bash
# pk-watch beside the physical floor (C loops around inotify and a timer) and inotifywait, in one run: a ratio and its goal
# on each line. A figure counts only after the runs, paths and status behind it were checked. PK_BIN and PK_TOP come from
# `make bench`. About two minutes; PART="ready lost" picks parts.
set -u
export LC_ALL=C
dir=$(mktemp -d) || exit 1
pid=
# A watcher that was stopped to let its queue overflow must be able to end.
# shellcheck disable=SC2046
finish() {
	[ -z "$pid" ] || { kill -CONT -- "-$pid" $(pgrep -P "$pid"); kill -TERM -- "-$pid"; } 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$dir" || exit 1
pk=$PK_BIN/pk-watch
export STAMP_FIFO=$dir/fifo
${CC:-gcc} -O2 -w -static -D_GNU_SOURCE "$PK_TOP/tests/helpers/watchbench.c" -o wb || exit 1
mkfifo fifo
exec 7<>fifo

fail() { echo "not ok  $*"; touch "$dir/failed"; }
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
# line WHAT OURS THEIRS GOAL: the ratio and whether it is at most the goal.
line() { awk -v w="$1" -v a="$2" -v b="$3" -v g="$4" 'BEGIN {
	r = b > 0 ? a / b : 0; printf "%-46s %10.2f / %10.2f = %5.2f  goal <= %s  %s\n", w, a, b, r, g, r <= g ? "reached" : "MISSED" }'; }
up() {
	setsid "$@" </dev/null >out 2>err &
	pid=$!
}
# The watcher in a session of its own; in command mode pk-guard is the one that holds the watches.
down() {
	kill -TERM -- "-$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=
}
drain() { while IFS= read -r -t 0.01 -N 1 -u 7; do :; done; }
ready() { until grep -qs '"event":"ready"' events; do sleep 0.01; done; }
watch() {
	rm -f events
	up "$pk" --events events "$@"
	ready
}
cpu() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; }
switches() { awk '/^volun/ { print $2 }' "/proc/$1/status"; }
have() { command -v "$1" >/dev/null; }

part_latency() {
	local rounds=3 i
	# latency NAME GAP WARM CMD...: append "median p95" to the file NAME.
	latency() {
		local name=$1 gap=$2 warm=$3
		shift 3
		rm -rf d
		mkdir d
		echo >d/f
		drain
		up "$@"
		sleep "$warm"
		read -r med p95 missed extra < <(./wb latency d/f 20 "$gap")
		down
		[ "$missed $extra" = '0 0' ] || fail "$name: $missed missed, $extra extra runs"
		echo "$med" >>"$name.med"
		echo "$p95" >>"$name.p95"
	}
	echo "latency, close of a file to the command's main(), ms: ours / inotify, vfork and exec (medians of $rounds rounds)"
	for ((i = 0; i < rounds; i++)); do
		latency floor 80 0.2 ./wb floor d/f ./wb stamp
		latency zero 80 0.4 "$pk" -d 0 -p d -- ./wb stamp
	done
	latency default 200 0.4 "$pk" -p d -- ./wb stamp
	latency restart 100 0.4 "$pk" -d 0 -r -p d -- ./wb stamp
	floor=$(median <floor.med)
	line '  -d 0, median' "$(median <zero.med)" "$floor" 1.15
	line '  -d 0, 95 of 100' "$(median <zero.p95)" "$(median <floor.p95)" 1.5
	line '  -d 0 -r, median' "$(cat restart.med)" "$floor" 2.5
	line '  default: beside 50 ms + 1.3 floors' "$(cat default.med)" "$(echo "50 + 1.3 * $floor" | bc -l)" 1.0
	if have entr; then
		latency entr 200 0.4 sh -c 'echo d/f | entr -np ./wb stamp'
		line '  default: beside entr' "$(cat default.med)" "$(cat entr.med)" 1.0
	fi
}

part_ready() {
	local i ours floor looks begin peer
	echo 'ready on 10,011 directories with 99,000 files, ms: ours / one thread that does nothing else'
	(./wb tree "$dir/tree")
	./wb scan tree >/dev/null
	for i in 1 2 3 4 5; do
		./wb scan tree >>floors
		"$pk" --events ready -I 1ms tree
		[ $? = 124 ] || fail 'status of -I'
	done
	floor=$(median <floors)
	grep '"event":"ready"' ready | grep -c '"dirs":10011,' | grep -qx 5 || fail 'not all directories are watched'
	ours=$(sed -n 's/.*"event":"ready".*"elapsed_ms":\([0-9.]*\).*/\1/p' ready | median)
	line '  from start of the walk' "$ours" "$floor" 1.0
	watch tree
	memory=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	down
	line '  peak memory, KiB' "$memory" 3072 1.0
	if have inotifywait; then
		begin=$(date +%s%N)
		up inotifywait -mr tree
		until grep -q established err; do sleep 0.005; done
		peer=$(($(date +%s%N) - begin))
		line '  memory beside inotifywait -mr' "$memory" "$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")" 0.75
		down
		line '  beside inotifywait -mr' "$ours" "$(echo "$peer / 1000000" | bc -l)" 0.45
	fi
	echo 'overflow to the run, same tree, ms: ours / looking at every file once, and the debounce'
	looks=$(for i in 1 2 3; do ./wb scan tree stat; done | median)
	watch -p tree -- true
	kill -STOP -- "-$pid"
	kill -STOP "$(pgrep -P "$pid")"
	./wb noise tree
	begin=$(date +%s%N)
	kill -CONT "$(pgrep -P "$pid")"
	kill -CONT -- "-$pid"
	until grep -q '"event":"run"' events; do sleep 0.002; done
	peer=$(($(date +%s%N) - begin))
	grep -q '"event":"overflow"' events || fail 'no overflow'
	down
	line '  overflow' "$(echo "$peer / 1000000" | bc -l)" "$(echo "$looks + 50 / 1.4" | bc -l)" 1.4

	echo 'an ignored directory of 40,000 directories, ms: with / without it'
	rm -rf tree/package0[1-9]
	for i in 1 2 3; do "$pk" --events before -I 1ms tree; done
	mkdir -p tree/node_modules
	(cd tree/node_modules && for i in {1..40}; do mkdir "$i" && (cd "$i" && mkdir $(seq 999)); done)
	for i in 1 2 3; do "$pk" --events after -I 1ms tree; done
	dirs() { sed -n 's/.*"event":"ready".*"watches":\([0-9]*\).*/\1/p' "$1" | median; }
	elapsed() { sed -n 's/.*"event":"ready".*"elapsed_ms":\([0-9.]*\).*/\1/p' "$1" | median; }
	[ "$(dirs before)" = "$(dirs after)" ] || fail "$(dirs after) watches, $(dirs before) without"
	line '  ready' "$(elapsed after)" "$(elapsed before)" 1.3
	rm -rf tree
}

part_lost() {
	local i ours before wakes
	echo 'lost changes: found of those made'
	# found WHAT WANTED PATTERN: so many different paths of out match.
	found() {
		local tries=0 n
		until n=$(grep -ao "$3" out | sort -u | wc -l) && [ "$n" -ge "$2" ]; do
			tries=$((tries + 1))
			[ $tries -lt 300 ] || { fail "$n of $2 $1"; return; }
			sleep 0.01
		done
		echo "  $n of $2 $1"
	}
	mkdir w
	./wb burst w
	mkdir -p m/in/x
	echo >m/in/x/f
	watch -p w
	./wb nest w
	found 'in directories that were just made' 200 'n[0-9]*/b/c/d/leaf$'
	mv m/in w/in
	found 'in a directory moved in' 1 'w/in/x/f$'
	echo 2 >>w/in/x/f
	mv w/in w/out
	echo 3 >>w/out/x/f
	found 'after it was renamed' 1 'w/out/x/f$'
	for i in {1..50}; do
		rm -rf w/again
		mkdir w/again
		echo >"w/again/f$i"
		until grep -q "w/again/f$i\$" out; do sleep 0.002; done
	done
	found 'in a directory made anew' 50 'w/again/f[0-9]*$'
	sleep 0.2
	before=$(cpu "$pid") wakes=$(switches "$pid")
	./wb burst w
	sleep 0.5
	ours=$(($(cpu "$pid") - before))
	line '10,000 writes: wake-ups' "$(($(switches "$pid") - wakes))" 400 1.0
	kill -STOP "$pid"
	./wb noise w
	: >out
	./wb burst w
	kill -CONT "$pid"
	found 'after an overflow' 10000 'p[0-9]*/x[0-9]*$'
	down
	if have inotifywait; then
		up inotifywait -mqr -e close_write,create,moved_to --format %w%f w
		sleep 1
		before=$(cpu "$pid")
		./wb burst w
		sleep 0.5
		line '10,000 writes: CPU beside inotifywait, ms' "$ours" "$(($(cpu "$pid") - before))" 0.5
		down
	fi
	rm -rf w
}

part_atomic() {
	local i missed=0 began
	echo '100 files replaced by rename at once, a checkout of 3,000 files: runs'
	mkdir w
	for i in {1..100}; do echo >"w/f$i"; done
	watch -p w -- ./wb stamp
	for i in {1..100}; do echo n >"r$i"; done
	drain
	for i in {1..100}; do mv "r$i" "w/f$i"; done
	sleep 0.4
	line '  runs for 100 files' "$(grep -c '"event":"run"' events)" 1 1
	drain
	for i in {1..100}; do
		echo e >>"w/f$i"
		IFS= read -r -t 0.5 -N 1 -u 7 || missed=$((missed + 1))
		drain
		sleep 0.05
	done
	down
	[ "$missed" = 0 ] || fail "$missed of 100 later edits missed"
	rm -rf w
	git init -q w
	(cd w && git config user.email a@b && git config user.name a && mkdir d && cd d &&
		for i in {1..3000}; do echo 1 >"f$i"; done && git add . && git commit -qm 1 && git checkout -qb two &&
		for i in {1..3000}; do echo 22 >"f$i"; done && git commit -qam 2)
	watch -p --max-wait 5s w -- true
	began=$SECONDS
	git -C w checkout -q -
	sleep 0.5
	line '  runs for a checkout' "$(grep -c '"event":"run"' events)" $((1 + (SECONDS - began) / 5)) 1
	down
	rm -rf w
}

part_steady() {
	local began first writer
	echo 'a writer that never stops, every 20 ms: the first run, ms'
	mkdir w
	watch -p w -- ./wb stamp
	drain
	while :; do echo >>w/log; sleep 0.02; done &
	writer=$!
	began=$(date +%s%N)
	IFS= read -r -t 5 -N 1 -u 7
	first=$(($(date +%s%N) - began))
	kill $writer
	wait $writer 2>/dev/null
	down
	line '  beside --max-wait of 1 s and 60 ms' "$(echo "$first / 1000000" | bc -l)" 1060 1.0
	rm -rf w
}

part_idle() {
	local before wakes i
	echo 'idle for 10 s'
	mkdir w
	watch w
	before=$(cpu "$pid") wakes=$(switches "$pid")
	sleep 10
	line '  switches, of 1' "$(($(switches "$pid") - wakes))" 1 0
	line '  CPU, ms' "$(($(cpu "$pid") - before))" 1 0
	down
	for i in {1..1000}; do echo >"w/f$i"; done
	watch --poll 1s w
	before=$(cpu "$pid")
	sleep 5
	line '  comparing 1,000 files every second: CPU' "$(($(cpu "$pid") - before))" 5000 0.01
	down
	rm -rf w
}

part_stop() {
	local i began
	echo 'restarts'
	mkdir w
	: >servers
	# shellcheck disable=SC2016
	watch -r -d 0 -p w -- sh -c 'exec "$PK_HELPERS/server" port >>servers'
	began=$(date +%s%N)
	for i in {1..200}; do
		echo >w/f
		until [ "$(wc -l <servers)" -ge "$i" ]; do sleep 0.001; done
	done
	echo "  200 restarts of a server with one port: $((($(date +%s%N) - began) / 200000000)) ms each"
	down
	[ "$(sort -u servers)" = up ] || fail 'a port was in use'
	[ "$(wc -l <servers)" = 200 ] || fail "$(wc -l <servers) starts"
	pgrep -x server -s "$$" >/dev/null && fail 'a server is left'
	watch -r -k 100ms -p w -- sh -c 'trap "" TERM; while :; do sleep 1; done'
	echo >w/f
	until grep -q '"event":"run"' events; do sleep 0.01; done
	sleep 0.1
	echo >w/f
	until [ "$(grep -c '"event":"run"' events)" = 2 ]; do sleep 0.01; done
	line '  a child that ignores TERM, from TERM to gone, ms' "$(stop_time)" 110 1.0
	down
	rm -rf w
}
# From the stop signal to the exit of the first run.
stop_time() {
	sed -n 's/.*T\(..\):\(..\):\([0-9.]*\)Z.*"event":"\(stop\|exit\)".*/\1 \2 \3/p' events |
		awk '{ t = ($1 * 60 + $2) * 60 + $3 } NR == 1 { a = t } NR == 2 { print (t - a) * 1000 }'
}

part_ticks() {
	local ours floor drift
	echo 'ticks of 50 ms'
	watch -p --every 50ms -- true
	until [ "$(grep -cs '"event":"tick"' events)" -ge 101 ]; do sleep 0.1; done
	down
	drift=$(sed -n 's/.*T..:\(..\):\(..\.[0-9]*\)Z.*"event":"tick".*/\1 \2/p' events |
		awk 'NR == 1 { a = $1 * 60 + $2 } NR == 101 { d = $1 * 60 + $2 - a - 5; print (d < 0 ? -d : d) * 1000 }')
	line '  how far the 101st is from its place, ms' "$drift" 2 1.0
	drain
	up ./wb ticks 50 ./wb stamp
	floor=$(./wb offset 50 40) || fail 'no ticks'
	down
	drain
	watch -p --every 50ms --align -- ./wb stamp
	ours=$(./wb offset 50 40) || fail 'no ticks'
	down
	line '  deadline to main(), ms: ours / timerfd' "$ours" "$floor" 1.3
}

for part in ${PART:-latency ready lost atomic steady idle stop ticks}; do
	"part_$part"
done
[ ! -e failed ]
