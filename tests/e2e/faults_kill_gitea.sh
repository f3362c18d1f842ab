#!/bin/bash
KIND=gitea
. "$(dirname "$0")/../lib.sh"
. tests/faults/kill.sh
