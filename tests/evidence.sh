# Checks and what the forge is told of gates; KIND says which forge.
# tests/e2e/evidence_*.sh run it, one forge each.
. "$(dirname "${BASH_SOURCE[0]}")/story.sh"
branch=promote/staging/web
manual='s/merge: auto.*/merge: manual/'
checks='s|soak: 30m.*|checks: ["smoke/{service}"]|'

# check_on COMMIT STATE [NAME]: CI has a result for a commit of base.
check_on() {
	act status "\"sha\": \"$(git -C "$REPO_DIR" rev-parse "$1")\",
		\"context\": \"${3-smoke/web}\", \"state\": \"$2\""
}
# gate EXPR: over `g`, the gates by name of the first result of --json in $T/out.
gate() { "$PYTHON" - "$T/out" "$1" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))["results"]
r = [x for x in r if x["service"] == "web" and x["gates"]]
g = {x["gate"]: x for x in r[0]["gates"]} if r else {}
print(eval(sys.argv[2]))
PY
}

# ---- checks: on base, since the version landed, newest per name ----
story "$checks"
check_on main success
now 2026-11-02T08:01:00Z
bot bump web=1.4.2 >"$T/out"
landed=$(git -C "$REPO_DIR" rev-parse main)
idle "a check that was never seen does not pass" bot auto
has "that is said" 'waiting \(checks: smoke/web has not been seen since'
now 2026-11-02T08:02:00Z
check_on main~1 success
idle "nor one on the commit before it" bot auto
check_on main success smoke/api
idle "nor another service's" bot auto
check_on main pending
idle "a check that runs waits" bot auto
has "it runs" 'smoke/web is running'
check_on main failure
idle "a red check waits" bot auto
has "it failed" 'smoke/web failed'
person apps/api/base/deployment.yaml 's/name: api/name: api2/'
now 2026-11-02T08:03:00Z
check_on main success
idle "auto -n with a newer green one on a later commit" bot auto -n
has "would promote" 'would be opened'
now 2026-11-02T08:04:00Z
check_on "$landed" failure
idle "a check that turned red again, on an older commit" bot auto
has "waits again" 'smoke/web failed'
runs "in JSON" 0 bot auto --json
is "there is what it rested on" "$(gate '[(e["name"], e["value"], e["at"])
	for e in g["checks"]["evidence"]]')" "[('smoke/web', 'failure', '2026-11-02T08:04:00Z')]"
forget
runs "by hand it waits as well" 10 bot to staging web
is "by hand: nothing is written" "$(writes)" ""
now 2026-11-02T08:05:00Z
check_on "$landed" success
runs "green again" 0 bot auto
is "staging has it" "$(field web staging)" 1.4.2

# What the next version's checks say does not count for the one before.
story "$checks"
bot bump web=1.4.2 >"$T/out"
person apps/api/base/deployment.yaml 's/name: api/name: api2/'
now 2026-11-02T08:01:00Z
bot bump web=1.4.3 >"$T/out"
now 2026-11-02T08:02:00Z
check_on main~1 success
idle "auto -n: the newer has no result yet" bot auto -n
has "the newer waits" '1.4.1 -> 1.4.3: waiting'
check_on main failure
runs "the older by name" 0 bot to staging web=1.4.2 -n
has "would go" 'would be opened'
check_on main~1 failure
now 2026-11-02T08:03:00Z
check_on main success
runs "but not on the newer one's green" 10 bot to staging web=1.4.2 -n
has "its own is red" 'smoke/web failed'

# The forge does not tell: unknown is not passed.
story "$checks"
bot bump web=1.4.2 >"$T/out"
now 2026-11-02T08:01:00Z
check_on main success
sim POST /_sim/fault '{"method": "GET", "path": "/status$", "status": 403, "do": "answer", "body": "{\"message\": \"no\"}", "count": -1}' >/dev/null
idle "the forge refuses to tell" bot auto
has "that is what it waits for" 'checks: not known: '
sim DELETE /_sim/fault >/dev/null
if [ "$KIND" = github ]; then
	sim POST /_sim/fault '{"method": "GET", "path": "/check-runs$", "status": 403, "do": "answer", "body": "{\"message\": \"Resource not accessible by personal access token\"}", "count": -1}' >/dev/null
	runs "statuses do without check runs" 0 bot auto -n
	has "they pass" 'would be opened'
	now 2026-11-02T08:02:00Z
	bot bump web=1.4.3 >"$T/out"
	idle "but what is not there may be a check run" bot auto
	has "that is said of the token" 'the token may not read check runs'
	sim DELETE /_sim/fault >/dev/null
	act check '"branch": "main", "name": "smoke/web", "conclusion": "success"'
	runs "a check run counts like a status" 0 bot auto -n
	has "and passes" '1.4.1 -> 1.4.3: would be opened'
