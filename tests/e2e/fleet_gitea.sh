#!/bin/bash
KIND=gitea
. "$(dirname "$0")/../fleet.sh"
