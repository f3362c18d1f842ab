# The wire: a tool that drives bot/git/ alone, fuzzers and the benchmark.
WIRETOOL = $(BUILD)/wiretool

test e2e: $(WIRETOOL)

$(WIRETOOL): $(call objs,tests/wire/wiretool.c) $(LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
