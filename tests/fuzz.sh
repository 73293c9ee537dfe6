#!/bin/sh
# fuzz.sh DIR SECONDS TARGET...: run each libFuzzer target for SECONDS. The corpus grows in DIR/corpus, seeds come
# from tests/fuzz/corpus/TARGET, a dictionary from tests/fuzz/TARGET.dict; an input that crashes is kept in DIR.
dir=$1 seconds=$2
shift 2
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
if [ $# -eq 0 ]; then
	echo "make fuzz: there is no target" >&2
	exit 2
fi
passed=0 failed=0
for target; do
	mkdir -p "$dir/corpus/$target"
	set -- "$dir/corpus/$target"
	[ ! -d "tests/fuzz/corpus/$target" ] || set -- "$@" "tests/fuzz/corpus/$target"
	[ ! -f "tests/fuzz/$target.dict" ] || set -- "$@" "-dict=tests/fuzz/$target.dict"
	if "$dir/fuzz/$target" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		"-artifact_prefix=$dir/$target-" "$@" </dev/null >"$dir/$target.log" 2>&1; then
		echo "ok      $target $(awk '/^stat::number_of_executed_units/ { print $2 }' "$dir/$target.log") runs"
		passed=$((passed + 1))
	else
		tail -n 40 "$dir/$target.log"
		echo "not ok  $target"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
