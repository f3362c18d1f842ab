# The main job with a forge, one story after another; KIND says which forge.
# tests/e2e/forge_*.sh run it, one forge each.
. "$(dirname "${BASH_SOURCE[0]}")/story.sh"
staging=apps/web/overlays/staging/kustomization.yaml
branch=promote/staging/web

# ---- from the build to production ----
story
runs "bump" 0 bot bump web=1.4.2 --build 7 --source https://git.example.com/team/web/commit/abc1
is "dev has it" "$(field web dev)" 1.4.2
idle "bump again" bot bump web=1.4.2 --build 7
now 2026-11-02T08:10:00Z
idle "auto while it soaks" bot auto
now 2026-11-02T08:30:00Z
runs "auto promotes to staging" 0 bot auto
is "the pull request was merged" "$(states)" "#1:merged"
is "staging has it" "$(field web staging)" 1.4.2
is "its branch is gone" "$(git -C "$REPO_DIR" for-each-ref refs/heads/promote)" ""
idle "auto again" bot auto
now 2026-11-02T20:30:00Z
forget
runs "to production too early waits" 10 bot to production-eu web
is "to production too early: nothing is written" "$(writes)" ""
now 2026-11-03T08:30:00Z
runs "to production opens a pull request" 0 bot to production-eu web
has "its address is said" '/pull(s|)/2'
is "one pull request, open" "$(states)" "#1:merged #2:open"
is "its title says what" "$(pulls 'r[1]["title"]')" "Promote web 1.4.2 to production-eu"
is "it has its label" "$(pulls '" ".join(r[1]["labels"])')" production
is "it says since when it has been live" \
	"$(pulls '"live in staging since | 2026-11-02T08:30:00Z" in r[1]["body"]')" true
is "it lists the gates" "$(pulls '"| soak | passed |" in r[1]["body"]')" true
is "one commit, one line" \
	"$(git -C "$REPO_DIR" diff --numstat main promote/production-eu/web)" \
	"1	1	apps/web/overlays/prod-eu/kustomization.yaml"
idle "to production again" bot to production-eu web
idle "auto leaves it open" bot auto
act merge '"number": 2, "method": "merge"'
is "a person merges it" "$(field web prod-eu)" 1.4.2
runs "auto tidies up" 0 bot auto
idle "auto then has nothing to do" bot auto
idle "to production is done already" bot to production-eu web
is "the repository is clean" "$(git -C "$REPO_DIR" fsck --strict 2>&1 | grep -v dangling)" ""

# ---- a newer version comes while one waits ----
manual='s/merge: auto.*/merge: manual/'
story "$manual"
bot bump web=1.5.0 --source https://git.example.com/team/web/commit/aaa1 >"$T/out"
now 2026-11-02T09:00:00Z
runs "auto opens" 0 bot auto
is "it is open" "$(states)" "#1:open"
first=$(git -C "$REPO_DIR" rev-parse $branch)
bot bump web=1.5.1 --source https://git.example.com/team/web/commit/aaa2 >"$T/out"
idle "auto while the newer one soaks" bot auto
now 2026-11-02T09:30:00Z
runs "auto refreshes it in place" 0 bot auto
is "the same pull request" "$(states)" "#1:open"
is "with the newer title" "$(pulls 'r[0]["title"]')" "Promote web 1.5.1 to staging"
is "and the newer version" "$(field web staging $branch)" 1.5.1
act merge '"number": 1'
bot bump web=1.5.2 --source https://git.example.com/team/web/commit/aaa3 >"$T/out"
now 2026-11-02T10:00:00Z
bot auto >"$T/out"
is "a compare link from what runs to what will" \
	"$(pulls '"<https://git.example.com/team/web/compare/aaa2...aaa3>" in r[1]["body"]')" true
story "$manual"
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
bot auto >"$T/out"
first=$(git -C "$REPO_DIR" rev-parse $branch)
bot bump web=1.5.1 >"$T/out"
now 2026-11-02T09:30:00Z
bot auto >"$T/out"
is "on one commit" "$(git -C "$REPO_DIR" rev-list --count main..$branch)" 1
is "that replaced the first" "$(git -C "$REPO_DIR" merge-base --is-ancestor "$first" $branch; echo $?)" 1
idle "auto again" bot auto
act review '"number": 1'
bot bump web=1.5.2 >"$T/out"
now 2026-11-02T10:30:00Z
idle "an approved one is left to land" bot auto
is "with what was approved" "$(field web staging $branch)" 1.5.1

