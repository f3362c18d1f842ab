# make, make test, make demo: see README.md.
.DEFAULT_GOAL := all
SHELL	= /bin/bash
# As many compilers at once as there are processors.
MAKEFLAGS += -j$(shell nproc)

CC	?= cc
PREFIX	?= /usr/local
BUILD	?= build
DATA	?= ../shared
export BUILD DATA
PKGS	= libgit2 libcurl yaml-0.1 jansson libcrypto
WARN	= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	  -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 -Wundef
HARDEN	= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
OPT	?= -O2 -g $(HARDEN)
SANITIZE ?=
VERSION	= 0.1.0

CPPFLAGS += -I. -D_GNU_SOURCE -DPROMOTE_VERSION='"$(VERSION)"' \
	    $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS	+= -std=c17 $(OPT) $(WARN) $(SANITIZE)
LDFLAGS	+= -pie -Wl,-z,relro,-z,now,--as-needed $(SANITIZE)
LDLIBS	+= $(shell pkg-config --libs $(PKGS) 2>/dev/null)

MAINS	= bot/main.c bot/yamledit.c
LIB_SRC	= $(filter-out $(MAINS),$(wildcard bot/*.c bot/base/*.c bot/git/*.c \
	  yamledit/*.c forge/*.c policies/*.c))
LIB	= $(BUILD)/libpromote.a
UNIT	= $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))
BINS	= $(BUILD)/git-promote $(BUILD)/yamledit
SIM	= $(BUILD)/forge-sim

objs	= $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# make V=1 shows the whole command lines.
ifeq ($(V),)
say	= @printf '  %-5s %s\n' $(1) $(2);
else
say	=
endif

.SECONDARY:
.PHONY: all clean install test unit e2e sanitize valgrind demo layers packages
all: packages $(BINS)

# Install what is missing where that is possible, else say what to do.
packages:
	@tests/packages

$(LIB): $(call objs,$(LIB_SRC))
	$(call say,AR,$@)rm -f $@ && ar qcs $@ $^

$(BUILD)/git-promote: $(call objs,bot/main.c) $(LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(BUILD)/yamledit: $(call objs,bot/yamledit.c) $(LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(SIM): $(call objs,$(wildcard tests/sim/*.c)) $(LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ -lmicrohttpd $(LDLIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(BUILD)/obj/%.o: %.c | packages
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# What a part of the tests brings of its own: benchmarks, fuzzers, data runs.
include $(wildcard tests/*.mk)

layers:
	@tests/layers
unit: packages $(UNIT)
	@E2E=none tests/run $(UNIT)
e2e: all $(SIM)
	@tests/run

# One closing line for both: "N passed, N failed, N skipped".
test: all $(SIM) $(UNIT) layers
	@tests/run $(UNIT)

sanitize:
	@$(MAKE) test BUILD=build/sanitize OPT="-O1 -g -fno-omit-frame-pointer" \
	  SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined"

# The unit tests again, each access and each leak looked at.
valgrind: packages $(UNIT)
	@set -e; for t in $(UNIT); do echo "valgrind $$t"; \
	  valgrind -q --error-exitcode=9 --leak-check=full $$t >/dev/null; done

demo: all $(SIM)
	@tests/demo

# `git promote --help` is git's, which looks for a manual page: what -h says.
man_text = sed 's/\\/\\e/g; s/-/\\-/g; s/^[.'"'"']/\\\&&/'
$(BUILD)/git-promote.1: $(BUILD)/git-promote
	@{ printf '.TH GIT-PROMOTE 1\n.SH NAME\ngit-promote \\- move versions from environment to environment\n'; \
	for c in '' bump to auto rollback status log check config json; do \
		printf '.SH "%s"\n.nf\n' "git promote $$c"; \
		$< help $$c | sed '/^Options of every command/,$$d' | $(man_text); \
		printf '.fi\n'; done; \
	printf '.SH OPTIONS\n.nf\n'; \
	$< help check | sed '1,/^Options of every command/d' | $(man_text) | \
		sed 's/^Environment:$$/.fi\n.SH ENVIRONMENT\n.nf/'; } >$@

install: all $(BUILD)/git-promote.1
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(BUILD)/git-promote.1 $(DESTDIR)$(PREFIX)/share/man/man1

clean:
	rm -rf build
