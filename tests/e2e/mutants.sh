#!/bin/bash
# The lists of mutants are up to date: `make mutants` would have them all.
if said=$("$(dirname "$0")/../mutants/run" --check); then
	echo "ok - $said"
else
	echo "$said"
	echo "not ok - a line in tests/mutants/ is out of date"
	exit 1
fi