# ---- a person's no ----
story "$manual"
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
bot auto >"$T/out"
act close '"number": 1'
idle "a closed pull request does not come back" bot auto
has "that is said" declined
runs "status says so too" 0 bot status
has "declined, in status" 'declined: 1.5.0'
bot bump web=1.5.1 >"$T/out"
now 2026-11-02T09:30:00Z
runs "a newer version does" 0 bot auto
is "in a pull request of its own" "$(states)" "#1:closed #2:open"
story "$manual"
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
bot auto >"$T/out"
act close '"number": 1'
runs "by name it comes back" 0 bot to staging web=1.5.0
is "it is open again" "$(pulls '[p["state"] for p in r].count("open")')" 1
idle "and auto keeps it" bot auto

# ---- a person's commit on our branch ----
story "$manual"
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
bot auto >"$T/out"
person $staging 's/namespace: .*/namespace: mine/' $branch
theirs=$(git -C "$REPO_DIR" rev-parse $branch)
bot bump web=1.5.1 >"$T/out"
now 2026-11-02T09:30:00Z
idle "auto leaves a branch with a person's commit alone" bot auto
is "it is as it was" "$(git -C "$REPO_DIR" rev-parse $branch)" "$theirs"
runs "by hand that is 11" 11 bot to staging web
has "and says whose commit" 'by Tester'

# ---- base moves ----
story "$manual"
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
bot auto >"$T/out"
before=$(git -C "$REPO_DIR" rev-parse $branch)
person apps/api/base/deployment.yaml 's/name: api/name: api2/'
idle "base moving elsewhere does not touch the branch" bot auto
is "it stands" "$(git -C "$REPO_DIR" rev-parse $branch)" "$before"
person $staging 's/  # set by git-promote.*/  # mine/; s/newTag: .*/newTag: "1.4.1"/'
runs "a conflict is built anew on the new base" 0 bot auto
is "on base's head" "$(git -C "$REPO_DIR" rev-parse $branch^)" "$(git -C "$REPO_DIR" rev-parse main)"
is "one line again" "$(git -C "$REPO_DIR" diff --numstat main $branch)" "1	1	$staging"
is "the person's line stays" "$(git -C "$REPO_DIR" show $branch:$staging | grep -c '# mine')" 1
idle "and then there is peace" bot auto
person $staging 's/newTag: .*/newTag: 1.5.0/'
runs "what landed by hand closes its pull request" 0 bot auto
is "it is closed" "$(states)" "#1:closed"
is "marked as closed by the bot" "$(pulls '"closed=bot" in r[0]["body"]')" true
is "its branch is gone" "$(git -C "$REPO_DIR" for-each-ref refs/heads/promote)" ""
idle "once" bot auto

# ---- however it is merged ----
for method in merge squash rebase; do
	story "$manual"
	bot bump web=1.5.0 >"$T/out"
	now 2026-11-02T09:00:00Z
	bot auto >"$T/out"
	act merge "\"number\": 1, \"method\": \"$method\""
	is "$method: staging has it" "$(field web staging)" 1.5.0
	runs "$method: auto tidies up" 0 bot auto
	is "$method: the branch is gone" "$(git -C "$REPO_DIR" for-each-ref refs/heads/promote)" ""
	idle "$method: nothing comes back" bot auto
done

# ---- merged by the bot when the forge lets it ----
story
act protect '"branch": "main", "contexts": ["lint"]'
bot bump web=1.5.0 >"$T/out" 2>&1
now 2026-11-02T09:00:00Z
runs "auto with a check missing" 0 bot auto
is "the pull request is open" "$(states)" "#1:open"
idle "auto again" bot auto
act status '"number": 1, "context": "lint", "state": "success"'
runs "auto when the check is there" 0 bot auto
is "it is merged" "$(states)" "#1:merged"
is "staging has it" "$(field web staging)" 1.5.0

# ---- killed between push and pull request ----
story "$manual"
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
sim POST /_sim/fault '{"method": "POST", "path": "/pulls$", "status": 422, "do": "answer", "body": "{}", "count": 1}' >/dev/null
bot auto >"$T/out" 2>"$T/err"
is "the branch is there, no pull request" \
	"$(git -C "$REPO_DIR" for-each-ref refs/heads/promote | wc -l) $(states)" "1 "
