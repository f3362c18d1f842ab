#!/bin/bash
# After it landed: `verify` judges a version where it is live; what failed goes
# no further, and is rolled back where that was asked for.
KIND=gitea
. "$(dirname "$0")/../story.sh"

check_on() {
	act status "\"sha\": \"$(git -C "$REPO_DIR" rev-parse "$1")\",
		\"context\": \"$2\", \"state\": \"$3\""
}
# staged [SED]: staging has 1.4.2 since 08:30; production wants no soak.
staged() {
	story "s|merge: auto.*|deliver: push|; s|soak: 24h|pin: {until: 2026-11-01, reason: x}|
		s|^  production-eu:|    verify: {within: 30m, on-failure: hold, checks: [\"e2e/{service}\"]}\n&|
		s|labels: .production.|promote: auto\n    deliver: push|; ${1-}"
	bot bump web=1.4.2 >"$T/out"
	now 2026-11-02T08:30:00Z
	bot auto >"$T/out" 2>"$T/err"
}
staged
is "staging has it" "$(field web staging)" 1.4.2
is "production has not, though no gate of its own waits" "$(field web prod-eu)" 1.4.1
idle "while it is not verified" bot auto
has "that is said" 'production-eu/web .*waiting \(verify: not yet in staging: checks: e2e/web has not been seen'
check_on main e2e/web failure
now 2026-11-02T08:59:59Z
idle "red, but its time is not over" bot auto
has "it waits" 'waiting \(verify: not yet in staging: checks: e2e/web failed'
runs "by hand it waits too" 10 bot to production-eu web
now 2026-11-02T09:00:00Z
idle "its time is over" bot auto
has "it is refused" 'refused \(verify: failed in staging: checks: e2e/web failed'
runs "status" 0 bot status
has "says so" 'verify.*failed in staging: checks: e2e/web failed|failed in staging'
is "hold does not roll back" "$(field web staging)" 1.4.2
runs "by hand that is 11" 11 bot to production-eu web
runs "break-glass" 0 bot to production-eu web -n --override verify --reason "known flake"
has "gets past it" 'would be pushed'
check_on main e2e/web success
now 2026-11-02T09:10:00Z
runs "green at last" 0 bot auto
is "goes on" "$(field web prod-eu)" 1.4.2

# Nobody says anything: not promoted, and not rolled back.
staged 's|on-failure: hold|on-failure: rollback|'
now 2026-11-02T10:00:00Z
idle "no word in all the time" bot auto
has "is no pass" 'waiting \(verify: did not pass in time in staging'
is "and no failure" "$(field web staging)" 1.4.2

# on-failure: rollback
staged 's|on-failure: hold|on-failure: rollback|'
check_on main e2e/web failure
now 2026-11-02T08:59:59Z
idle "red before its time is over" bot auto
now 2026-11-02T09:00:00Z
runs "red when its time is over" 0 bot auto
is "it is rolled back" "$(field web staging)" 1.4.1
is "why is in the commit" "$(git -C "$REPO_DIR" log -1 --format=%B main |
	grep -c 'Promote-Reason: verify failed in staging: checks: e2e/web failed')" 1
idle "once" bot auto
has "and held" 'staging/web 1.4.1.*held'
check_on main e2e/web failure
now 2026-11-02T10:00:00Z
idle "what it went back to is not gone back from" bot auto
is "it stays" "$(field web staging)" 1.4.1
bot bump web=1.4.3 >"$T/out"
now 2026-11-02T10:30:00Z
runs "a newer version" 0 bot auto
is "comes" "$(field web staging)" 1.4.3

# The same by pull request. reviewed [SED]: staging got 1.4.2 at 08:30 by one.
reviewed() {
	story "s|^  production-eu:|    verify: {within: 30m, on-failure: rollback, checks: [\"e2e/{service}\"]}\n&|; ${1-}"
	bot bump web=1.4.2 >"$T/out"
	now 2026-11-02T08:30:00Z
	bot auto >"$T/out" 2>"$T/err"
	[ "$(states)" = "#1:merged" ] || act merge '"number": 1'
	check_on main e2e/web failure
	now 2026-11-02T09:00:00Z
}
reviewed
runs "red, rolled back by pull request" 0 bot auto
is "which the bot merges" "$(states) $(field web staging)" "#1:merged #2:merged 1.4.1"
is "it says what it is" "$(pulls 'r[1]["title"]')" "Roll back web to 1.4.1 in staging"
is "and why" "$(pulls '"| reason | verify failed in staging" in r[1]["body"]')" true
is "in the commit as well" "$(git -C "$REPO_DIR" log --first-parent --format=%B main |
	grep -c 'Promote-Reason: verify failed in staging: checks: e2e/web failed')" 1
