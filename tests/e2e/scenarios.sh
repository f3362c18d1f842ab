#!/bin/bash
# The stories of tests/scenarios, every rule's among them.
exec "$(dirname "$0")/../scenario"
