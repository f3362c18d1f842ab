#!/bin/bash
KIND=github
. "$(dirname "$0")/../edges_forge.sh"
