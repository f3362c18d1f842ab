# yamledit's proofs; `make test` runs them too, corpus and typing less slowly
# (tests/e2e/yaml-proofs.sh). They need $(DATA) and Debian's python3-yaml and
# python3-ruamel.yaml.
DRIVER	= $(BUILD)/ye-driver
YPY	= PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3

$(DRIVER): $(call objs,tests/yamledit/driver.c) $(LIB)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
test e2e: $(DRIVER)

.PHONY: yaml-hostile yaml-corpus yaml-suite yaml-typing bench-yaml
yaml-hostile: $(DRIVER)
	@$(YPY) tests/yamledit/hostile.py
yaml-corpus: $(DRIVER)
	@$(YPY) tests/yamledit/corpus.py --slow
yaml-suite: $(DRIVER)
	@$(YPY) tests/yamledit/suite.py
yaml-typing: $(DRIVER)
	@$(YPY) tests/yamledit/near_numbers.py 1000000

bench-yaml: $(BUILD)/yamledit
	@$(YPY) tests/yamledit/bench.py
