#!/bin/bash
# Agents call a model: fifty at once with five different questions are five runs, never more than three at a time, behind
# one circuit breaker.
. "${BASH_SOURCE%/*}/recipe.bash"
stub call-model <<'STUB'
#!/bin/sh
echo "start $PK_SLOT $1" >>calls
read -r _ <gate
echo "end $PK_SLOT $1" >>calls
[ ! -e down ] || exit 7
echo "answer to $1"
STUB
stub agent <<'SCRIPT'
#!/bin/bash
hash=$1
# recipe
mkdir -p cache
pk-retry --share cache/$hash -b api.breaker -l api.slots --slots 3 -n 3 -d 1s -t 60s -- ./call-model $hash
# end
SCRIPT
hurry agent s/1s/10ms/
mkfifo gate
for i in {0..49}; do
	PK_EVENTS=$PWD/events ./agent "q$((i % 5))" >"out$i" &
	started+=($!)
done
# Forty-five wait for the answers of five, two of which wait for a slot.
waiting() {
	[ "$(pk-jsonl count -w event=share -w role=wait events)" -eq 45 ] &&
		[ "$(pk-jsonl count -w event=lock_wait events)" -eq 2 ]
}
wait_until waiting
# One line for each call lets it go on.
exec 3<>gate
printf 'go\ngo\ngo\ngo\ngo\n' >&3
wait
expect 'five runs for fifty callers' [ "$(grep -c start calls)" -eq 5 ]
expect 'never more than three at once' awk '{ n += $1 == "start" ? 1 : -1 } n > 3 { exit 1 }' calls
expect 'three slots' [ "$(awk '/start/ { print $2 }' calls | sort -u | tr -d '\n')" = 123 ]
for i in {0..49}; do
	expect 'the answer to its own question' [ "$(cat "out$i")" = "answer to q$((i % 5))" ]
done
# The service is down: one breaker for all.
touch down
for _ in {1..20}; do echo go >&3; done
for i in 5 6 7 8 9; do ./agent "q$i" 2>/dev/null || true; done
calls=$(wc -l <calls)
expect 'the circuit is open' [ "$(status_of ./agent q10 2>/dev/null)" -eq 75 ]
expect 'and nobody has called' [ "$(wc -l <calls)" -eq "$calls" ]
