#!/bin/bash
# Eight builds of one service end at the same moment, in whatever order, again
# and again: the one with the highest --build number stands at the end, and
# who came too late is told so.
. "$(dirname "$0")/../lib.sh"
. tests/race/lib.sh

rounds=${ROUNDS:-6}
mkdir -p "$T/seed/web/dev"
cat >"$T/seed/promote.yaml" <<'Y'
version: 1
environments:
  dev: {deliver: push}
services:
  - kustomize: "{service}/{dir}/kustomization.yaml"
    image: registry.example.com/team/{service}
Y
printf 'images:\n  - name: registry.example.com/team/web\n    newTag: start\n' \
	>"$T/seed/web/dev/kustomization.yaml"
sim_start github
repo_new team/config "$T/seed"
export PROMOTE_REPO=$REPO_URL PROMOTE_TOKEN=$SIM_TOKEN PROMOTE_FORGE=github

# What a round left: its commits, their numbers, and what everybody said. One
# word for each way in which that may be wrong.
cat >"$T/judge.py" <<'P'
import re, subprocess, sys
repo, before, top, claims = sys.argv[1:]
git = lambda *a: subprocess.run(("git", "-C", repo) + a, check=True,
                                stdout=subprocess.PIPE).stdout.decode()
log = [l.split() for l in git("log", "--reverse", "--format=%H %P "
       "%(trailers:key=Promote-Build,valueonly,separator=%x2C) "
       "%(trailers:key=Promote-Version,valueonly,separator=%x2C)",
       f"{before}..main").splitlines()]
builds = [int(b) for _, _, b, _ in log]
if builds != sorted(set(builds)):
    print("backwards:", builds)
if builds[-1] != int(top):
    print("the highest does not stand:", builds)
for line in open(claims):
    service, version, code, action, commit = line.split()
    mine = [h for h, _, _, v in log if v == version]
    landed = action == "pushed" and mine == [commit]
    late = action == "superseded" and commit == "-" and not mine
    if code != "0" or not (landed or late):
        print("untrue:", line.strip(), mine)
files = git("diff", "--numstat", before, "main").split()
if files != ["1", "1", "web/dev/kustomization.yaml"]:
    print("changed:", files)
tag = re.search("newTag: (.*)", git("show", "main:web/dev/kustomization.yaml"))
if tag.group(1) != f"b{top}":
    print("main has", tag.group(1))
P

landed=0
for round in $(seq "$rounds"); do
	before=$(git -C "$REPO_DIR" rev-parse main)
	first=$((round * 100))
	rm -f "$T"/said/*
	for n in $(seq $first $((first + 7)) | shuf); do
		bump web "b$n" --build "$n" &
	done
	wait $(jobs -p | grep -vx "$SIM_PID")
	"$PYTHON" tests/race/said.py "$T"/said/*.json >"$T/claims"
	is "round $round: the highest build stands, the others landed before or are superseded" \
		"$(wc -l <"$T/claims") $("$PYTHON" "$T/judge.py" "$REPO_DIR" "$before" $((first + 7)) "$T/claims")" "8 "
	landed=$((landed + $(grep -c ' pushed ' "$T/claims")))
done
is "git fsck --strict finds nothing" \
	"$(git -C "$REPO_DIR" fsck --strict --no-dangling 2>&1)" ""
n=$(refused_pushes promote-bot)
echo "# $landed of $((8 * rounds)) builds landed, $n pushes were refused, $SECONDS s"
check "the race was real: pushes were refused" [ "$n" -ge "$rounds" ]
check "and some builds came too late" [ "$landed" -lt $((8 * rounds)) ]
runs "an old build that comes much later" 0 bot bump web=b101 --build 101
has "is superseded too" superseded
