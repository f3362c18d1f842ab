#!/bin/bash
# The main job on a repository on disk, without a forge: what ends up in the
# repository, what is said, and which exit code a pipeline sees.
. "$(dirname "$0")/../lib.sh"

repo=$T/config.git
export PROMOTE_REPO=$repo PROMOTE_FORGE=none

head_of() { git -C "$repo" rev-parse "${1:-main}"; }
field() { git -C "$repo" show "main:apps/$1/overlays/$2/kustomization.yaml" |
	sed -n 's/.*newTag: //p'; }
# A person commits FILE (from stdin) onto main.
person() { # file message
	rm -rf "$T/work"
	git clone -q "$repo" "$T/work" && cat >"$T/work/$1" &&
		git -C "$T/work" add -A &&
		git -C "$T/work" commit -qm "$2" &&
		git -C "$T/work" push -q origin HEAD:main
}
fresh() {
	at 2026-11-01T08:00:00Z
	rm -rf "$repo" "$T/seed"
	cp -r examples/kustomize "$T/seed"
	sed -i 's/merge: auto.*/deliver: push/; s/vars: {dir: prod-eu}.*/&\n    deliver: push/' \
		"$T/seed/promote.yaml"
	git init -q -b main "$T/seed"
	git -C "$T/seed" add -A
	git -C "$T/seed" commit -qm 'as it was'
	git clone -q --bare "$T/seed" "$repo"
}

fresh
runs "check" 0 bot check
is "check lists services, environments and fields" \
	"$(grep -c 'kustomization.yaml registry.example.com/team/' "$T/out")" 6
is "check says that promote.yaml is right" "$(tail -n 1 "$T/out")" \
	"promote.yaml is right: 3 environments, 2 services, 6 fields"

at 2026-11-02T09:00:00Z
before=$(head_of)
runs "bump -n" 0 bot bump web=1.4.2 -n
is "bump -n shows the diff" "$(grep -c '^+    newTag: 1.4.2$' "$T/out")" 1
runs "bump -n for programs" 0 bot bump web=1.4.2 -n --json
is "is told from a deed" "$(grep -c '^  "dryRun": true,$' "$T/out")" 1
is "bump -n moves no ref" "$(head_of)" "$before"

runs "bump puts a build into dev" 0 bot bump web=1.4.2 --build 7 \
	--source https://git.example.com/team/web/commit/abc123
is "one line of one file changed" \
	"$(git -C "$repo" diff --numstat "$before" main)" \
	"1	1	apps/web/overlays/dev/kustomization.yaml"
is "one commit, whose parent is the head that was read" \
	"$(git -C "$repo" rev-list "$before..main" --parents)" \
	"$(head_of) $before"
is "the commit says what it was" \
	"$(git -C "$repo" log -1 --format='%(trailers:only,unfold)' main)" \
"Promote-Service: web
Promote-Environment: dev
Promote-Version: 1.4.2
Promote-Source: https://git.example.com/team/web/commit/abc123
Promote-Build: 7"
is "the repository is clean" "$(git -C "$repo" fsck --strict 2>&1)" ""

before=$(head_of)
runs "the same bump again is done already" 0 bot bump web=1.4.2 --build 7
is "and makes no commit" "$(head_of)" "$before"
is "which it says" "$(cat "$T/out" "$T/err")" "dev/web 1.4.2: unchanged"
runs "a later build" 0 bot bump web=1.4.3 --build 9
runs "an older build that comes late" 0 bot bump web=1.4.2-late --build 8
has "superseded is said" superseded
is "and the later build stays" "$(field web dev)" 1.4.3
runs "the same number with another version" 11 bot bump web=1.4.4 --build 9
runs "a version that dev has left" 0 bot bump web=1.4.2
is "does not come back" "$(field web dev)" 1.4.3

runs "a tag that looks like a number" 0 bot bump api=12e4567
is "is written as a string" "$(field api dev)" '"12e4567"'
runs "and is read back as itself" 0 bot bump api=12e4567
has "nothing to do" unchanged

