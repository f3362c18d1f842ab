#!/bin/bash
KIND=gitea
. "$(dirname "$0")/../evidence.sh"
