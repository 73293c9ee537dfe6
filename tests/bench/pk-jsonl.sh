#!/bin/bash
# pk-jsonl beside jq, simdjson, memchr and a bare fork and exec, in one run: a ratio and its goal on each line. A time
# counts only after status and output were checked. PK_BIN comes from `make bench`; MB is the size of the log (default
# 64), RECORDS what each of 64 writers appends (default 100).
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

# The peers that have to be built; without a C++ compiler or simdjson its rows are left out.
cat >peer.c <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char block[262144];

/* lines FILE: newlines by memchr. sync FILE: each line of stdin by write and fdatasync. */
int main(int argc, char **argv)
{
	long lines = 0;
	ssize_t n;
	int fd = open(argv[2], argc > 1 && *argv[1] == 'l' ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (*argv[1] == 's') {
		while (fgets(block, sizeof(block), stdin))
			if (write(fd, block, strlen(block)) < 0 || fdatasync(fd) < 0)
				return 1;
		return 0;
	}
	while ((n = read(fd, block, sizeof(block))) > 0)
		for (char *p = block, *end = block + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
			lines++;
	printf("%ld\n", lines);
	return fd < 0;
}
C
cat >peer.cpp <<'C'
#include <cstdio>
#include <simdjson.h>
using namespace simdjson;

/* validate FILE: each line by the DOM. type, status FILE: count what matches, On-Demand. */
int main(int, char **argv)
{
	padded_string json = padded_string::load(argv[2]).value();
	long count = 0;

	if (*argv[1] == 'v') {
		dom::parser parser;
		const char *at = json.data(), *end = at + json.size();

		while (at < end) {
			const char *newline = static_cast<const char *>(memchr(at, '\n', end - at));
			dom::element element;

			count += parser.parse(at, newline - at, false).get(element) == SUCCESS;
			at = newline + 1;
		}
	} else {
		ondemand::parser parser;
		ondemand::document_stream stream;

		if (parser.iterate_many(json.data(), json.size(), 1000000).get(stream))
			return 1;
		for (auto document : stream) {
			std::string_view type;
			double status;

			if (*argv[1] == 't')
				count += !document["type"].get_string().get(type) && type == "spawn";
			else
				count += !document["http"]["status"].get_double().get(status) && status >= 500;
		}
	}
	printf("%ld\n", count);
}
C
cc -O2 -o peer peer.c || exit 1
g++ -O3 -march=native -std=c++17 -DNDEBUG -o simdjson peer.cpp -lsimdjson 2>/dev/null

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
	ours() { us=$(best "$pk" "$@" log); echo $((bytes / us)); }
	echo "MB/s: ours / jq's"
	line 'validate' "$(ours validate)" "$(jq_rate -n 'reduce inputs as $x (0; . + 1)')" 22
	jq=$(jq_rate -c 'select(.type == "spawn")')
	line 'filter' "$(ours filter -w type=spawn)" "$jq" 20
	line 'filter --unchecked' "$(ours filter --unchecked -w type=spawn)" "$jq" 45
	line 'nested number' "$(ours filter -w 'http.status>=500')" "$(jq_rate -c 'select(.http.status >= 500)')" 20
	line 'select three' "$(ours filter -s ts,type,pid)" "$(jq_rate -c '{ts, type, pid}')" 20
	line 'count by' "$(ours count -b type)" "$(jq_rate -n 'reduce inputs as $x ({}; .[$x.type] += 1)')" 20
else
	echo 'jq is not installed: its rows are left out'
fi
rate() { us=$(best "$@" log); echo $((bytes / us)); }
if [ -x simdjson ]; then
	[ "$(./simdjson type log)" = "$("$pk" count -w type=spawn log)" ] || fail simdjson
	echo "MB/s: ours / that of a simdjson process"
	line 'validate' "$(rate "$pk" validate)" "$(rate ./simdjson validate)" 1.6
	simdjson=$(rate ./simdjson type)
	line 'filter' "$(rate "$pk" filter -w type=spawn)" "$simdjson" 1.2
	line 'filter --unchecked' "$(rate "$pk" filter --unchecked -w type=spawn)" "$simdjson" 2.5
	line 'nested number, --unchecked' "$(rate "$pk" filter --unchecked -w 'http.status>=500')" "$(rate ./simdjson status)" 2
else
	echo 'simdjson cannot be built here: its rows are left out'
fi
echo "MB/s: ours / memchr's, and with 1 % of the lines malformed / with none"
line 'count --lines' "$(rate "$pk" count --lines)" "$(rate ./peer lines)" 0.9
awk 'NR % 100 == 50 { $0 = substr($0, 1, length($0) / 2) } { print }' log >bad
"$pk" validate -q bad
[ "$("$pk" validate --report bad | wc -l)" = $((($(wc -l <bad) + 50) / 100)) ] || fail malformed
malformed() { "$pk" validate -q "$1" || [ $? = 1 ]; }
line 'validate, 1 % malformed' "$((bytes / $(best malformed bad)))" "$(rate "$pk" validate)" 0.9

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
echo "records/s: ours / without --sync; ours / a loop of write and fdatasync"
line 'append --sync batch' "$((records * 1000 / $(best append --no-stamp --sync batch)))" \
	"$((records * 1000 / $(best append --no-stamp)))" 0.5
head -500 log >few
few() { rm -f to && "$@" to <few; }
line 'append --sync record' "$((500 * 1000000 / $(best few "$pk" append --no-stamp --sync record)))" \
	"$((500 * 1000000 / $(best few ./peer sync)))" 0.9

echo "4 MB / peak memory of validate, in KB"
mkfifo pipe
"$pk" validate pipe &
exec 9>pipe
cat log >&9
peak=$(awk '/VmHWM/ { print $2 }' /proc/$!/status)
exec 9>&-
wait $! || fail 'validate of a pipe'
line 'peak memory' 4096 "$peak" 1

echo "50 rotations under a writer, with a follower: records kept / written, shown / written"
seq 0 1000000 | sed 's/.*/{"i":&}/' >numbers
echo '{"i":0}' >rotated
"$pk" follow -q -n +1 --until i=1000000 rotated >shown &
until [ -s shown ]; do sleep 0.01; done
begin=$(date +%s%N)
"$pk" append --no-stamp --max-size $(($(stat -c %s numbers) / 50)) --keep 60 rotated < <(tail -n +2 numbers) || fail 'append with rotation'
us=$((($(date +%s%N) - begin) / 1000))
wait $! || fail follow
[ "$(find . -name 'rotated.*' | wc -l)" -ge 50 ] || fail 'fewer than 50 rotations'
cat rotated rotated.* | sort | cmp -s - <(sort numbers) || fail 'rotation: not the same records'
cmp -s shown numbers || fail 'follow: not the same records'
line 'kept' "$(cat rotated rotated.* | wc -l)" 1000001 1
line 'shown' "$(wc -l <shown)" 1000001 1
line 'records/s / goal of the study' $((1000000 * 1000000 / us)) 100000 1

echo "64 writers of up to 100 KB a record, half of them killed with SIGKILL: records of the others / written"
count=${RECORDS:-100}
writer() {
	awk -v w="$1" -v n="$count" 'BEGIN {
		srand(w); for (text = "x"; length(text) < 100000;) text = text text
		for (i = 0; i < n; i++) printf "{\"w\":%d,\"i\":%d,\"text\":\"%s\"}\n", w, i, substr(text, 1, 100 + rand() * 99900) }' >"in.$1"
}
for w in {1..64}; do writer "$w"; done
pids=() kept=0
for w in {1..64}; do
	"$pk" append --no-stamp many <"in.$w" &
	pids+=($!)
done
disown "${pids[@]:0:32}" # the shell need not tell of their end
for w in {1..32}; do kill -9 "${pids[w - 1]}" 2>/dev/null; done
for w in {33..64}; do wait "${pids[w - 1]}" || fail "writer $w"; done
for w in {33..64}; do "$pk" filter -w "w=$w" many 2>/dev/null | cmp -s - "in.$w" && kept=$((kept + count)); done
line 'kept' $kept $((32 * count)) 1
[ ! -e failed ]
