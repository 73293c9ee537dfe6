#!/bin/bash
# Ten jobs share a circuit breaker: when the service is down, three attempts find out, and the rest leave it alone.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

refused=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
	status=0
	pk-retry -q -n 2 -d 1ms -b api.breaker --breaker-threshold 3 -- sh -c 'echo call >>calls; exit 7' || status=$?
	[ $status != 75 ] || refused=$((refused + 1))
done
echo "$(wc -l <calls) calls, $refused jobs refused"
[ "$(wc -l <calls)" -eq 3 ] && [ $refused -eq 8 ]
grep -q '"state":"open"' api.breaker
