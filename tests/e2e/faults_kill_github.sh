#!/bin/bash
KIND=github
. "$(dirname "$0")/../lib.sh"
. tests/faults/kill.sh
