#!/bin/bash
# make bench-auto: what one run of auto costs with 500 services in three
# environments, against the simulator as Gitea and as GitHub, on loopback.
#
# One line for each run: requests to the forge that read and that write, git's
# requests, bytes in and out of both, wall and CPU seconds and peak memory of
# git-promote. Writes to GitHub are paced at 45 a minute: its 500 pull requests
# are put there as a run on Gitea made them.
KIND=gitea
. "$(dirname "$0")/../story.sh"
. tests/wire/fleet.sh

measure() { # NAME
	local name="$KIND: $1" got=0
	/usr/bin/time -f '%e %U %S %M' -o "$T/time" "$BUILD/git-promote" auto \
		-vv --timeout 20m >"$T/out" 2>"$T/err" || got=$?
	[ $got -eq 0 ] && lib_oks=$((lib_oks + 1)) || not_ok "$name: exit $got"
	awk -v name="$name" -v "time=$(tail -n 1 "$T/time")" '
		!/ bytes sent, / { next }
		{ sent += $4; got += $7 }
		$2 ~ /\.git\// { git++; next }
		$1 == "GET" { reads++; next }
		{ writes++ }
		END {
			split(time, t, " ")
			printf "%-48s %4d read %4d written %3d git %8d in %7d out", \
				name, reads, writes, git, got, sent
			printf " %6.2f s %5.2f s cpu %6d KiB\n", t[1], t[2] + t[3], t[4]
		}' "$T/err"
}

other_forge() { # KIND
	sim_stop
	KIND=$1
	sim_start "$KIND"
	export PROMOTE_FORGE=$KIND
	unset PROMOTE_FORGE_URL
	[ "$KIND" != github ] || export PROMOTE_FORGE_URL=$SIM_URL/
}

# The repository before, with its pull requests, on another forge.
move_to() { # KIND
	local from=$REPO_DIR
	pulls 'r' >"$T/pulls"
	other_forge "$1"
	repo_new "$REPO"
	git -C "$REPO_DIR" fetch -q "$from" '+refs/heads/*:refs/heads/*'
	export PROMOTE_REPO=$REPO_URL
	now 2026-11-02T12:00:00Z
	"$PYTHON" - "$SIM_URL/_sim/pulls" "$REPO" "$T/pulls" <<-'E'
		import json, sys, urllib.request
		for p in json.load(open(sys.argv[3])):
		    p = {k: p[k] for k in ("head", "base", "title", "body")}
		    p = json.dumps(dict(p, repo=sys.argv[2], user="promote-bot"))
		    urllib.request.urlopen(sys.argv[1], p.encode()).read()
	E
}

fleet 500 1 500
measure "500 by push, 500 pull requests"
measure "500 pull requests wait"
move_to github
measure "500 pull requests wait"
for kind in github gitea; do
	[ $KIND = $kind ] || other_forge $kind
	fleet 500 1 0
	measure "1000 by push"
	measure "nothing to do"
done
