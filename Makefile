# pk, the process kit. `make help` lists the targets; nothing is written outside build/.
#
# A folder under cmd/ is a program and tests/X/test_Y.c is a test: adding one edits no list. BUILD picks
# build/BUILD/{obj,lib,bin,tests,helpers}. Tests link their tool's X.a, common.a, tests/lib and cmocka.
# A test whose source has a line `/* wrap: fsync rename */` is linked with -Wl,--wrap of those names.

VERSION = 0.1.0
BUILD = release
OUT = build/$(BUILD)
# A module of common/ includes only modules to its left (tests/layers.sh).
LAYERS = base clock fd buf status errname utf8 signame num say opt json events proc lock replace child tree guard front

ifeq ($(origin CC),default)
CC = gcc
endif
CLANG = clang
MUSL_CC = musl-gcc
MUSL_LIB = $(firstword $(patsubst %/rcrt1.o,%,$(wildcard $(addsuffix /rcrt1.o,/usr/lib/*-linux-musl /usr/local/musl/lib /usr/lib/musl/lib))))
prefix = $(or $(PREFIX),/usr/local)
bindir = $(prefix)/bin
datarootdir = $(prefix)/share
mandir = $(datarootdir)/man
bashcompdir = $(datarootdir)/bash-completion/completions
zshcompdir = $(datarootdir)/zsh/$(if $(filter /usr,$(prefix)),$(notdir $(firstword $(wildcard /usr/share/zsh/vendor-completions) site-functions)),site-functions)
fishcompdir = $(datarootdir)/fish/vendor_completions.d
FUZZ_SECONDS = 20
JOBS := $(shell nproc 2>/dev/null || echo 2)

probe = $(shell $(CC) -Werror $(1) -x c -c /dev/null -o /dev/null 2>/dev/null && echo "$(1)")
zero-init = -ftrivial-auto-var-init=zero
WARN = -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wwrite-strings $(if $(filter-out 0,$(WERROR)),-Werror)
sections = -ffunction-sections -fdata-sections
harden = -fstack-protector-strong $(call probe,-fstack-clash-protection) $(or $(call probe,$(zero-init)),$(call probe,$(zero-init) -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang))
relro = -z,relro,-z,now,-z,noexecstack,--gc-sections
san = -fsanitize=address,undefined -fno-omit-frame-pointer

ifeq ($(BUILD),release)
FLAGS := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(if $(call probe,-O2 -D_FORTIFY_SOURCE=3),3,2) $(harden) $(sections) -fPIE
LINK := -pie -Wl,$(relro)
else ifeq ($(BUILD),static)
CC := $(MUSL_CC)
FLAGS := -O2 $(harden) $(sections) -fPIE -idirafter $(OUT)/include
# `musl-gcc -static-pie` makes a program that needs ld-musl at run time, so every start file is named here.
LINK := -s -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text,$(relro) $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o
LINK-END := $(MUSL_LIB)/crtn.o
else ifeq ($(BUILD),asan)
FLAGS := -O1 -g $(san) -fPIE -DPK_ASAN
LINK := -pie $(san)
WERROR = 1
else ifeq ($(BUILD),fuzz)
CC := $(CLANG)
FLAGS := -O1 -g $(san) -fsanitize=fuzzer-no-link
LINK := $(san) -fsanitize=fuzzer
else ifeq ($(BUILD),coverage)
FLAGS := -O0 -g --coverage -fprofile-update=atomic -DPK_COVERAGE
LINK := --coverage
else ifeq ($(BUILD),debug)
FLAGS := -O0 -g3
else
$(error BUILD=$(BUILD): expected release, static, asan, coverage, debug or fuzz)
endif
COMPILE = $(CC) -std=c17 -D_GNU_SOURCE -DPK_VERSION=\"$(VERSION)\" -I. $(FLAGS) $(WARN) $(CPPFLAGS) $(CFLAGS)

tools := $(notdir $(patsubst %/,%,$(dir $(wildcard cmd/*/main.c))))
tests := $(patsubst tests/%.c,%,$(wildcard tests/*/test_*.c))
helper-sources := $(wildcard tests/helpers/*.c tests/fault/*.c)
fuzzers := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
objects = $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard $(1)))
bins := $(tools:%=$(OUT)/bin/%)
helpers := $(patsubst %.c,$(OUT)/helpers/%,$(notdir $(helper-sources)))
Q = $(if $(V),,@)
say = @$(if $(V),:,printf '  %-7s %s\n' $(1) $@)

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all static asan debug tests everything fuzzers check check-stamps check-static check-asan valgrind coverage \
	fuzz torture soak bench examples demo lint format deps install uninstall dist compile_commands help clean FORCE
# `make -j deps check`: whatever else is asked for waits for deps.
$(if $(filter deps,$(MAKECMDGOALS)),$(eval $(filter-out deps,$(MAKECMDGOALS)): | deps))

all: $(bins) ## build the tools: build/release/bin (BUILD=release|static|asan|coverage|debug)
tests: $(tests:%=$(OUT)/tests/%) $(helpers)
everything: all tests $(call objects,tests/fuzz/*.c)
fuzzers: $(fuzzers:%=$(OUT)/fuzz/%)
static: ## musl static-pie, the build for releases and containers: build/static/bin
	@test -n "$(MUSL_LIB)" || { echo "make static: no musl rcrt1.o found; install musl-tools (apt-get install musl-tools)" >&2; exit 2; }
	$(Q)$(MAKE) --no-print-directory BUILD=static all
asan debug: ## ASan and UBSan build: build/asan/bin; unoptimised build: build/debug/bin
	$(Q)$(MAKE) --no-print-directory BUILD=$@ all

# Compile and link. The flags file changes when the compiler or a flag does, and rebuilds everything.
$(OUT)/flags: FORCE
	@mkdir -p $(@D); echo '$(COMPILE) $(LINK)' | cmp -s - $@ || echo '$(COMPILE) $(LINK)' > $@
$(OUT)/obj/%.o: %.c Makefile $(OUT)/flags $(if $(filter static,$(BUILD)),$(OUT)/include)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(INCLUDE) -MMD -MP -c -o $@ $<
# musl-gcc does not look for the kernel's headers; a folder with only them keeps glibc's out.
build/static/include:
	@mkdir -p $@.new
	@for d in linux asm asm-generic; do for h in /usr/include /usr/include/*-linux-gnu; do \
		if [ -d $$h/$$d ]; then ln -sfn $$h/$$d $@.new/$$d; fi; done; done; mv $@.new $@
$(OUT)/lib/%.a:
	$(call say,AR)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $^
$(OUT)/lib/common.a: $(call objects,common/*.c)
link = $(Q)$(CC) $(1) $(LINK) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(2) $(LINK-END)

define tool
$(OUT)/lib/$(1).a: $(filter-out %/main.o,$(call objects,cmd/$(1)/*.c))
$(OUT)/bin/$(1): $(OUT)/obj/cmd/$(1)/main.o $(OUT)/lib/$(1).a $(OUT)/lib/common.a
	$$(call say,LINK)
	@mkdir -p $$(@D)
	$$(call link)
	$(if $(filter static,$(BUILD)),@sh tests/static.sh $$@)
endef
$(foreach t,$(tools),$(eval $(call tool,$(t))))

define test
$(OUT)/obj/tests/$(1).o: INCLUDE = -Icmd/$(patsubst %/,%,$(dir $(1))) -Itests/lib
$(OUT)/tests/$(1): tests/$(1).c $(OUT)/obj/tests/$(1).o $(call objects,tests/lib/*.c) \
	$(addprefix $(OUT)/lib/,$(addsuffix .a,$(filter $(patsubst %/,%,$(dir $(1))),$(tools)) common))
	$$(call say,LINK)
	@mkdir -p $$(@D)
	$$(call link,$$$$(sed -n 's,^/\* wrap: \(.*\) \*/$$$$,\1,p' $$< | tr ' ' '\n' | sed 's/^/-Wl,--wrap=/'),-lcmocka)
endef
$(foreach t,$(tests),$(eval $(call test,$(t))))

# Helpers are the same programs in every build: a fork storm under a sanitizer tests the sanitizer.
vpath %.c $(sort $(dir $(helper-sources)))
$(OUT)/helpers/%: %.c Makefile
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -I. -O2 -g $(WARN) -MMD -MP -o $@ $<

fuzz-tool = $(firstword $(foreach t,$(tools),$(if $(filter $(addsuffix _%,$(addprefix fuzz_,$(t) $(subst -,_,$(t)) $(t:pk-%=%) $(subst -,_,$(t:pk-%=%)))),$(1)),$(t))))
define fuzzer
$(OUT)/obj/tests/fuzz/$(1).o: INCLUDE = $(addprefix -Icmd/,$(call fuzz-tool,$(1)))
$(OUT)/fuzz/$(1): $(OUT)/obj/tests/fuzz/$(1).o $(addprefix $(OUT)/lib/,$(addsuffix .a,$(call fuzz-tool,$(1)) common))
	@mkdir -p $$(@D)
	$$(call link)
endef
$(foreach t,$(fuzzers),$(eval $(call fuzzer,$(t))))

# Tests. BIN holds the executables under test and RUN the stamps and logs: check-static runs release-built test
# programs on static tools. A stamp means passed, so only what changed runs again.
BIN = $(OUT)/bin
RUN = $(OUT)
pick = $(filter $(1) $(1)/% $(dir $(1))test_$(notdir $(1)),$(tests) fault/sample)
PICKED = $(sort $(foreach t,$(or $(T),$(sort $(dir $(tests))) $(wildcard tests/fault/torture.sh)),$(or $(call pick,$(patsubst tests/fault/%.sh,fault/sample,$(patsubst %/,%,$(t)))),no-such-test@$(t))))
environment = PK_TOP='$(CURDIR)' PK_BIN='$(abspath $(BIN))' PK_HELPERS='$(abspath $(OUT)/helpers)' PK_BUILD='$(notdir $(RUN))'
TEST_SECONDS = 300
define run-test
	@mkdir -p $(@D) && rm -f $@
	@if $(environment) CMOCKA_MESSAGE_OUTPUT=TAP timeout --foreground -k 5 $(TEST_SECONDS) $(1) > $@.log 2>&1 < /dev/null; \
	then echo "  PASS    $*"; mv $@.log $@; else s=$$?; echo "  FAIL    $* (status $$s)"; grep -v '^ok ' $@.log; exit 1; fi
endef
define stamp
$(RUN)/stamps/$(1): $(OUT)/tests/$(1) $(helpers) $(if $(filter-out common/%,$(1)),$(addprefix $(BIN)/,$(or $(filter $(patsubst %/,%,$(dir $(1))),$(tools)),$(tools))))
endef
$(foreach t,$(tests),$(eval $(call stamp,$(t))))
$(RUN)/stamps/fault/sample: $(addprefix $(BIN)/,$(tools)) $(helpers) $(wildcard tests/fault/*)
	$(call run-test,bash tests/fault/torture.sh sample 2)
$(RUN)/stamps/%:
	$(call run-test,$<)
check-stamps: $(patsubst %,$(RUN)/stamps/%,$(PICKED))
check: ## build and run the tests; T=pk-spawn, T=pk-spawn/test_cli, T=common/clock pick
	@$(if $(filter no-such-test@%,$(PICKED)),echo 'make check: no test matches $(patsubst no-such-test@%,"%",$(filter no-such-test@%,$(PICKED)))' >&2; exit 2)
	@printf '#include <$(or $(CMOCKA),setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <cmocka.h)>\n' | $(CC) -E -x c - >/dev/null 2>&1 || \
		{ echo 'make check: cmocka.h is missing; run `make deps`, or install libcmocka-dev (Debian), libcmocka-devel (Fedora), cmocka (Arch)' >&2; exit 2; }
	@$(MAKE) --no-print-directory -k $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(JOBS)) check-stamps; sh tests/totals.sh $(RUN)/stamps $(PICKED)
check-static: static ## the same tests on the static build
	@$(MAKE) --no-print-directory BUILD=release BIN=build/static/bin RUN=build/static check
check-asan: ## the same tests on the ASan and UBSan build
	@ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		$(MAKE) --no-print-directory BUILD=asan check
valgrind: all ## the command-line tests with the tools (and their own forks) under valgrind
	@sh tests/valgrind.sh $(MAKE) --no-print-directory BIN=$(BIN) RUN=build/valgrind TEST_SECONDS=1200 T='$(or $(T),$(filter pk-%/test_cli%,$(tests)))' check
coverage: ## line and branch coverage of common/ and cmd/
	@find build/coverage -name '*.gcda' -delete 2>/dev/null; rm -rf build/coverage/stamps
	@GCOV_ERROR_FILE=$(CURDIR)/build/coverage/gcov.log $(MAKE) --no-print-directory BUILD=coverage check
	gcovr -r . --object-directory build/coverage/obj -f common/ -f cmd/ --txt build/coverage/lines.txt --print-summary
	@cat build/coverage/lines.txt
fuzz: ## libFuzzer on every parser, FUZZ_SECONDS=20 each; T=fuzz_json picks
	@$(MAKE) --no-print-directory BUILD=fuzz fuzzers
	@sh tests/fuzz.sh build/fuzz $(FUZZ_SECONDS) $(or $(filter $(T),$(fuzzers)),$(if $(T),"no such target: $(T)",$(fuzzers)))
torture: static $(helpers) ## fail or kill at every system call of every scenario
	$(environment) PK_BIN='$(CURDIR)/build/static/bin' bash tests/fault/torture.sh full
soak: static $(helpers) ## hours: tests/*/soak*.sh
	@sh tests/each.sh soak $(environment) PK_BIN='$(CURDIR)/build/static/bin' -- $(wildcard tests/*/soak*.sh)
bench: static $(helpers) ## ratios to the named peers: tests/bench/*.sh
	@sh tests/each.sh bench $(environment) PK_BIN='$(CURDIR)/build/static/bin' -- $(wildcard tests/bench/*.sh)
examples: all $(helpers) ## run every example of the pages and the README
	@sh tests/each.sh examples $(environment) PATH='$(abspath $(BIN)):$(PATH)' -- $(wildcard tests/examples/*.sh)
demo: all $(helpers) ## the main job on real input
	@$(environment) PATH='$(abspath $(BIN)):$(PATH)' bash tests/demo.sh
lint: ## both compilers with -Werror, layers, option parity, mandoc, shellcheck, cppcheck, clang-tidy, format
	@$(MAKE) --no-print-directory OUT=build/lint-gcc CC=gcc WERROR=1 everything
	@$(MAKE) --no-print-directory OUT=build/lint-clang CC=$(CLANG) WERROR=1 everything
	@LAYERS='$(LAYERS)' BIN=build/lint-gcc/bin sh tests/lint.sh
format: ## clang-format on every C file
	clang-format -i $(shell find cmd common tests -name '*.[ch]')
deps: ## install what the tests need (apt-get, with sudo when not root)
	@sh tests/deps.sh

install: all ## DESTDIR=, PREFIX=/usr/local, bindir, mandir, bashcompdir, zshcompdir, fishcompdir; BUILD=static for that build
	install -d $(foreach d,$(bindir) $(mandir)/man1 $(mandir)/man7 $(bashcompdir) $(zshcompdir) $(fishcompdir),"$(DESTDIR)$(d)")
	install -m 755 $(bins) "$(DESTDIR)$(bindir)"
	install -m 644 $(tools:%=man/%.1) "$(DESTDIR)$(mandir)/man1"
	install -m 644 man/pk.7 "$(DESTDIR)$(mandir)/man7"
	install -m 644 $(tools:%=completions/bash/%) "$(DESTDIR)$(bashcompdir)"
	install -m 644 $(tools:%=completions/zsh/_%) "$(DESTDIR)$(zshcompdir)"
	install -m 644 $(tools:%=completions/fish/%.fish) "$(DESTDIR)$(fishcompdir)"
uninstall: ## remove what install put there
	rm -f $(foreach t,$(tools),$(foreach f,$(bindir)/$(t) $(mandir)/man1/$(t).1 $(bashcompdir)/$(t) $(zshcompdir)/_$(t) $(fishcompdir)/$(t).fish,"$(DESTDIR)$(f)")) "$(DESTDIR)$(mandir)/man7/pk.7"
dist: ## build/pk-VERSION.tar.gz from HEAD
	@mkdir -p build
	git archive --prefix=pk-$(VERSION)/ HEAD | gzip -9n > build/pk-$(VERSION).tar.gz
compile_commands: ## build/compile_commands.json (clangd looks there)
	@mkdir -p build; { echo '['; s=; for f in $(wildcard common/*.c cmd/*/*.c tests/*/*.c); do \
		printf '%s{"directory": "%s", "file": "%s", "command": "%s"}\n' "$$s" '$(CURDIR)' $$f '$(subst ",\",$(subst \,\\,$(COMPILE))) -Itests/lib -c '$$f; s=,; done; echo ']'; } > build/compile_commands.json
help: ## this list
	@awk -F ':.*## ' '/^[a-z_ -]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile
clean: ## remove build/
	rm -rf build
FORCE:
-include $(shell test -d $(OUT) && find $(OUT) -name '*.d')
