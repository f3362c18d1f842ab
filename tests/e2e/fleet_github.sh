#!/bin/bash
KIND=github
. "$(dirname "$0")/../fleet.sh"
