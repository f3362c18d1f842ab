#!/bin/bash
# Each way in which a forge or its git misleads or fails: what `auto` says of
# it, and that the next run ends in the one pull request and the one commit
# that there would have been without it.
. "$(dirname "$0")/../lib.sh"

n=0
now() { at "$1"; sim POST /_sim/now "{\"now\": \"$1\"}" >/dev/null; }
pulls() { sim_get "$1" GET "/_sim/pulls?repo=$REPO"; }

# A new build is live in dev for long enough: staging is due.
ready() {
	n=$((n + 1))
	REPO=team/config$n
	sim DELETE /_sim/trap >/dev/null
	now 2026-11-02T08:00:00Z
	repo_new "$REPO" examples/kustomize
	export PROMOTE_REPO=$REPO_URL
	bot bump web=1.4.2 >"$T/out" 2>"$T/err" || cat "$T/out" "$T/err"
	now 2026-11-02T09:00:00Z
}

# trap_row NAME=N EXIT [TEXT]: the first run ends with EXIT and says TEXT
trap_row() {
	local trap=$1 want=$2 text=${3-} got=0 name="$SIM_KIND, $1" limit=60s
	# Silence ends with the run's own time, so that has to be short.
	[[ $trap != silent* ]] || limit=1s
	ready
	sim_trap "$trap"
	bot auto --timeout $limit >"$T/out" 2>"$T/err" || got=$?
	is "$name: exit" "$got" "$want"
	[ -z "$text" ] || has "$name: says why" "$text"
	sim DELETE /_sim/trap >/dev/null
	expect_exit 0 bot auto || not_ok "$name: the next run"
	is "$name: one pull request, one commit" "$(pulls \
		'" ".join("#%d:%s" % (p["number"], p["state"]) for p in r)') $(git \
		-C "$REPO_DIR" log --format=%s --no-merges main -- apps/web/overlays/staging |
		wc -l)" "#1:merged 2"
}

for kind in github gitea; do
	sim_start $kind
	unset PROMOTE_FORGE_URL
	export PROMOTE_FORGE=$kind PROMOTE_TOKEN=$SIM_TOKEN
	[ $kind != github ] || export PROMOTE_FORGE_URL=$SIM_URL/
	# Not yet: asked again within the run.
	trap_row mergeable-polls=3 0
	if [ $kind = github ]; then
		trap_row base-modified=2 0
		trap_row head-sha-blank=2 0
		trap_row refs-unreadable=1 0
		trap_row no-commits-between=1 0
		trap_row no-checks=1 0
		trap_row app-token=1 0
		trap_row hide-allows=1 0
		trap_row no-pulls=1 13 'not permitted to create'
		trap_row secondary-limit=1 12 'rate limit'
		trap_row primary-limit=1 12 'rate limit'
	else
		trap_row try-again=2 0
		trap_row push-rejected=1 0
		trap_row no-pulls=1 13
	fi
	# No: and whose no.
	trap_row read-only=1 13
	trap_row status-500-after=1 0
	trap_row reset-after=1 0
	if [ $kind = github ]; then
		sim_stop
		continue
	fi
	# Done or not done, nobody says; the same code for both forges.
	trap_row cut-after=1 0
	trap_row status-503=1 0
	trap_row html=1 14 'not (JSON|what)|HTML|html'
	trap_row silent=1 12
	trap_row silent-body=1 12
	trap_row cut-body=1 0
	trap_row cut-push=1 0
	trap_row cut-push-before=1 0
	trap_row reset-push=1 0
	trap_row silent-push=1 12
	trap_row git-503=1 0
	trap_row silent-refs=1 12
	trap_row cut-fetch=1 0
	trap_row cut-fetch=2 12
	trap_row silent-fetch=1 12
	sim_stop
done