fi
export PROMOTE_FORGE=none
idle "no forge: nobody to ask" bot auto
has "it waits" 'checks: not known: '
export PROMOTE_FORGE=$KIND

# A busy base: the landing, what comes after it, and the end are asked about.
story "$checks"
bot bump web=1.4.2 >"$T/out"
landed=$(git -C "$REPO_DIR" rev-parse main)
rm -rf "$T/busy"
git clone -q "$REPO_DIR" "$T/busy"
for i in $(seq 60); do
	git -C "$T/busy" commit -q --allow-empty -m "busy $i"
done
git -C "$T/busy" push -q origin HEAD:main
forget
runs "60 commits later" 0 bot auto
asked=$(sim_requests 'sum(1 for q in r if q["path"].endswith("/status"))')
is "24 of them are asked about" "$asked" 24
check_on "$landed" success
runs "the landing counts" 0 bot auto -n
has "it goes" 'would be opened'
check_on main failure
now 2026-11-02T08:01:00Z
check_on main failure
runs "and so does the head" 0 bot auto -n
has "which is red" 'smoke/web failed'

# ---- what the forge is told: git-promote/ENV on the head ----
# said [NUMBER]: the newest status of ours on a pull request's head.
said() {
	local sha
	sha=$(pulls "r[${1-1}-1][\"head_sha\"]")
	sim_get '" ".join("%s=%s" % (s["context"], s.get("state") or s.get("status"))
		for s in r["statuses"] or [])' GET "/repos/$REPO/commits/$sha/status"
}
why() {
	sim_get '" ".join(s["description"] for s in r["statuses"])' GET \
		"/repos/$REPO/commits/$(pulls 'r[0]["head_sha"]')/status"
}
# config SED: a person changes promote.yaml on main.
config() { person promote.yaml "$1"; }

story "$manual"
bot bump web=1.4.2 >"$T/out"
now 2026-11-02T08:30:00Z
runs "auto opens" 0 bot auto
is "and says that the gates pass" "$(said)" "git-promote/staging=success"
is "which ones" "$(why)" "all gates pass: soak"
is "the status was there before the pull request" "$(sim_requests '[q["path"].rsplit("/", 2)[-2:][0]
	if "statuses" in q["path"] else "pulls" for q in r if q["method"] == "POST"
	and ("statuses" in q["path"] or q["path"].endswith("/pulls"))]')" '["statuses", "pulls"]'
idle "auto again" bot auto
config 's|soak: 30m.*|soak: 30m\n      freeze: [{from: 2026-11-03, to: 2026-11-03, reason: "a <b>bold</b> move"}]|'
idle "the freeze is not yet" bot auto
now 2026-11-03T00:00:00Z
forget
runs "a freeze begins while it waits" 0 bot auto
is "the status is pending" "$(said)" "git-promote/staging=pending"
is "and says why" "$(why)" "freeze: frozen until 2026-11-04T00:00:00Z: a <b>bold</b> move"
is "the pull request's table says so too" \
	"$(pulls '"| freeze | waits |" in r[0]["body"] and "<b>" not in r[0]["body"]')" true
idle "auto again while frozen" bot auto
now 2026-11-04T00:00:00Z
runs "the freeze is over" 0 bot auto
is "success again" "$(said)" "git-promote/staging=success"
is "three were written" "$(sim_get 'len(r)' GET "/repos/$REPO/commits/$(pulls 'r[0]["head_sha"]')/statuses")" 3
idle "auto again after it" bot auto
config 's|soak: 30m.*|soak: 30d|'
runs "a longer soak counts for what is open" 0 bot auto
is "pending" "$(said)" "git-promote/staging=pending"
is "until when is said" "$(why | grep -c 'until 2026-12-02T08:00:00Z')" 1
now 2026-11-04T10:00:00Z
idle "hours later that is no news" bot auto
config 's|soak: 30d.*|soak: 30m|'
now 2026-11-04T11:00:00Z
bot bump web=1.4.3 >"$T/out"
runs "as it was" 0 bot auto
now 2026-11-04T12:00:00Z
runs "a newer version is refreshed" 0 bot auto
is "and its head has a status" "$(said)" "git-promote/staging=success"
idle "and then there is peace" bot auto

