#!/bin/bash
# The simulator's pull requests: protection, auto-merge, queue, pages, people.
. "$(dirname "$0")/../lib.sh"
export T
proves "$PYTHON" tests/sim/check_pulls.py
