# Break the rules one by one; minutes, so not part of `make test`.
.PHONY: mutants
mutants:
	@tests/mutants/run
