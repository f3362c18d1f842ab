# The wire: a tool that drives bot/git/ alone, fuzzers and the benchmark.
WIRETOOL = $(BUILD)/wiretool

test e2e: $(WIRETOOL)

$(WIRETOOL): $(call objs,tests/wire/wiretool.c) $(LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# make fuzz-wire FUZZ_S=60: each target for so many seconds (clang).
FUZZ_S ?= 20
FUZZ_CC ?= clang
FUZZ_FLAGS = -O1 -g -fsanitize=fuzzer,address,undefined \
	     -fno-sanitize-recover=undefined
FUZZ_WIRE = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/git_*.c))

$(BUILD)/fuzz/git_%: tests/fuzz/git_%.c tests/fuzz/git_wire.h tests/unit/git_fake.h \
		$(wildcard bot/git/*.[ch] bot/base/*.[ch])
	@mkdir -p $(@D)
	$(call say,LD,$@)$(FUZZ_CC) -std=c17 $(CPPFLAGS) $(FUZZ_FLAGS) -o $@ $< \
	  $(wildcard bot/git/*.c bot/base/*.c) $(LDLIBS)

.PHONY: fuzz-wire
fuzz-wire: $(FUZZ_WIRE)
	@for f in $(FUZZ_WIRE); do \
	  mkdir -p $$f.corpus && echo "$$f" && $$f -dict=tests/fuzz/git.dict \
	    -max_total_time=$(FUZZ_S) -rss_limit_mb=2000 -timeout=10 \
	    -artifact_prefix=$$f- -verbosity=0 -print_final_stats=1 \
	    $$f.corpus 2>&1 | tail -n 12 || exit 1; done

# Figures for one promotion beside what people do today; needs minutes.
.PHONY: bench-wire
bench-wire: all $(WIRETOOL)
	@bash tests/wire/bench.sh