# Branch protection asks for it, the bot merges.
story
act protect '"branch": "main", "contexts": ["git-promote/staging"]'
bot bump web=1.4.2 >"$T/out" 2>&1
if [ "$(field web dev)" != 1.4.2 ]; then
	act protect '"branch": "main", "contexts": []'
	bot bump web=1.4.2 >"$T/out" 2>&1
	act protect '"branch": "main", "contexts": ["git-promote/staging"]'
fi
now 2026-11-02T08:30:00Z
runs "protected by our own status" 0 bot auto
is "it is merged" "$(states)" "#1:merged"

# A gate that does not pass any more keeps the bot from merging.
story "s|soak: 30m.*|checks: [smoke]|"
act protect '"branch": "main", "contexts": ["lint"]'
bot bump web=1.4.2 >"$T/out" 2>&1
now 2026-11-02T08:01:00Z
check_on main success smoke
runs "green, but the forge's own check is missing" 0 bot auto
is "it is open" "$(states) $(said)" "#1:open git-promote/staging=success"
act status '"number": 1, "context": "lint", "state": "success"'
now 2026-11-02T08:02:00Z
check_on main failure smoke
runs "red again, and the forge would let it in" 0 bot auto
is "it stays open" "$(states)" "#1:open"
is "and is pending" "$(said | tr ' ' '\n' | grep promote)" "git-promote/staging=pending"
now 2026-11-02T08:03:00Z
check_on main success smoke
runs "green again" 0 bot auto
is "it is merged then" "$(states)" "#1:merged"

# A token that may not set statuses: everything else works.
story "$manual"
sim_trap no-statuses=1
bot bump web=1.4.2 >"$T/out"
now 2026-11-02T08:30:00Z
runs "auto without the right to set statuses" 0 bot auto
has "that is a warning" 'the status git-promote/staging was not set'
is "the pull request is open" "$(states)" "#1:open"
forget
runs "auto once more" 0 bot auto
is "it tries once" "$(writes | tr ' ' '\n' | grep -c statuses)" 1
sim_trap no-statuses=0
runs "and when it may" 0 bot auto
is "it does" "$(said)" "git-promote/staging=success"
idle "and then there is peace again" bot auto

# Killed between the status and the pull request's text: said again, once.
story "$manual"
bot bump web=1.4.2 >"$T/out"
now 2026-11-02T08:30:00Z
bot auto >"$T/out"
config 's|soak: 30m.*|soak: 30d|'
sim POST /_sim/fault '{"method": "PATCH", "path": "/pulls/1$", "do": "answer", "status": 500, "body": "", "count": 1}' >/dev/null
bot auto >"$T/out" 2>&1
is "the status is pending already" "$(said)" "git-promote/staging=pending"
runs "the next run finishes" 0 bot auto
idle "and there is nothing left" bot auto

# ---- what a reviewer sees: what else changed where the version comes from ----
# commit_to FILE SUBJECT: somebody's commit on main that appends to FILE.
commit_to() {
	rm -rf "$T/work"
	git clone -q "$REPO_DIR" "$T/work" && echo "# more" >>"$T/work/$1" &&
		git -C "$T/work" commit -qam "$2" && git -C "$T/work" push -q origin HEAD:main
}
listed() { pulls "\"\\n\".join(l for l in r[${1-1}-1][\"body\"].split(\"\\n\") if l.startswith(\"- \"))" |
	sed 's/^- [0-9a-f]* //'; }
dev=apps/web/overlays/dev/kustomization.yaml
story "$manual"
commit_to $dev "before anything"
bot bump web=1.4.2 >"$T/out"
commit_to $dev "replicas <b>9</b> @team #1"
commit_to $dev "memory$(printf ' für%.0s' {1..40})"
long="memory$(printf ' für%.0s' {1..22})"	# cut behind a word
commit_to apps/api/overlays/dev/kustomization.yaml "another service"
commit_to apps/web/overlays/staging/kustomization.yaml "another environment"
now 2026-11-02T09:00:00Z
bot auto --json >"$T/out"
is "other commits in dev's folder are in JSON" "$("$PYTHON" -c '
import json, sys
t = [r["touched"] for r in json.load(sys.stdin)["results"] if r["touched"]]
print(len(t), t[0]["path"], t[0]["more"], [(c["subject"], c["author"]) for c in t[0]["commits"]])
' <"$T/out")" "1 apps/web/overlays/dev 0 [('$long...', 'Tester'), ('replicas <b>9</b> @team #1', 'Tester'), ('before anything', 'Tester')]"
is "other commits in dev's folder are listed, newest first" "$(listed)" \
	"$long\\.\\.\\. (Tester)
