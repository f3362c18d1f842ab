#!/bin/bash
# The emergency stop, and break-glass, which gets past gates and stops.
. "$(dirname "$0")/../ondisk.sh"

remove() { # FILE: a person takes it out again
	rm -rf "$T/work"
	git clone -q "$repo" "$T/work" && git -C "$T/work" rm -q "$1" &&
		git -C "$T/work" commit -qm "go on" &&
		git -C "$T/work" push -q origin HEAD:main
}

# promote.stop
fresh
at 2026-11-02T09:00:00Z
bot bump web=1.4.2 >/dev/null
at 2026-11-02T10:00:00Z
person promote.stop "stop" <<<$'\n  the database is on fire \nmore'
before=$(head_of)
runs "auto when everything is stopped" 10 bot auto
has "says why" 'staging/web .*waiting \(stopped by promote\.stop: the database is on fire\)'
runs "to" 10 bot to staging web
runs "bump" 10 bot bump web=1.4.3
runs "bump of what is there already" 0 bot bump web=1.4.2
is "nothing moved" "$(head_of)" "$before"
runs "status" 0 bot status
has "shows it" 'web -> staging: waiting: stopped by promote\.stop: the database is on fire'
runs "rollback all the same" 0 bot rollback dev web
is "goes back" "$(field web dev)" 1.4.1
bot to dev web=1.4.2 --override stop --reason "back" >/dev/null
at 2026-11-02T11:00:00Z
runs "--override stop without a reason" 2 bot to staging web --override stop
runs "--override stop" 0 bot to staging web --override stop --reason "the fix"
is "goes on" "$(field web staging)" 1.4.2
is "and says so in the commit" "$(trailer Promote-Override)/$(trailer Promote-Reason)" "stop/the fix"
bot bump web=1.4.4 --override stop --reason "the fix" >/dev/null
at 2026-11-02T12:00:00Z
runs "the next run" 10 bot auto
is "takes no override from a commit" "$(field web staging)" 1.4.2
remove promote.stop
runs "auto when the file is gone" 0 bot auto
is "goes on" "$(field web staging)" 1.4.4

# promote.stop.ENV
at 2026-11-03T13:00:00Z
bot bump web=1.4.5 >/dev/null
at 2026-11-03T14:00:00Z
person promote.stop.production-eu "stop" <<<"$(printf 'the \033[31maudit')"
runs "auto with one environment stopped" 0 bot auto
is "goes on in the others" "$(field web staging)" 1.4.5
at 2026-11-05T14:00:00Z
runs "to in the one that is stopped" 10 bot to production-eu web
is "its reason has no control character" "$(tr -d '[:print:]\n' <"$T/out" | wc -c)" 0
remove promote.stop.production-eu
person promote.stop.prod "stop" </dev/null
runs "a stop for an environment that is not there" 10 bot to production-eu web
has "stops everything, and says so" 'promote\.stop\.prod: no reason is given there \(it names no environment'
is "nothing moved" "$(field web prod-eu)" 1.4.1

# Break-glass.
fresh 's/soak: 24h.*/soak: 24h\n      hours: Mon-Fri 09:00-10:00\n    override: [soak, chain, stop]/'
chain 9 1.5.0
at 2026-11-02T11:00:00Z
before=$(head_of)
runs "one gate overridden, another holds" 10 bot to production-eu web --override soak --reason "urgent"
has "and says which" 'hours'
runs "one that promote.yaml does not let be overridden" 11 bot to production-eu web --override soak,hours --reason "urgent"
has "says that" "does not let 'hours' be overridden for web in production-eu"
runs "one that does not exist" 2 bot to production-eu web --override speed --reason "urgent"
runs "chain is not for to" 2 bot to production-eu web --override chain --reason "urgent"
runs "auto takes no override" 2 bot auto --override soak --reason "urgent"
is "nothing moved" "$(head_of)" "$before"
at 2026-11-03T09:10:00Z
bot bump web=1.5.1 >/dev/null
at 2026-11-03T09:40:00Z
bot auto >/dev/null
runs "--override soak" 0 bot to production-eu web=1.5.1 --override soak --reason "urgent"
is "goes on" "$(field web prod-eu)" 1.5.1
runs "log" 0 bot log web production-eu
has "says so" '1\.5\.1 .* from staging, override soak: urgent'
runs "what was never in staging stays out" 11 bot to production-eu web=9.9.9 --override soak --reason "urgent"

# A hotfix.
at 2026-11-03T09:50:00Z
runs "bump past the chain" 2 bot bump web=1.5.1-1 --to production-eu
has "says how" '--override chain --reason TEXT'
runs "a hotfix" 0 bot bump web=1.5.1-1 --to production-eu --override chain --reason "outage"
is "is there" "$(field web prod-eu)" 1.5.1-1
is "and says so" "$(trailer Promote-Override)/$(trailer Promote-Reason)" chain/outage
at 2026-11-03T10:50:00Z
runs "a hotfix outside the hours" 10 bot bump web=1.5.1-2 --to production-eu --override chain --reason "outage"
is "waits" "$(field web prod-eu)" 1.5.1-1
runs "the same hotfix again" 0 bot bump web=1.5.1-1 --to production-eu --override chain --reason "outage"
runs "rollback of it" 0 bot rollback production-eu web
is "goes back" "$(field web prod-eu)" 1.5.1
runs "which holds it" 11 bot bump web=1.5.1-1 --to production-eu --override chain --reason "outage"
fresh 's/soak: 24h.*/soak: 24h\n    override: none/'
runs "a hotfix where promote.yaml allows none" 11 bot bump web=1.5.1-1 --to production-eu --override chain --reason "outage"
is "stays out" "$(field web prod-eu)" 1.4.1

# A service's own settings over its environment's.
fresh 's/^services:/&\n  - service: api\n    kustomize: apps\/api\/overlays\/{dir}\/kustomization.yaml\n    image: registry.example.com\/team\/api\n    environments: {staging: {gates: {soak: none}}, production-eu: {promote: auto, gates: {soak: 1h, freeze: [{from: 2026-11-03, to: 2026-11-04}]}}}/'
at 2026-11-02T09:00:00Z
bot bump web=1.6.0 api=1.6.0 >/dev/null
at 2026-11-02T09:01:00Z
runs "a service without the environment's soak" 0 bot auto
is "goes ahead of the others" "$(field api staging) $(field web staging)" "1.6.0 1.4.1"
at 2026-11-02T10:00:59Z
runs "a second before its own soak is over" 0 bot auto
is "waits" "$(field api prod-eu)" 1.4.1
at 2026-11-02T10:01:00Z
runs "with its own soak over, promoted by auto" 0 bot auto
is "goes ahead" "$(field api prod-eu) $(field web prod-eu)" "1.6.0 1.4.1"
at 2026-11-03T10:00:00Z
bot bump api=1.6.1 >/dev/null
at 2026-11-03T12:00:00Z
bot auto >/dev/null
at 2026-11-03T14:00:00Z
runs "in its own freeze" 10 bot to production-eu api
runs "which is not the others'" 0 bot to production-eu web --override soak --reason "it is not frozen"
