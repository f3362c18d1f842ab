#!/bin/bash
# status: what runs where, what each promotion waits for, and what a person
# should know beside that: held and pinned versions, drift, overrides, stops.
. "$(dirname "$0")/../ondisk.sh"

fresh 's/soak: 24h.*/soak: 24h\n      pin: {until: 2026-12-01, reason: the audit is running}/'
runs "status with nothing to tell" 0 bot status
is "is the table, and what is pinned" "$(cat "$T/out")" \
"SERVICE  dev    staging  production-eu
api      1.4.1  1.4.1    1.4.1
web      1.4.1  1.4.1    1.4.1

api in production-eu: 1.4.1 pinned: pinned until 2026-12-01T00:00:00Z: the audit is running
web in production-eu: 1.4.1 pinned: pinned until 2026-12-01T00:00:00Z: the audit is running"

fresh
chain 9 1.5.0 1.5.1
at 2026-11-02T11:00:00Z
bot rollback staging web --reason "errors since ten" >/dev/null
runs "status after a rollback" 0 bot status
has "says what is held, since when, by whom and why" \
	'^web in staging: 1\.5\.1 held: rolled back to 1\.5\.0 at 2026-11-02T11:00:00Z by Tester: errors since ten$'
has "and how to go on" 'web -> staging: 1\.5\.1 held: staging was rolled back from 1\.5\.1; a newer version or'
runs "status --json" 0 bot status --json
is "has it as data" "$(json '[(x["environment"], n["kind"], n["version"]) for x in r["results"] for n in x["notes"]]')" \
	"[('staging', 'held', '1.5.1')]"
is "and one result for each service and environment" \
	"$(json 'len(set((x["service"], x["environment"]) for x in r["results"])) == len(r["results"]) == 6')" True
runs "status of another environment" 0 bot status dev
is "does not speak of it" "$(grep -c held "$T/out")" 0
before=$(head_of)
bot status >/dev/null
is "status changes nothing" "$(head_of)" "$before"
chain 12 1.5.2
runs "status when something newer is there" 0 bot status
is "does not speak of what is past" "$(grep -c held "$T/out")" 0
at 2026-11-02T13:00:00Z
by_hand web dev 1.5.1
runs "status after a person's revert" 0 bot status
has "says so" '^web in dev: 1\.5\.2 held: left by hand, back to 1\.5\.1 at 2026-11-02T13:00:00Z by Tester$'

fresh
chain 9 1.5.0
bot to production-eu web --override soak --reason "outage" >/dev/null
runs "status after an override" 0 bot status
has "says that, and why" '^web in production-eu: 1\.5\.0 override: came past soak: outage$'
at 2026-11-02T12:00:00Z
by_hand api staging 1.4.1-hotfix
runs "status after a hotfix" 0 bot status
has "says that it drifted" 'api -> staging: 1\.4\.1-hotfix drifted: staging runs 1\.4\.1-hotfix, which was never in dev'
person promote.stop.staging "stop" <<<"look first"
runs "status with a stop" 0 bot status
has "says what is stopped, once" '^staging is stopped by promote\.stop\.staging: look first$'
runs "status --json with a stop" 0 bot status --json
is "has it as data" "$(json 'r["stops"]')" \
	"[{'environment': 'staging', 'file': 'promote.stop.staging', 'reason': 'look first'}]"
