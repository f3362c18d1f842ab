# yamledit's proofs. The fast ones run with `make test` (tests/e2e/yaml-*.sh).
DRIVER	= $(BUILD)/ye-driver
YPY	= PYTHONPATH=tests/yamledit PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3

$(DRIVER): $(call objs,tests/yamledit/driver.c) $(LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
test e2e: $(DRIVER)

.PHONY: yaml-hostile
yaml-hostile: $(DRIVER)
	@$(YPY) tests/yamledit/hostile.py
