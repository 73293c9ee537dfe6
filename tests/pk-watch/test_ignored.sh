#!/bin/bash
# test_ignored.sh: random trees with ignore lists at every level. Every file is written to, and what pk-watch prints must be
# what git calls untracked and not ignored. The seed is fixed: each run tries the same trees.
rounds=${1:-12}
passed=0 failed=0
command -v git >/dev/null || { echo '0 passed, 0 failed'; exit 0; }
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null LC_ALL=C
dir=$(mktemp -d) || exit 1
cd "$dir" || exit 1
finish() {
	[ -z "${pid-}" ] || { kill -TERM "$pid"; wait "$pid"; }
	cd / && rm -rf "$dir"
}
trap finish EXIT
RANDOM=${SEED:-7}
# pick WORD...: one of them, in $picked.
pick() { shift $((RANDOM % $#)); picked=$1; }
pattern() {
	local text='' i
	for ((i = RANDOM % 3; i >= 0; i--)); do
		pick a b c '*' '**' '?' '[ab]' '[!c]' a/ /a b/ '**/' '/**' x.o '*.o' 'a*' '\b'
		text+=$picked
	done
	[ $((RANDOM % 4)) = 0 ] && text=!$text
	[ $((RANDOM % 4)) = 0 ] && text+=/
	printf '%s\n' "$text"
}
list() {
	local i
	for ((i = RANDOM % 4; i >= 0; i--)); do pattern; done >"$1"
}
for ((round = 1; round <= rounds; round++)); do
	rm -rf w
	mkdir w
	git init -q w
	[ $((RANDOM % 3)) = 0 ] && list w/.git/info/exclude
	mkdir -p w/{a,b,c}/{a,b,c}/{a,b}
	touch w/{a,b,c}/{a,b,c}/{a,b}/{x.o,ab,y} w/{a,b,c}/{a,b,c}/{x.o,ab} w/{a,b,c}/x.o w/x.o w/y
	list w/.gitignore
	for place in w/*/ w/*/*/; do
		[ $((RANDOM % 5)) = 0 ] && list "$place.gitignore"
	done
	git -C w ls-files --others --exclude-standard | grep -v '\.gitignore$' | sort >wanted
	: >ready
	# The directory of the work tree, or one inside it: the lists above count there, too.
	inside=w
	[ $((round % 3)) = 0 ] && inside=w/a
	"$PK_BIN/pk-watch" --events ready -i '!end' "$inside" >out &
	pid=$!
	until grep -qs '"ready"' ready; do sleep 0.01; done
	find w -name .git -prune -o -type f ! -name .gitignore -exec sh -c 'for f; do echo >>"$f"; done' sh {} +
	echo >"$inside/end"
	until grep -qs '/end$' out; do sleep 0.01; done
	kill -TERM "$pid"
	wait "$pid"
	pid=
	# An explicit PATH is watched even where git ignores it: then the end alone is seen, or what its own lists leave.
	grep "^${inside}/" <<<"$(sed 's|^|w/|' wanted)" | sort >should
	grep -v '/end$' out | sort >printed
	if [ "$inside" != w ] && git -C w check-ignore -q a; then
		passed=$((passed + 1))
	elif cmp -s should printed; then
		passed=$((passed + 1))
	else
		echo "not ok  round $round:"
		diff should printed
		head -50 w/.gitignore w/.git/info/exclude w/*/.gitignore w/*/*/.gitignore
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
