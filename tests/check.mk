# Tests and checks; included by the Makefile.
#
# Test programs are tests/X/test_Y.c (cmocka) and tests/X/test_Y.sh (bash; TAP, or a last line "N passed, N failed").
# A C test of tool X links X.a, common.a, tests/lib/*.c and cmocka and finds the headers of cmd/X/ without a path; a
# line `/* wrap: fsync rename */` in it adds -Wl,--wrap of those names. tests/helpers/*.c and tests/fault/*.c become
# one executable each, in PK_HELPERS. tests/fuzz/fuzz_TOOL_Y.c links TOOL.a too (for pk-spawn: fuzz_spawn_Y).

FUZZ_SECONDS = 20
TEST_SECONDS = 300
JOBS := $(shell nproc 2>/dev/null || echo 2)
# What runs, from where: check-static puts release-built test programs on the static tools. A stamp in RUN/stamps
# means passed, so that only what changed runs again.
BIN = $(OUT)/bin
RUN = $(OUT)

c-tests := $(patsubst tests/%.c,%,$(filter-out tests/lib/%,$(wildcard tests/*/test_*.c)))
sh-tests := $(patsubst tests/%.sh,%,$(wildcard tests/*/test_*.sh tests/fault/selftest.sh))
fault-sample := $(if $(filter release static,$(notdir $(RUN))),$(patsubst tests/%.sh,%,$(wildcard tests/fault/torture.sh)))
tests := $(sort $(c-tests) $(sh-tests) $(fault-sample))
helper-sources := $(filter-out $(c-tests:%=tests/%.c),$(wildcard tests/helpers/*.c tests/fault/*.c))
helpers := $(patsubst %.c,$(OUT)/helpers/%,$(notdir $(helper-sources)))
fuzzers := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
folder = $(patsubst %/,%,$(dir $(1)))
archives = $(patsubst %,$(OUT)/lib/%.a,$(1) common)
submake = $(MAKE) --no-print-directory

.PHONY: tests everything fuzzers check check-stamps check-static check-asan valgrind coverage fuzz torture soak bench \
	examples demo check-packages transcript lint format deps
# `make -j deps check`: whatever else is asked for waits for deps.
$(if $(filter deps,$(MAKECMDGOALS)),$(eval $(filter-out deps,$(MAKECMDGOALS)): | deps))

tests: $(c-tests:%=$(OUT)/tests/%) $(helpers)
everything: all tests $(call objects,tests/fuzz/*.c)
fuzzers: $(fuzzers:%=$(OUT)/fuzz/%)

define c-test
$(OUT)/obj/tests/$(1).o: INCLUDE = -Icmd/$(call folder,$(1)) -Itests/lib
$(OUT)/tests/$(1): tests/$(1).c tests/check.mk $(OUT)/obj/tests/$(1).o $(call objects,tests/lib/*.c) \
	$(call archives,$(filter $(call folder,$(1)),$(tools)))
	$$(call say,LINK)
	@mkdir -p $$(@D)
	$$(call link,$$$$(sed -n '/^\/\* wrap: /s/[a-z_0-9][a-z_0-9]*/-Wl$(comma)--wrap=&/g;s/^\/\* -Wl$(comma)--wrap=wrap: \(.*\) \*\//\1/p' $$<),-lcmocka)
endef
comma := ,
$(foreach t,$(c-tests),$(eval $(call c-test,$(t))))

# Helpers are the same programs in every build: a fork storm under a sanitizer would test the sanitizer.
vpath %.c $(sort $(dir $(helper-sources)))
$(helpers): $(OUT)/helpers/%: %.c Makefile $(OUT)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -I. -O2 -g $(WARN) -MMD -MP -MF $@.d -MT $@ -o $@ $<

names = $(addsuffix _%,$(addprefix fuzz_,$(1) $(subst -,_,$(1)) $(1:pk-%=%) $(subst -,_,$(1:pk-%=%))))
fuzzed-tool = $(firstword $(foreach t,$(tools),$(if $(filter $(call names,$(t)),$(1)),$(t))))
define fuzzer
$(OUT)/obj/tests/fuzz/$(1).o: INCLUDE = $(addprefix -Icmd/,$(call fuzzed-tool,$(1)))
$(OUT)/fuzz/$(1): $(OUT)/obj/tests/fuzz/$(1).o $(call archives,$(call fuzzed-tool,$(1)))
	$$(call say,LINK)
	@mkdir -p $$(@D)
	$$(call link)
endef
$(foreach t,$(fuzzers),$(eval $(call fuzzer,$(t))))

# A test runs again when it, a helper or its tool changed; one that belongs to no tool, when any tool changed.
environment = PK_TOP='$(CURDIR)' PK_BIN='$(abspath $(BIN))' PK_HELPERS='$(abspath $(OUT)/helpers)' PK_BUILD='$(notdir $(RUN))'
static-environment = $(subst '$(abspath $(BIN))','$(CURDIR)/build/static/bin',$(environment))
define run-test
	@mkdir -p $(@D) && rm -f $@
	@if $(environment) CMOCKA_MESSAGE_OUTPUT=TAP timeout --foreground -k 5 $(TEST_SECONDS) $(1) > $@.log 2>&1 < /dev/null; \
		then echo "  PASS    $*"; mv $@.log $@; \
		else status=$$?; { echo "  FAIL    $* (status $$status)"; grep -v '^ok ' $@.log; }; exit 1; fi
endef
# $(call users,TEST): the executables that a test in that folder runs.
users = $(if $(filter-out common fault,$(call folder,$(1))),$(addprefix $(BIN)/,$(or $(filter $(call folder,$(1)),$(tools)),$(tools))))
$(foreach t,$(c-tests),$(eval $(RUN)/stamps/$(t): $(OUT)/tests/$(t) $(helpers) $(call users,$(t))))
$(foreach t,$(sh-tests),$(eval $(RUN)/stamps/$(t): tests/$(t).sh $(helpers) $(call users,$(t))))
$(c-tests:%=$(RUN)/stamps/%): $(RUN)/stamps/%:
	$(call run-test,$<)
$(sh-tests:%=$(RUN)/stamps/%): $(RUN)/stamps/%:
	$(call run-test,bash $<)
$(fault-sample:%=$(RUN)/stamps/%): $(RUN)/stamps/%: tests/%.sh $(addprefix $(BIN)/,$(tools)) $(helpers) $(shell find tests/fault -type f)
	$(call run-test,bash $< sample 2)

pick = $(filter $(1) $(1)/% $(dir $(1))test_$(notdir $(1)),$(tests))
unknown = $(strip $(foreach t,$(T),$(if $(call pick,$(t:%/=%)),,'$(t)')))
picked = $(sort $(if $(T),$(foreach t,$(T),$(call pick,$(t:%/=%))),$(tests)))
check-stamps: $(patsubst %,$(RUN)/stamps/%,$(picked))
cmocka = \#include <setjmp.h>\n\#include <stdarg.h>\n\#include <stddef.h>\n\#include <stdint.h>\n\#include <cmocka.h>\n
check: ## build and run the tests; T=pk-spawn, T=pk-spawn/test_cli, T=common/clock pick
	@$(if $(or $(unknown),$(if $(tests),,none)),echo "make check: no test matches" $(or $(unknown),tests/*/test_*) >&2; exit 2)
	@printf '$(cmocka)' | $(CC) -E -x c - >/dev/null 2>&1 || { echo 'make check: cmocka.h is missing: run "make deps", or' \
		'install libcmocka-dev (Debian, Ubuntu), libcmocka-devel (Fedora) or cmocka (Arch)' >&2; exit 2; }
	@$(submake) -k -Otarget $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(JOBS)) check-stamps; sh tests/totals.sh $(RUN)/stamps $(picked)
check-static: static ## the same tests on the static build
	@$(submake) BUILD=release BIN=build/static/bin RUN=build/static check
check-asan: ## the same tests on the ASan and UBSan build
	@ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 $(submake) BUILD=asan check
valgrind: all ## the command-line tests with the tools, and their own forks, under valgrind
	@bash tests/valgrind.sh $(submake) BIN=$(BIN) RUN=build/valgrind TEST_SECONDS=1200 T='$(or $(T),$(filter $(tools:%=%/%),$(tests)))' check
coverage: ## line and branch coverage of common/ and cmd/
	@rm -rf build/coverage/stamps; mkdir -p build/coverage; find build/coverage -name '*.gcda' -delete
	@GCOV_ERROR_FILE=$(CURDIR)/build/coverage/gcov.log $(submake) BUILD=coverage check; status=$$?; \
	report='gcovr -r . --object-directory build/coverage/obj -f common/ -f cmd/'; \
	$$report --branches --txt build/coverage/branches.txt && $$report --txt --print-summary && exit $$status
fuzz: ## libFuzzer on every parser, FUZZ_SECONDS=20 each; T=fuzz_json picks
	@$(submake) BUILD=fuzz fuzzers
	@sh tests/fuzz.sh build/fuzz $(FUZZ_SECONDS) $(or $(T),$(fuzzers))
torture: static $(helpers) ## fail, or kill at, every system call of every scenario
	@$(static-environment) bash tests/fault/torture.sh full
	@$(static-environment) bash tests/fault/powercut.sh
soak: static $(helpers) ## the long runs: tests/*/soak*.sh
	@$(static-environment) sh tests/each.sh soak $(wildcard tests/*/soak*.sh)
bench: static $(helpers) ## figures beside the named peers: tests/bench/*.sh; T=pk-spawn picks
	@$(static-environment) sh tests/each.sh bench $(wildcard $(or $(T:%=tests/bench/%.sh),tests/bench/*.sh))
examples: all $(helpers) ## run the examples of the man pages and the README
	@$(environment) PATH='$(abspath $(BIN)):$(PATH)' sh tests/each.sh examples $(wildcard tests/examples/*.sh)
transcript: all ## draw the README's transcript again: man/transcript.svg
	@$(environment) PATH='$(abspath $(BIN)):$(PATH)' bash tests/examples/readme-picture.sh --write
check-packages: dist deb ## try what dist and deb make, as a stranger would get it
	@MAKE='$(submake)' bash tests/package/check.sh $(VERSION)
demo: all $(helpers) ## the main job on real input
	@$(environment) PATH='$(abspath $(BIN)):$(PATH)' bash tests/demo.sh
lint: ## both compilers with -Werror, layers, option parity, mandoc, shellcheck, cppcheck, clang-tidy, format
	@MAKE='$(submake) $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(JOBS))' CLANG='$(CLANG)' LAYERS='$(LAYERS)' bash tests/lint.sh
format: ## clang-format on every C file
	@clang-format -i $$(find cmd common tests -name '*.[ch]')
deps: ## install what the tests need (apt-get, with sudo when not root)
	@sh tests/deps.sh