idle "once" bot auto
has "and held" 'staging/web 1.4.1.*held'
is "nothing is left behind" "$(git -C "$REPO_DIR" for-each-ref refs/heads/rollback refs/heads/promote)" ""

manual='s/merge: auto.*/merge: manual/'
reviewed "$manual"
bot bump web=1.4.3 >"$T/out"
runs "red, rolled back by a person's hand" 0 bot auto
is "it is asked for" "$(states)" "#1:merged #2:open"
idle "once" bot auto
has "that is said" 'staging/web .*pull request #2 waits for a person to merge it'
now 2026-11-02T10:00:00Z
idle "nothing is promoted meanwhile" bot auto
runs "status" 0 bot status
has "shows the pull request" 'staging: 1.4.1 .*#2'
act merge '"number": 2'
runs "when it is merged" 0 bot auto
is "the newer version follows" "$(states)" "#1:merged #2:merged #3:open"

reviewed "$manual"
bot auto >"$T/out"
act close '"number": 2'
bot auto >"$T/out"	# clears away what landed
idle "a person's no to going back" bot auto
is "stays no" "$(states) $(field web staging)" "#1:merged #2:closed 1.4.2"
has "that is said" 'staging/web .*declined \(verify failed, .* #2 was closed'
bot bump web=1.4.3 >"$T/out"
now 2026-11-02T10:00:00Z
runs "a newer version" 0 bot auto
is "goes on" "$(states)" "#1:merged #2:closed #3:open"
runs "by name it goes back all the same" 0 bot rollback staging web
is "in a pull request of its own" "$(pulls '[p["title"] for p in r if p["state"] == "open"]')" \
	'["Roll back web to 1.4.1 in staging"]'

# Services that move together go back together.
reviewed 's/^services:/together: {shop: [web, api]}\n&/'
is "the set landed" "$(states) $(field web staging)" "#1:merged 1.4.2"
runs "one of a set failed" 0 bot auto
is "the set goes back" "$(states) $(field web staging) $(pulls 'r[1]["title"]')" \
	"#1:merged #2:merged 1.4.1 Roll back +shop to 1.4.1 in staging"
idle "once" bot auto

# A run that died before the pull request was there.
reviewed "$manual"
sim POST /_sim/fault '{"method": "POST", "path": "/pulls$", "do": "answer", "status": 503, "body": "", "count": -1}' >/dev/null
bot auto --timeout 5s >"$T/out" 2>&1
sim DELETE /_sim/fault >/dev/null
is "a branch without a pull request" "$(states) $(git -C "$REPO_DIR" for-each-ref refs/heads/rollback | wc -l)" "#1:merged 1"
runs "the next run" 0 bot auto
is "opens it" "$(states)" "#1:merged #2:open"

# Days later it is no business of auto's any more.
staged 's|on-failure: hold|on-failure: rollback|'
check_on main e2e/web failure
now 2026-11-03T09:00:01Z
idle "found red more than a day after its time" bot auto
is "is left to people" "$(field web staging)" 1.4.2

# What is wrong with the setting.
for row in 'verify: {checks: [a]}=needs .within' 'verify: {within: 5m}=nothing to look at' \
	'verify: {within: soon, checks: [a]}=not a duration' \
	'verify: {within: 5m, soak: 1h}=says nothing of a version' \
	'verify: {within: 5m, on-failure: explode, checks: [a]}=on-failure'; do
	story "s|soak: 24h|soak: 24h\n    ${row%%=*}|"
	runs "refused: ${row%%=*}" 2 bot check
	has "refused: ${row%%=*}: says why" "${row#*=}"
done
