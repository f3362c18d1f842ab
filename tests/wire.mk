# The wire: a tool that drives bot/git/ alone, and the benchmark.
WIRETOOL = $(BUILD)/wiretool

test e2e: $(WIRETOOL)

$(WIRETOOL): $(call objs,tests/wire/wiretool.c) $(LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Figures for one promotion beside what people do today; needs minutes.
.PHONY: bench-wire
bench-wire: all
	@bash tests/wire/bench.sh
# Figures for auto with 500 services; a minute or two.
.PHONY: bench-auto
bench-auto: all $(SIM)
	@bash tests/wire/bench_auto.sh