pushed=$(git -C "$REPO_DIR" rev-parse $branch)
now 2026-11-02T09:10:00Z
runs "the next run finds it" 0 bot auto
is "and opens the pull request" "$(states)" "#1:open"
is "for the commit that was there" "$(git -C "$REPO_DIR" rev-parse $branch)" "$pushed"

# ---- dev by pull request, too ----
story 's/deliver: push.*/deliver: pull-request/'
runs "bump by pull request" 0 bot bump web=1.6.0 --build 3
is "opens one" "$(states)" "#1:open"
is "dev is as it was" "$(field web dev)" 1.4.1
idle "the same bump again" bot bump web=1.6.0 --build 3
runs "a newer build" 0 bot bump web=1.6.1 --build 4
is "refreshes it" "$(states) $(field web dev promote/dev/web)" "#1:open 1.6.1"

# ---- dry run and JSON ----
story "$manual"
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
idle "auto -n" bot auto -n
has "shows the diff" '^\+    newTag: 1.5.0'
runs "auto --json" 0 bot auto --json
is "tells what was done" "$("$PYTHON" - "$T/out" <<'PY'
import json, sys
r = [x for x in json.load(open(sys.argv[1]))["results"] if x["service"] == "web"]
x = r[0]
print(x["environment"], x["action"], x["oldVersion"], x["newVersion"],
      x["pullRequest"]["number"], x["branch"], x["exitCode"],
      [(g["gate"], g["verdict"]) for g in x["gates"]])
PY
)" "staging opened 1.4.1 1.5.0 1 promote/staging/web 0 [('soak', 'pass')]"

# ---- an entry environment by pull request: auto looks after what bumps left ----
dev=apps/web/overlays/dev/kustomization.yaml
story 's|deliver: push .*|deliver: pull-request\n    merge: auto|'
act protect '"branch": "main", "contexts": ["lint"]'
runs "bump by pull request" 0 bot bump web=1.5.0 --build 8
is "waits for a check" "$(states)" "#1:open"
idle "auto while it waits" bot auto
has "shows it" 'dev/web 1.4.1 -> 1.5.0: (pending|armed)'
act status '"number": 1, "context": "lint", "state": "success"'
runs "auto when the check is there" 0 bot auto
is "merges it" "$(states) $(field web dev)" "#1:merged 1.5.0"
is "its branch is gone" "$(git -C "$REPO_DIR" for-each-ref refs/heads/promote)" ""
idle "auto again" bot auto

story 's|deliver: push .*|deliver: pull-request|'
bot bump web=1.5.0 --build 8 >"$T/out"
idle "one that a person merges is left open" bot auto
has "that is said" 'dev/web 1.4.1 -> 1.5.0: pending .*waits for a person to merge it'
person $dev 's/  # set by git-promote.*/  # mine/; s/newTag: .*/newTag: "1.4.9"/'
runs "where base went on" 0 bot auto
is "it is built anew, and keeps its number" "$(states) $(git -C "$REPO_DIR" log -1 \
	--format='%(trailers:key=Promote-Build,valueonly)' promote/dev/web | head -1)" "#1:open 8"
is "on base's head" "$(git -C "$REPO_DIR" rev-parse promote/dev/web^)" "$(git -C "$REPO_DIR" rev-parse main)"
person $dev 's/newTag: .*/newTag: "1.6.0"/' main "dev: web 1.6.0

Promote-Service: web
Promote-Environment: dev
Promote-Version: 1.6.0
Promote-Build: 9"
runs "where base has a later build" 0 bot auto
has "that is said" 'dev/web 1.6.0 -> 1.5.0: superseded .*closes pull request #1'
is "it is closed, marked, and its branch is gone" "$(states) $(pulls '"closed=bot" in r[0]["body"]') $(git \
	-C "$REPO_DIR" for-each-ref refs/heads/promote/dev)" "#1:closed true "
idle "auto again" bot auto
bot bump web=1.7.0 --build 10 >"$T/out"
person $dev 's/newTag: .*/newTag: "1.7.0"/'
runs "where base has it already" 0 bot auto
is "it is closed" "$(states)" "#1:closed #2:closed"
bot bump web=1.8.0 --build 11 >"$T/out"
act close '"number": 3'
idle "a person's no" bot auto
is "stays no" "$(states)" "#1:closed #2:closed #3:closed"
