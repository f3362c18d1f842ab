#!/bin/bash
KIND=gitea
. "$(dirname "$0")/../stories.sh"
