#!/bin/bash
KIND=github
. "$(dirname "$0")/../stories.sh"
