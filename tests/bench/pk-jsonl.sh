#!/bin/bash
# pk-jsonl beside jq, wc and a bare fork and exec, in one run: a ratio and its goal on each line. A time counts only
# after status and output were checked. PK_BIN comes from `make bench`; MB is the size of the log (default 64).
set -u
export LC_ALL=C
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
pk=$PK_BIN/pk-jsonl mb=${MB:-64}

fail() { echo "not ok  $*" | tee -a "$dir/failed"; }
# best COMMAND...: the shortest of five runs, in microseconds; its output is in `out`.
best() {
	local least=999999999 begin us
	for _ in 1 2 3 4 5; do
		begin=$(date +%s%N)
		"$@" >out 2>err || { fail "$* (status $?)"; return; }
		us=$((($(date +%s%N) - begin) / 1000))
		[ $us -ge $least ] || least=$us
	done
	echo $least
}
# line WHAT OURS THEIRS GOAL: rates, the more the better.
line() { awk -v w="$1" -v a="$2" -v b="$3" -v g="$4" 'BEGIN {
	r = b > 0 ? a / b : 0; printf "%-34s %8.0f / %8.0f = %6.2f  goal >= %s  %s\n", w, a, b, r, g, (r >= g ? "reached" : "MISSED") }'; }

# Log records of some 300 bytes: nested, escaped, some not ASCII.
awk -v size=$((mb * 1000000)) 'BEGIN {
	srand(1)
	split("request request request request spawn exit retry gc", type)
	split("200 200 200 201 304 404 500 503", status)
	for (i = 0; n < size; i++) {
		line = sprintf("{\"ts\":\"2025-08-15T08:53:20.%03dZ\",\"type\":\"%s\",\"pid\":%d,\"id\":\"%08x-%04x\",\"msg\":\"connection reset by peer%s\",\"http\":{\"method\":\"GET\",\"path\":\"/api/v1/%d\",\"status\":%d,\"ms\":%.3f},\"ok\":%s,\"err\":null,\"tags\":[\"queue\",\"worker\"],\"acct\":%d}",
			i % 1000, type[1 + int(rand() * 8)], rand() * 64000, rand() * 2 ^ 31, rand() * 65536, i % 7 ? "" : " \\\"caf\303\251\\\" C:\\\\temp", rand() * 1e6, status[1 + int(rand() * 8)], rand() * 2000, i % 10 ? "true" : "false", rand() * 2 ^ 53)
		print line
		n += length(line) + 1
	}
}' >log
bytes=$(stat -c %s log)
head -c $((bytes / 8)) log | sed '$d' >small
small=$(stat -c %s small)
lines=$(wc -l <small)

[ "$("$pk" count small)" = "$lines" ] || fail count
[ "$("$pk" filter -w type=spawn small | md5sum)" = "$("$pk" filter --unchecked -w type=spawn small | md5sum)" ] || fail unchecked
if command -v jq >/dev/null; then
	[ "$("$pk" count -w 'http.status>=500' small)" = "$(jq -c 'select(.http.status>=500)' small | wc -l)" ] || fail nested
	jq_rate() { us=$(best jq "$@" small); echo $((small / us)); }
	rate() { us=$(best "$pk" "$@" log); echo $((bytes / us)); }
	echo "MB/s: ours / jq's"
	line 'validate' "$(rate validate)" "$(jq_rate -n 'reduce inputs as $x (0; . + 1)')" 22
	jq=$(jq_rate -c 'select(.type == "spawn")')
	line 'filter' "$(rate filter -w type=spawn)" "$jq" 20
	line 'filter --unchecked' "$(rate filter --unchecked -w type=spawn)" "$jq" 45
	line 'nested number' "$(rate filter -w 'http.status>=500')" "$(jq_rate -c 'select(.http.status >= 500)')" 20
	line 'select three' "$(rate filter -s ts,type,pid)" "$(jq_rate -c '{ts, type, pid}')" 20
	line 'count by' "$(rate count -b type)" "$(jq_rate -n 'reduce inputs as $x ({}; .[$x.type] += 1)')" 20
else
	echo 'jq is not installed: its rows are left out'
fi
echo "MB/s: ours / wc -l"
line 'count --lines' "$((bytes / $(best "$pk" count --lines log)))" "$((bytes / $(best wc -l log)))" 0.9

append() { rm -f to && "$pk" append "$@" to <log; }
many() { for _ in {1..200}; do "$@" || return; done; }
records=$(wc -l <log)
echo "thousand records/s: ours / goal of the study"
line 'append --no-stamp from stdin' "$((records * 1000 / $(best append --no-stamp)))" 1000 1
cmp -s log to || fail 'append: the file differs'
line 'append from stdin' "$((records * 1000 / $(best append)))" 700 1
[ "$("$pk" count to)" = "$records" ] || fail 'append: records are missing'
echo "processes/s: ours / fork and exec of true"
line 'one record, one process' "$((200 * 1000000 / $(best many "$pk" append one v=1)))" \
	"$((200 * 1000000 / $(best many /bin/true)))" 0.87
[ "$("$pk" count --strict one)" = 1000 ] || fail 'one: records are missing'
[ ! -e failed ]
