# shellcheck shell=bash disable=SC1010,SC2016,SC2154
# What pk-atomic-write promises, as runs of the torture: f holds "old" before, and afterwards all of the old or all of
# the new content (stdin is empty here) as the status says. Only a SIGKILL may leave a temporary name, and the next run
# removes it.

whole() {
	local old="\"\$(cat f)\" = old" new="$1"
	echo 'case $PK_FAULT_STATUS in' \
		"0 | 122) test $new ;;" \
		"129 | 130 | 131 | 137 | 143) test $old || test $new ;;" \
		"*) test $old ;; esac || exit 1;" \
		'for name in .f.pk*; do [ -e "$name" ] || continue;' \
		'[ "$PK_FAULT" = KILL ] || [ "$PK_FAULT_STATUS" = 137 ] || exit 1;' \
		"echo healed | '$bin/pk-atomic-write' --sync=none f || exit 1; [ ! -e \"\$name\" ] || exit 1; done"
}
empty=$(whole '! -s f')
made=$(whole '"$(cat f)" = new')
upper=$(whole '"$(cat f)" = OLD')
old='printf old > f; chmod 640 f'

# 123: a file that cannot be looked at is not the one that was asked for; a check that is killed has not passed.
# leftover: without a lease the stray process is stopped all the same, and what it wrote until then counts.
scenario plain 0,122 --files f --setup "$old" --check "$empty; test \"\$(stat -c %a f)\" = 640" -- f
scenario lazy 0,122 --files f --setup "$old" --check "$empty" -- --sync=none f
scenario backup 0,122 --files f,f~ --setup "$old" --check "$empty" -- -b f
scenario changed 0,122 --files f --setup "$old" --check "$empty" -- -u f
scenario same 0,122 --files f --setup ': > f' --check 'test ! -s f' -- -u f
scenario match 0,122,123 --files f --setup "$old" --check "$empty" -- --if-match=any f
scenario non-empty 123 --files f --setup "$old" --check 'test "$(cat f)" = old' -- -n f
scenario create 0,122 --files f --check 'test ! -e f || test ! -s f' -- --if-match=none f
scenario parents 0,122 --files d --check 'test ! -e d/f || test ! -s d/f' -- -D d/f
scenario command 0,122 --files f --lines 2 --setup "$old" --check "$made" -- f -- printf new
scenario edit 0,122,123 --files f --lines 2 --setup "$old" --check "$upper" -- -e f -- tr a-z A-Z
scenario refused 3 --files f --lines 2 --setup "$old" --check 'test "$(cat f)" = old' -- f -- sh -c 'printf new; exit 3'
scenario leftover 0,122,125 --files f --lines 2 --setup "$old" --check "$empty" -- -k 50ms f -- sh -c 'setsid sleep 30 & exit 0'
scenario checked 0,122,123 --files f --lines 2 --setup "$old" --check "$empty" -- --check 'test ! -s "$PK_NEW"' f
scenario events 0,122 --files f,events --lines 2 --setup "$old" --check "$made" -- --events events f -- printf new
