#!/bin/bash
# The page of examples/team: a week of a small team, done as it is told there.
# To write what really happens into the page: tests/e2e/week.sh --write
. "$(dirname "$0")/../lib.sh"

PATH=$BUILD:$PATH
sim_start gitea
at 2026-11-01T12:00:00Z
sim POST /_sim/now '{"now": "2026-11-01T12:00:00Z"}' >/dev/null
sim POST /_sim/team '{"name": "team/sre"}' >/dev/null
mkdir "$T/seed"
cp -r examples/team/promote.yaml examples/team/apps "$T/seed"
repo_new team/config "$T/seed"
export T SIM_URL REPO=team/config REPO_DIR
export PROMOTE_REPO=$REPO_URL PROMOTE_TOKEN=$SIM_TOKEN PROMOTE_FORGE=gitea
proves tests/week "$@" examples/team/README.md
refs=$(git -C "$REPO_DIR" for-each-ref)
at 2026-11-07T03:05:00Z
runs "and five minutes later" 0 bot auto
is "no ref has moved" "$(git -C "$REPO_DIR" for-each-ref)" "$refs"
