#!/bin/sh
# totals.sh STAMPS NAME...: add up the TAP of the named test programs and print "N passed, N failed".
# A program without a stamp that reported no failed test did not build, crashed or was stopped: one failure.
stamps=$1
shift
for name; do
	if [ -f "$stamps/$name" ]; then
		printf 'program %s passed\n' "$name"
		cat "$stamps/$name"
	else
		printf 'program %s failed\n' "$name"
		cat "$stamps/$name.log" 2>/dev/null
	fi
done | awk '
	function finish() {
		if (program == "")
			return
		if (planned > seen) {
			printf "not run %s: %d of %d tests\n", program, planned - seen, planned
			failed += planned - seen
			bad += planned - seen
		}
		if (!ok && !bad) {
			printf "not ok  %s: did not build, crashed or was stopped\n", program
			failed++
		}
		if (ok && !seen && !counted) {
			printf "not ok  %s: ran no test\n", program
			failed++
		}
	}
	$1 == "program" && NF == 3 && ($3 == "passed" || $3 == "failed") {
		finish()
		program = $2
		ok = $3 == "passed"
		planned = seen = bad = counted = 0
		next
	}
	# A message that was cut may leave the next result behind it on its line.
	!/^(not )?ok / && !/^#/ && match($0, /not ok [0-9]+ - /) { $0 = substr($0, RSTART) }
	/^1\.\.[0-9]+/ { planned += substr($1, 4) }
	/^(not )?ok [0-9]+ (.* )?# SKIP/ { seen++; skipped++; next }
	/^ok [0-9]+/ { seen++; passed++ }
	/^not ok [0-9]+/ {
		seen++
		bad++
		failed++
		sub(/^not ok [0-9]+ (- )?/, "")
		printf "not ok  %s: %s\n", program, $0
	}
	/^[0-9]+ passed, [0-9]+ failed$/ { counted++; passed += $1; failed += $3; bad += $3 }
	END {
		finish()
		if (skipped)
			printf "%d skipped\n", skipped
		printf "%d passed, %d failed\n", passed, failed
		exit failed > 0
	}'
