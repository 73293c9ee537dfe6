# pk, the process kit. `make help` lists the targets; nothing is written outside build/.
#
# A folder under cmd/ is a program: its objects except main.o form X.a, which its tests link too. Adding a program, a
# module or a test edits no list, except that LAYERS names the modules of common/. BUILD=release|static|asan|coverage|
# debug|fuzz picks build/BUILD/{obj,lib,bin,tests,helpers}. Tests and checks are in tests/check.mk.

VERSION = 0.1.0
BUILD = release
OUT = build/$(BUILD)
# A module of common/ includes only modules to its left; tests/layers.sh checks it.
LAYERS = base clock fd sink boot buf match status errname utf8 sha256 signame num deadline outcome spool say opt json jsonread jsontext events proc sockdiag lock semaphore place keep slot replace cgroup stop terminal child tree report program owner guard hold crew front

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
FLAGS := -Os $(harden) $(sections) -fno-asynchronous-unwind-tables -fPIE -idirafter $(OUT)/include
# Small is fast here: start-up is page faults. Aligned to what the kernel maps around a fault (64K), it takes the fewest. `musl-gcc -static-pie` makes a program that needs ld-musl at run time, so every start file is named here.
LINK := -s -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text,-z,noseparate-code,-z,max-page-size=65536,$(relro) $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o
LINK-END := $(MUSL_LIB)/crtn.o
# What handles every descriptor or every byte of a text is worth its size.
fast := common/json common/num common/utf8 common/buf $(patsubst %.c,%,$(wildcard cmd/pk-handles/*.c))
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
LINK := --coverage -Wl,--wrap=_exit,--wrap=kill,--wrap=fork
flush := $(OUT)/obj/tests/coverage/flush.o
else ifeq ($(BUILD),debug)
FLAGS := -O0 -g3
else
$(error BUILD=$(BUILD): expected release, static, asan, coverage, debug or fuzz)
endif
COMPILE = $(CC) -std=c17 -D_GNU_SOURCE -DPK_VERSION=\"$(VERSION)\" -I. $(FLAGS) $(WARN) $(CPPFLAGS) $(CFLAGS)

tools := $(notdir $(patsubst %/,%,$(dir $(wildcard cmd/*/main.c))))
ifeq ($(BUILD),static)
# Where the time goes when the input is large: these are built for speed.
hot := $(addprefix cmd/pk-jsonl/,scan_sse2 scan_avx2 scan_avx512 walk probe stream filter count groups match number show output input fields) common/jsonread common/utf8
$(hot:%=$(OUT)/obj/%.o): FLAGS += -O2
endif
objects = $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard $(1)))
pages7 := $(wildcard man/*.7)
bins := $(tools:%=$(OUT)/bin/%)
Q = $(if $(V),,@)
say = @$(if $(V),:,printf '  %-7s %s\n' $(1) $@)

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all static asan debug install uninstall dist dist-static deb compile_commands help clean FORCE
all: $(bins) ## build the tools: build/release/bin (BUILD=release|static|asan|coverage|debug)
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
$(fast:%=$(OUT)/obj/%.o): FLAGS += -O2
# musl-gcc does not look for the kernel's headers; a folder with only them keeps glibc's out.
build/static/include:
	@mkdir -p $@.new
	@for d in linux asm asm-generic; do for h in /usr/include /usr/include/*-linux-gnu; do \
		if [ -d $$h/$$d ]; then ln -sfn $$h/$$d $@.new/$$d; fi; done; done; rm -rf $@; mv $@.new $@
$(OUT)/lib/%.a:
	$(call say,AR)
	@mkdir -p $(@D) && rm -f $@
	$(Q)$(AR) rcs $@ $^
$(OUT)/lib/common.a: $(call objects,common/*.c) $(flush)
link = $(Q)$(CC) $(1) $(LINK) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(2) $(LINK-END)

define tool
$(OUT)/lib/$(1).a: $(filter-out %/main.o,$(call objects,cmd/$(1)/*.c))
$(OUT)/bin/$(1): $(OUT)/obj/cmd/$(1)/main.o $(OUT)/lib/$(1).a $(OUT)/lib/common.a
	$$(call say,LINK)
	@mkdir -p $$(@D)
	$$(call link)
	$(if $(filter static,$(BUILD)),@sh tests/elf.sh static $$@)
endef
$(foreach t,$(tools),$(eval $(call tool,$(t))))

include tests/check.mk

install: all ## DESTDIR=, PREFIX=/usr/local, bindir, mandir, bashcompdir, zshcompdir, fishcompdir; BUILD=static for that build
	install -d $(foreach d,$(bindir) $(mandir)/man1 $(mandir)/man7 $(bashcompdir) $(zshcompdir) $(fishcompdir),"$(DESTDIR)$(d)")
	install -m 755 $(bins) "$(DESTDIR)$(bindir)"
	install -m 644 $(tools:%=man/%.1) "$(DESTDIR)$(mandir)/man1"
	install -m 644 $(pages7) "$(DESTDIR)$(mandir)/man7"
	install -m 644 $(tools:%=completions/bash/%) "$(DESTDIR)$(bashcompdir)"
	install -m 644 $(tools:%=completions/zsh/_%) "$(DESTDIR)$(zshcompdir)"
	install -m 644 $(tools:%=completions/fish/%.fish) "$(DESTDIR)$(fishcompdir)"
uninstall: ## remove what install put there
	rm -f $(foreach t,$(tools),$(foreach f,$(bindir)/$(t) $(mandir)/man1/$(t).1 $(bashcompdir)/$(t) $(zshcompdir)/_$(t) $(fishcompdir)/$(t).fish,"$(DESTDIR)$(f)")) $(foreach p,$(pages7:man/%=%),"$(DESTDIR)$(mandir)/man7/$(p)")
# The time of every packed file: of the commit, or in an unpacked tarball of its Makefile.
epoch = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile))
pack = @mkdir -p build; MAKE='$(MAKE) --no-print-directory' SOURCE_DATE_EPOCH=$(epoch) sh tests/package/$(1).sh $(VERSION)
dist: ## build/pk-VERSION.tar.gz from HEAD, build/pk-VERSION-linux-ARCH.tar.gz (static programs), build/SHA256SUMS
	@mkdir -p build
	git archive --prefix=pk-$(VERSION)/ HEAD | gzip -9n > build/pk-$(VERSION).tar.gz
	$(Q)$(MAKE) --no-print-directory dist-static
dist-static:
	$(call pack,tarball)
deb: ## build/pk_VERSION_ARCH.deb
	$(call pack,deb)
compile_commands: ## build/compile_commands.json (clangd looks there)
	@mkdir -p build; { echo '['; s=; for f in $(wildcard common/*.c cmd/*/*.c tests/*/*.c); do \
		printf '%s{"directory": "%s", "file": "%s", "command": "%s"}\n' "$$s" '$(CURDIR)' $$f '$(subst ",\",$(subst \,\\,$(COMPILE))) -Itests/lib -c '$$f; s=,; done; echo ']'; } > build/compile_commands.json
help: ## this list
	@awk -F ':.*## ' '/^[a-z_ -]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile tests/check.mk
clean: ## remove build/
	rm -rf build
FORCE:
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