# Soak -----------------------------------------------------------------------
fresh
at 2026-11-02T09:00:00Z; bot bump web=1.4.2 >/dev/null
before=$(head_of)
at 2026-11-02T09:29:59Z
runs "auto a second before the soak is over" 0 bot auto
has "it says until when" 'soaks in dev until 2026-11-02T09:30:00Z'
is "nothing moved" "$(head_of)" "$before"
runs "by hand, a wait is 10" 10 bot to staging web
at 2026-11-02T09:30:00Z
runs "auto when the soak is over" 0 bot auto
is "staging has it" "$(field web staging)" 1.4.2
before=$(head_of)
runs "auto again" 0 bot auto
is "makes no second commit" "$(head_of)" "$before"
at 2026-11-03T09:30:00Z
runs "production is promoted by hand" 0 bot to production-eu web
is "production has it" "$(field web prod-eu)" 1.4.2
runs "by hand again: exit 0" 0 bot to production-eu web

# A busy service still reaches staging: each version had its half hour, though
# a newer one is always soaking.
fresh
for h in 09 10 11; do
	at 2026-11-02T$h:00:00Z; bot bump web=1.5.$((10#$h)) >/dev/null
done
at 2026-11-02T11:10:00Z
runs "a busy service" 0 bot auto
is "gets the newest version that has soaked" "$(field web staging)" 1.5.10

# A person's no --------------------------------------------------------------
fresh
at 2026-11-02T09:00:00Z; bot bump web=1.4.2 >/dev/null
at 2026-11-02T10:00:00Z; bot auto >/dev/null
at 2026-11-02T10:30:00Z
git -C "$repo" show main:apps/web/overlays/staging/kustomization.yaml |
	sed s/1.4.2/1.4.1/ >"$T/reverted"
person apps/web/overlays/staging/kustomization.yaml "revert" <"$T/reverted"
runs "auto after a person's revert" 0 bot auto
is "the revert stands" "$(field web staging)" 1.4.1
has "and it is said" held
runs "by hand without a reason it is 11" 11 bot to staging web
runs "by name with a reason" 0 bot to staging web=1.4.2 --reason "it was the network"
is "it is back" "$(field web staging)" 1.4.2
is "the reason is kept" \
	"$(git -C "$repo" log -1 --format='%(trailers:key=Promote-Reason,valueonly)' main)" \
	"it was the network"
runs "what was never in dev" 11 bot to staging web=9.9.9

# A hotfix is drift.
fresh
at 2026-11-02T09:00:00Z
git -C "$repo" show main:apps/web/overlays/staging/kustomization.yaml |
	sed s/1.4.1/1.4.1-hotfix/ >"$T/hotfix"
person apps/web/overlays/staging/kustomization.yaml "hotfix" <"$T/hotfix"
runs "auto after a hotfix" 0 bot auto
is "the hotfix stands" "$(field web staging)" 1.4.1-hotfix
has "drift is said" drifted

# Refusals -------------------------------------------------------------------
fresh
runs "an unknown service" 14 bot bump nosuch=1.0
runs "a version that is none" 2 bot bump web=-1
runs "a digest without its @" 2 bot bump "web=sha256:$(printf 'a%.0s' {1..64})"
has "is told" 'is a digest; it is written with an @ before it'
runs "a gate that is none" 2 bot to staging web --override sook --reason x
has "is told which there are" "there is no gate 'sook'; there is pin, tag, soak, .*, verify, chain, stop"
runs "more than one environment's log" 2 bot log web dev staging
has "is told how" 'one service, at most one environment; usage: git promote log'
runs "an unknown option" 2 bot bump web=1 --bild 3
has "comes with a hint" 'did you mean --build'
runs "a repository out of a variable that is not set" 2 bot status --repo ''
has "is told" '[-]-repo is empty'
runs "several environments at once" 2 bot to staging,production-eu web
has "is told which" "'staging,production-eu' is not the name of one environment; usage: git promote to ENV"
runs "an option before the command" 2 bot -n auto
has "is told its place" 'options come after the command'
runs "a command line that is wrong" 2 bot bump web --json
is "is JSON for who asked for it" \
	"$($PYTHON -c 'import json, sys; r = json.load(sys.stdin); \
print(r["exitCode"], r["error"]["message"])' <"$T/out")" \
	"2 'web' names no version; write web=VERSION"
bot help json >"$T/help"
for c in status check 'log web' 'bump web=9.9 -n'; do
	# shellcheck disable=SC2086
	bot $c --json >"$T/well" 2>/dev/null
	# shellcheck disable=SC2086
	bot $c --json --repo "$T/nowhere" >"$T/ill" 2>/dev/null
	is "JSON of $c has the same keys where it fails, and all are explained" \
		"$("$PYTHON" - "$T/well" "$T/ill" "$T/help" <<'PY'
import json, re, sys
def keys(t):
    return set(t).union(*map(keys, t.values())) if isinstance(t, dict) else \
        set().union(*map(keys, t)) if isinstance(t, list) else set()
well, ill = (json.load(open(f)) for f in sys.argv[1:3])
print(list(well) == list(ill), well["error"], bool(ill["error"]),
      sorted(keys(well) - set(re.findall("[A-Za-z]+", open(sys.argv[3]).read()))))
PY
)" 'True None True []'
done
expect_exit 70 bash -c '"$0" status 2>&1 >/dev/full' "$BUILD/git-promote"
has "output that cannot be written is told" 'cannot write the output'
runs "an environment that is promoted to takes no bump" 2 bot bump web=2.0 --to staging
printf '#!/bin/sh\necho "no pushes on Fridays" >&2\nexit 1\n' >"$repo/hooks/pre-receive"
chmod +x "$repo/hooks/pre-receive"
before=$(head_of)
runs "a hook that refuses" 13 bot bump web=1.4.9
has "its words are shown" 'no pushes on Fridays'
is "no ref moved" "$(head_of)" "$before"
rm "$repo/hooks/pre-receive"
person promote.yaml "break it" <<'Y'
version: 1
enviroments: {}
services: []
Y
runs "a broken promote.yaml" 2 bot check
has "comes with file, line and column" '^error: promote.yaml:2:1: '

person promote.yml "another suffix" <<'Y'
version: 1
Y
git -C "$T/work" rm -q promote.yaml
git -C "$T/work" commit -qm "gone" && git -C "$T/work" push -q origin HEAD:main
runs "a promote.yml is not read" 2 bot check
has "but seen" 'but promote.yml is; rename it to promote.yaml'
git -C "$T/work" rm -q promote.yml
git -C "$T/work" commit -qm "none" && git -C "$T/work" push -q origin HEAD:main
runs "nor is there a promote.yaml by itself" 2 bot check
has "what to do is told" 'not on branch main of .*; put one there'

# A checkout ------------------------------------------------------------------
fresh
git clone -q "$repo" "$T/checkout"
before=$(git -C "$T/checkout" rev-parse HEAD)
(cd "$T/checkout" && unset PROMOTE_REPO && "$BUILD/git-promote" bump web=1.6.0) >"$T/out" 2>&1
is "in a checkout, origin is the repository" "$(field web dev)" 1.6.0
is "the checkout itself is not touched" \
	"$(git -C "$T/checkout" rev-parse HEAD)$(git -C "$T/checkout" status --porcelain)" "$before"
runs "a base that is checked out is not moved" 13 bot bump web=1.7.0 --repo "$T/checkout"
has "and why" 'is checked out in that repository, and git does not push under a work tree; name a bare one'
is "nor its work tree" \
	"$(git -C "$T/checkout" rev-parse HEAD)$(git -C "$T/checkout" status --porcelain)" "$before"
git -C "$T/checkout" checkout -q --detach
git -C "$T/checkout" branch -q -D main
runs "check reads a commit on no branch, as CI checks it out" 0 bot check --repo "$T/checkout"
runs "which nothing is pushed to" 2 bot bump web=1.8.0 --repo "$T/checkout"
has "and what to do" 'is on no branch; name one with --base'
