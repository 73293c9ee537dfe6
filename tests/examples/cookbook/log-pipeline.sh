#!/bin/bash
# A service's output becomes a log that rotates by size; somebody follows it for errors and loses none over a rotation.
. "${BASH_SOURCE%/*}/recipe.bash"
stub service <<'STUB'
#!/bin/bash
for ((i = 1; i <= 3000; i++)); do
	if ((i % 100 == 0)); then echo "{\"level\":\"error\",\"n\":$i}"; else echo "{\"level\":\"info\",\"n\":$i}"; fi
done
STUB
stub run <<'SCRIPT'
#!/bin/bash
# recipe
pk-jsonl follow -n +1 -w level=error -s n --until n=3000 -t 30s log.jsonl >errors &
./service | pk-jsonl append --max-size 64K --keep 9 log.jsonl
wait $!
pk-jsonl count --by level log.jsonl log.jsonl.[0-9]
# end
SCRIPT
./run >counts
cat counts
expect 'thirty errors seen' [ "$(wc -l <errors)" -eq 30 ]
expect 'no record lost' [ "$(cat counts)" = "$(printf 'info\t2970\nerror\t30')" ]
expect 'the log was rotated' [ -e log.jsonl.1 ]
