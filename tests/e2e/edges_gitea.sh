#!/bin/bash
KIND=gitea
. "$(dirname "$0")/../edges_forge.sh"
