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
