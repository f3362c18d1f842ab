#!/bin/bash
# The simulator's faults and its behaviour in a crowd.
. "$(dirname "$0")/../lib.sh"
export T
proves "$PYTHON" tests/sim/check_faults.py
