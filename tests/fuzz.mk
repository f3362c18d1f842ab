# libFuzzer: make fuzz SECONDS=N runs each target of tests/fuzz/ that long, on
# what it found before (tests/fuzz/found/) and on seeds from $(DATA). Needs
# clang and its runtime
# (libclang-rt-14-dev).
SECONDS	?= 10
FUZZ	= $(BUILD)/fuzz
FUZZERS	= $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_FLAGS = -std=c17 -O1 -g -fno-omit-frame-pointer $(WARN) \
	  -Wno-format-nonliteral \
	  -fsanitize=fuzzer-no-link,address,undefined \
	  -fno-sanitize-recover=undefined
FUZZ_OBJ = $(patsubst %.c,$(FUZZ)/obj/%.o,$(filter-out $(wildcard bot/*.c),\
	  $(LIB_SRC)))

.PHONY: fuzz
fuzz: $(patsubst %,$(FUZZ)/%,$(FUZZERS)) $(FUZZ)/seeds
	@for f in $(FUZZERS); do \
	  mkdir -p $(FUZZ)/corpus/$$f $(FUZZ)/seeds/$$f; \
	  $(FUZZ)/$$f -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=1024 \
	    -dict=tests/fuzz/$$(case $$f in git_*) echo git;; *) echo yaml;; \
	    esac).dict -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=$(FUZZ)/$$f- $(FUZZ)/corpus/$$f $(FUZZ)/seeds/$$f \
	    $$(ls -d tests/fuzz/found/$$f 2>/dev/null) \
	    >$(FUZZ)/$$f.log 2>&1 || \
	    { tail -n 40 $(FUZZ)/$$f.log; echo "not ok - fuzz $$f"; exit 1; }; \
	  echo "ok - fuzz $$f: $$(sed -n 's/.*number_of_executed_units: *//p' \
	    $(FUZZ)/$$f.log) inputs in $(SECONDS) s"; \
	done

$(FUZZ)/seeds: tests/fuzz/ye_seeds.py
	@mkdir -p $@
	/usr/bin/python3 $< $@
	@touch $@

$(FUZZ)/lib.a: $(FUZZ_OBJ)
	@rm -f $@
	ar rcs $@ $^
$(FUZZ)/obj/%.o: %.c
	@mkdir -p $(@D)
	clang $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
$(FUZZ)/%: $(FUZZ)/obj/tests/fuzz/%.o $(FUZZ)/lib.a
	clang -fsanitize=fuzzer,address,undefined -Wl,--as-needed -o $@ $^ $(LDLIBS)
-include $(shell find $(FUZZ)/obj -name '*.d' 2>/dev/null)
