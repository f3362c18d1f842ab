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
