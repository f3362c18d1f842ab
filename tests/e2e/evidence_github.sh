#!/bin/bash
KIND=github
. "$(dirname "$0")/../evidence.sh"
