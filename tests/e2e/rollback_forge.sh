#!/bin/bash
# rollback by pull request, and what becomes of the way forward meanwhile.
KIND=gitea
. "$(dirname "$0")/../story.sh"

staging=apps/web/overlays/staging/kustomization.yaml
branch=promote/staging/web
manual='s/merge: auto.*/merge: manual/'
back=rollback/staging/web
# staging runs 1.5.0 and a pull request for 1.5.1 waits.
waiting() {
	story "$manual$1"
	person $staging 's/newTag: .*/newTag: 1.5.0/'
	bot bump web=1.5.0 >"$T/out"
	now 2026-11-02T09:00:00Z
	bot bump web=1.5.1 >"$T/out"
	now 2026-11-02T10:00:00Z
	bot auto >"$T/out"
	is "a pull request waits" "$(states)" "#1:open"
	now 2026-11-02T10:10:00Z
}

waiting ''
runs "rollback by pull request" 0 bot rollback staging web --reason "errors|since"
is "opens one, and closes the way forward" "$(states)" "#1:closed #2:open"
is "marked, so that it is no person's no" "$(pulls '"closed=bot" in r[0]["body"]')" true
is "the forward branch is gone" \
	"$(git -C "$REPO_DIR" for-each-ref --format='%(refname:short)' refs/heads/promote refs/heads/rollback)" $back
is "its title says what" "$(pulls 'r[1]["title"]')" "Roll back web to 1.4.1 in staging"
is "the reason stands in it, escaped" "$(pulls '"errors\\|since" in r[1]["body"]')" true
is "it has one commit, one line" "$(git -C "$REPO_DIR" diff --numstat main $back)" "1	1	$staging"
idle "rollback again while it is open" bot rollback staging web
idle "auto promotes nothing meanwhile" bot auto
has "and says what it waits for" 'pull request #2 waits for a person'
runs "status" 0 bot status
has "says so too" 'web -> staging: 1\.4\.1 pending: pull request #2'
person $staging 's/namespace: .*/namespace: mine/'
idle "base moving elsewhere in the file" bot auto
person $staging 's/newTag: .*/newTag: "1.5.0"  # mine/'
runs "a conflict is built anew" 0 bot auto
is "on base's head" "$(git -C "$REPO_DIR" rev-parse $back^)" "$(git -C "$REPO_DIR" rev-parse main)"
is "its commit still says why" "$(git -C "$REPO_DIR" log -1 --format='%(trailers:key=Promote-Reason,valueonly)' $back | head -1)" "errors|since"
act merge '"number": 2, "method": "merge"'
is "a person merges it" "$(field web staging)" "\"1.4.1\"  # mine"
runs "auto goes on" 0 bot auto
is "the rollback's branch is gone; what is newer than what is held comes again" \
	"$(states) $(git -C "$REPO_DIR" for-each-ref --format='%(refname:short)' refs/heads/rollback)" \
	"#1:closed #2:merged #3:open "
is "1.5.1, never 1.5.0" "$(pulls 'r[2]["title"]')" "Promote web 1.5.1 to staging"

# By push, what becomes of the way forward is said before it is done.
waiting ';s/merge: manual/&\n    rollback: {deliver: push}/'
idle "rollback -n by push" bot rollback staging web -n
has "says that the way forward will be closed" 'would be pushed \(closes pull request #1\)'
runs "rollback by push" 0 bot rollback staging web
is "closes it" "$(states) $(field web staging)" "#1:closed 1.4.1"
has "and says so" 'pushed .*\(closes pull request #1\)'

# The person says no to the rollback.
waiting ''
bot rollback staging web >"$T/out"
act close '"number": 2'
runs "a rollback that a person closed" 0 bot auto
is "is over, and the way forward opens again" "$(pulls '[p["state"] for p in r]')" '["closed", "closed", "open"]'
runs "rollback by command" 0 bot rollback staging web
is "comes back" "$(pulls '[(p["title"].split()[0], p["state"]) for p in r if p["state"] == "open"]')" '[["Roll", "open"]]'

# The environment moves on while it waits.
waiting ''
bot rollback staging web >"$T/out"
person $staging 's/newTag: .*/newTag: 1.5.1/'
runs "auto after the environment moved on" 0 bot auto
is "withdraws it" "$(states)" "#1:closed #2:closed"
is "and its branch" "$(git -C "$REPO_DIR" for-each-ref refs/heads/rollback)" ""

# A person's commit on the rollback's branch, and on the forward one.
waiting ''
bot rollback staging web >"$T/out"
person $staging 's/namespace: .*/namespace: mine/' $back
theirs=$(git -C "$REPO_DIR" rev-parse $back)
idle "auto with a person's commit on it" bot auto
is "leaves it" "$(git -C "$REPO_DIR" rev-parse $back)" "$theirs"
runs "rollback then is 11" 11 bot rollback staging web
waiting ''
person $staging 's/namespace: .*/namespace: mine/' $branch
runs "rollback with a person's commit on the way forward" 0 bot rollback staging web
is "leaves that open" "$(states)" "#1:open #2:open"

# merge: auto
story
person $staging 's/newTag: .*/newTag: 1.5.0/'
now 2026-11-02T10:00:00Z
runs "rollback with merge: auto" 0 bot rollback staging web
is "lands at once" "$(states) $(field web staging)" "#1:merged 1.4.1"
is "and leaves no branch" "$(git -C "$REPO_DIR" for-each-ref refs/heads/rollback)" ""

# Killed between push and pull request.
story "$manual"
person $staging 's/newTag: .*/newTag: 1.5.0/'
now 2026-11-02T10:00:00Z
sim POST /_sim/fault '{"method": "POST", "path": "/pulls$", "status": 422, "do": "answer", "body": "{}", "count": 1}' >/dev/null
bot rollback staging web >"$T/out" 2>"$T/err"
is "the branch is there, no pull request" \
	"$(git -C "$REPO_DIR" for-each-ref refs/heads/rollback | wc -l) $(states)" "1 "
runs "the next run of auto" 0 bot auto
is "opens it" "$(states)" "#1:open"
is "as what it is" "$(pulls 'r[0]["title"]')" "Roll back web to 1.4.1 in staging"

# By push, with a forge: it closes the way forward, but does not wait for it.
push=';s/    gates:/    rollback: {deliver: push}\n&/'
waiting "$push"
runs "rollback by push" 0 bot rollback staging web
is "goes straight onto base" "$(field web staging)" 1.4.1
is "and closes the way forward" "$(states)" "#1:closed"
is "marked" "$(pulls '"closed=bot" in r[0]["body"]')" true
has "its commit is told" 'staging/web 1\.5\.0 -> 1\.4\.1: pushed'
waiting "$push"
sim POST /_sim/fault '{"path": "^/api", "status": 500, "do": "answer", "body": "{}", "count": 1000}' >/dev/null
runs "rollback while the forge is down" 0 bot rollback staging web --timeout 20s
is "goes straight onto base all the same" "$(field web staging)" 1.4.1
has "and says what it could not look for" 'whether a pull request is open is not known'
sim DELETE /_sim/fault >/dev/null
