#!/bin/bash
# lint.sh: every check of the sources that needs no run of a test; MAKE, CLANG and LAYERS come from the Makefile. All
# checks run, then "N passed, N failed" is printed.
BIN=build/lint-gcc/bin
passed=0 failed=0
mapfile -t sources < <(find common cmd tests -name '*.c' | sort)
mapfile -t headers < <(find common cmd tests -name '*.h' | sort)
mapfile -t product < <(find common cmd -name '*.c' | sort)
mapfile -t scripts < <(find tests .ci -name '*.sh' -o -path .ci/run | sort)
mapfile -t tools < <(find cmd -mindepth 2 -name main.c -printf '%h\n' | sed 's,.*/,,' | sort)
flags=(-std=c17 -D_GNU_SOURCE '-DPK_VERSION="0"' -I. -Itests/lib)

check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "ok      $name"
		passed=$((passed + 1))
	else
		printf '%s\n' "$output"
		echo "not ok  $name"
		failed=$((failed + 1))
	fi
}

cppcheck_all() {
	mkdir -p build/cppcheck
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr -j2 \
		--cppcheck-build-dir=build/cppcheck --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		-D_GNU_SOURCE '-DPK_VERSION="0"' -I. -Itests/lib "${product[@]}"
}

# The analyzer and the bug finders. Left out is what is a matter of taste or wrong here: swapped parameters, memcpy as
# unsafe, reserved names (--wrap, libFuzzer), assignment in a condition, vfork (on purpose), memcpy of text without its
# end, stores that empty a variable with a cleanup, and cert aliases of bugprone checks.
tidy_checks='-*,clang-analyzer-*,bugprone-*,cert-*,misc-redundant-expression,performance-*,
	readability-misleading-indentation,
	-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-security.insecureAPI.vfork,
	-clang-analyzer-unix.Vfork,-clang-analyzer-valist.*,-clang-analyzer-deadcode.DeadStores,
	-bugprone-easily-swappable-parameters,-bugprone-assignment-in-if-condition,-bugprone-reserved-identifier,
	-bugprone-narrowing-conversions,-bugprone-signal-handler,-bugprone-branch-clone,
	-bugprone-not-null-terminated-result,-bugprone-suspicious-include,
	-cert-dcl03-c,-cert-dcl37-c,-cert-dcl51-cpp,-cert-err33-c,-cert-sig30-c,-cert-msc30-c,-cert-msc50-cpp,
	-cert-env33-c,-cert-exp42-c,-cert-flp37-c,-performance-no-int-to-ptr'
tidy_all() {
	local dirs=()
	for tool in "${tools[@]}"; do
		dirs+=("-Icmd/$tool")
	done
	printf '%s\0' "${product[@]}" | xargs -0 -P "$(nproc)" -I '{}' clang-tidy --quiet --warnings-as-errors='*' \
		--checks="${tidy_checks//[[:space:]]/}" '{}' -- "${flags[@]}" "${dirs[@]}" 2>/dev/null
}

shellcheck_all() {
	shellcheck -S warning "${scripts[@]}" && shellcheck -S warning -s bash completions/bash/*
}

format_all() {
	local files
	files=$(clang-format --dry-run "${sources[@]}" "${headers[@]}" 2>&1 | sed -n 's/^\([^ :]*\.[ch]\):[0-9].*/\1/p' | sort | uniq -c)
	[ -z "$files" ] || printf 'make format would change:\n%s\n' "$files"
	[ -z "$files" ]
}

mandoc_all() {
	mandoc -Tlint -W warning man/*.[17]
}

man_pages() {
	local status=0
	for tool in "${tools[@]}"; do
		for file in "man/$tool.1" "completions/bash/$tool" "completions/zsh/_$tool" "completions/fish/$tool.fish"; do
			[ -f "$file" ] || { echo "$file is missing"; status=1; }
		done
	done
	[ -f man/pk.7 ] || { echo "man/pk.7 is missing"; status=1; }
	return $status
}

[ ${#sources[@]} -gt 0 ] || { echo 'lint: there are no sources' >&2; exit 2; }
# shellcheck disable=SC2086
check 'gcc -Werror' $MAKE -k OUT=build/lint-gcc CC=gcc WERROR=1 everything
# shellcheck disable=SC2086
check 'clang -Werror' $MAKE -k OUT=build/lint-clang "CC=$CLANG" WERROR=1 everything
# shellcheck disable=SC2086
check 'layers' sh tests/layers.sh $LAYERS
check 'hardening' sh tests/elf.sh dynamic "${tools[@]/#/$BIN/}"
check 'pages and completions exist' man_pages
check 'option parity' bash tests/options.sh "$BIN" "${tools[@]}"
check 'mandoc' mandoc_all
check 'shellcheck' shellcheck_all
check 'clang-format' format_all
check 'cppcheck' cppcheck_all
check 'clang-tidy' tidy_all
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