replicas &#60;b&#62;9&#60;/b&#62; @&#8203;team \\#&#8203;1 (Tester)
before anything (Tester)"
is "of the service that it is about" "$(pulls '"another" in r[0]["body"]')" false
runs "merged" 0 act merge '"number": 1, "method": "merge"'
for i in $(seq 12); do
	commit_to $dev "change $i"
done
bot bump web=1.4.3 >"$T/out"
now 2026-11-02T10:00:00Z
runs "the next promotion" 0 bot auto
last=$(pulls 'len(r)')
is "lists those since the last one" "$(listed "$last" | sed -n '1p;$p')" "change 12 (Tester)
- and 2 more"
idle "and then there is peace, too" bot auto

# ---- a run that dies right after opening a pull request ----
story "$manual;s|merge: manual|&\n    labels: [urgent]\n    reviewers: [alice]|"
bot bump web=1.4.2 >"$T/out"
now 2026-11-02T08:30:00Z
sim POST /_sim/fault '{"method": "POST", "path": "/issues/1/labels$", "do": "answer", "status": 503, "body": "", "count": -1}' >/dev/null
sim POST /_sim/fault '{"method": "POST", "path": "/requested_reviewers$", "do": "cut", "count": -1}' >/dev/null
runs "auto opens, and the forge goes down" 0 bot auto
is "nobody was asked" "$(states) $(pulls 'r[0]["labels"] + r[0]["reviewers"]')" "#1:open []"
sim DELETE /_sim/fault >/dev/null
runs "the next run" 0 bot auto
is "asks" "$(states) $(pulls 'r[0]["labels"] + r[0]["reviewers"]')" '#1:open ["urgent", "alice"]'
is "and leaves the rest as it was" "$(said) $(pulls '"| soak | passed |" in r[0]["body"]')" "git-promote/staging=success true"
idle "once" bot auto
act edit '"number": 1, "title": "Soon"'
idle "and no more" bot auto

# ---- a squash that dropped the trailers ----
story "$manual;s|deliver: push .*|deliver: pull-request|"
source=https://git.example.com/team/web/commit
bot bump web=1.4.2 --build 7 --source $source/aaa2 >"$T/out"
act merge '"number": 1, "method": "squash", "message": "Ship it"'
is "nothing of them is on main" "$(git -C "$REPO_DIR" log main --format=%B | grep -c ^Promote-)" 0
forget
runs "an older build is known by its pull request" 0 bot bump web=1.4.1-late --build 6
has "and superseded" 'superseded \(dev already has a later build'
is "nothing is written" "$(writes)" ""
now 2026-11-02T08:30:00Z
runs "what it was built from as well" 0 bot auto
is "which the next reviewer sees" "$(pulls "\"| built from | <$source/aaa2> |\" in r[1][\"body\"]")" true
act merge '"number": 2, "method": "squash", "message": "Ship it"'
bot bump web=1.4.3 --build 8 --source $source/aaa3 >"$T/out"
act merge '"number": 3, "method": "squash", "message": "Ship it"'
now 2026-11-02T09:30:00Z
runs "and the next one after that" 0 bot auto
is "what changed in between" \
	"$(pulls "\"<https://git.example.com/team/web/compare/aaa2...aaa3>\" in r[3][\"body\"]")" true

# ---- live since: the forge's word on when it landed ----
if [ "$KIND" = gitea ]; then	# merging moves the branch forward, no more
	story "$manual"
	bot bump web=1.4.2 >"$T/out"
	now 2026-11-02T09:00:00Z
	bot auto >"$T/out"
	now 2026-11-02T15:00:00Z
	act merge '"number": 1, "method": "fast-forward-only"'
	is "landed at three, made at nine" \
		"$(git -C "$REPO_DIR" log -1 --format=%ct main) $(field web staging)" \
		"1793610000 1.4.2"
	now 2026-11-03T14:59:59Z
	runs "a second before a day is over" 10 bot to production-eu web
	has "it soaks since it was merged" 'soaks in staging until 2026-11-03T15:00:00Z'
	now 2026-11-03T15:00:00Z
	runs "a day later" 0 bot to production-eu web
fi
