#!/bin/bash
# together: services that are promoted as one set, all or none, in one commit.
. "$(dirname "$0")/../ondisk.sh"

set='s/^services:/together: {shop: [web, api]}\n&/'
versions() { echo "$(field web "$1") $(field api "$1")"; }
files_of() { git -C "$repo" diff --name-only main^ main | wc -l; }

fresh "$set"
at 2026-11-02T09:00:00Z
bot bump web=1.5.0 >/dev/null
at 2026-11-02T09:20:00Z
bot bump api=2.0.0 >/dev/null
before=$(head_of)
at 2026-11-02T09:30:00Z
runs "auto while one of the set soaks" 0 bot auto
is "moves none" "$(head_of)" "$before"
has "says which one, and until when" \
	'staging/\+shop .*waiting \(api: 2\.0\.0 soaks in dev until 2026-11-02T09:50:00Z\)'
runs "one of them by hand" 10 bot to staging web
is "moves none either" "$(head_of)" "$before"
at 2026-11-02T09:50:00Z
runs "auto when all have soaked" 0 bot auto
is "moves all" "$(versions staging)" "1.5.0 2.0.0"
is "in one commit" "$(git -C "$repo" rev-list --count "$before..main") $(files_of)" "1 2"
is "which says so" "$(trailer Promote-Service) $(trailer Promote-Version)" "+shop web=1.5.0,api=2.0.0"
before=$(head_of)
runs "auto again" 0 bot auto
is "does nothing" "$(head_of)" "$before"
runs "log of one" 0 bot log api staging
has "knows why it came" '^staging +2\.0\.0 .* from dev$'
runs "status" 0 bot status
has "shows the set to come" '\+shop -> production-eu: .*waiting: '

at 2026-11-03T09:50:00Z
runs "to, naming one" 0 bot to production-eu web
is "moves all" "$(versions prod-eu)" "1.5.0 2.0.0"
runs "to, naming the set" 0 bot to production-eu +shop
has "is done already" unchanged

# Only one has something new.
at 2026-11-03T10:00:00Z
bot bump web=1.5.1 >/dev/null
at 2026-11-03T10:30:00Z
runs "auto with one newer" 0 bot auto
is "moves that" "$(versions staging)" "1.5.1 2.0.0"
at 2026-11-03T11:00:00Z
runs "rollback, naming the other" 0 bot rollback staging api --reason "errors"
is "takes the set back, one commit" "$(versions staging) $(trailer Promote-Rollback)" \
	"1.5.0 2.0.0 web=1.5.1,api=2.0.0"
runs "rollback of the set again" 0 bot rollback staging +shop
is "takes both further back" "$(versions staging) $(files_of)" "1.4.1 1.4.1 2"
at 2026-11-03T12:00:00Z
before=$(head_of)
runs "auto with one held" 0 bot auto
is "moves none" "$(head_of)" "$before"
has "and says which" '\+shop .*held \((web|api): '
bot bump web=1.5.2 >/dev/null
at 2026-11-03T12:40:00Z
before=$(head_of)
runs "auto with one held and one newer" 0 bot auto
is "moves none" "$(head_of)" "$before"
has "and says which is held" '\+shop .*held \(api: '
runs "--only" 0 bot to staging web --only
is "moves that one alone" "$(versions staging)" "1.5.2 1.4.1"
bot bump api=2.0.1 >/dev/null
at 2026-11-03T13:20:00Z
runs "auto with something newer for the one that was held" 0 bot auto
is "goes on" "$(versions staging)" "1.5.2 2.0.1"
runs "rollback --only" 0 bot rollback staging web --only
is "takes that one back alone" "$(field api staging)" 2.0.1
is "to what it had" "$(field web staging)" 1.4.1

# Rolling back where builds come one by one.
fresh "$set"
at 2026-11-02T09:00:00Z
bot bump web=1.5.0 >/dev/null
at 2026-11-02T09:10:00Z
bot bump api=2.0.0 >/dev/null
runs "rollback in the entry environment" 0 bot rollback dev web
is "is of that one" "$(versions dev)" "1.4.1 2.0.0"

# One that an environment does not have is skipped.
fresh "$set"
rm -rf "$T/work"
git clone -q "$repo" "$T/work"
git -C "$T/work" rm -rq apps/api/overlays/staging
git -C "$T/work" commit -qm "api does not run in staging"
git -C "$T/work" push -q origin main
at 2026-11-02T09:00:00Z
bot bump web=1.5.0 api=2.0.0 >/dev/null
at 2026-11-02T09:30:00Z
runs "auto where one is not deployed" 0 bot auto
is "moves the others" "$(field web staging)" 1.5.0
at 2026-11-03T09:30:00Z
runs "further on, where that one cannot come from" 0 bot to production-eu web
is "it stays as it is" "$(versions prod-eu)" "1.5.0 1.4.1"

# A named version; and each one's own gates.
fresh "$set"
at 2026-11-02T09:00:00Z
bot bump web=1.5.0 api=2.0.0 >/dev/null
at 2026-11-02T09:40:00Z
bot bump web=1.5.1 >/dev/null
at 2026-11-02T10:30:00Z
runs "to with a version for one" 0 bot to staging web=1.5.0
is "takes it, and the newest of the others" "$(versions staging)" "1.5.0 2.0.0"
runs "one that never was in dev" 11 bot to staging web=9.9.9
runs "--only of a set" 2 bot to staging +shop --only
runs "a set that is not there" 14 bot to staging +nosuch
fresh "s/^services:/&\n  - service: api\n    kustomize: apps\/api\/overlays\/{dir}\/kustomization.yaml\n    image: registry.example.com\/team\/api\n    environments: {staging: {gates: {pin: {reason: audit}}}}/;$set"
at 2026-11-02T09:00:00Z
bot bump web=1.5.0 api=2.0.0 >/dev/null
at 2026-11-02T10:00:00Z
runs "auto with one pinned" 0 bot auto
is "moves none" "$(versions staging)" "1.4.1 1.4.1"
has "and says which, and why" '\(api: pin: pinned: audit\)'
runs "with an override" 0 bot to staging web --override pin --reason "the audit agreed"
is "all go" "$(versions staging)" "1.5.0 2.0.0"
runs "check with a service that is not there" 2 bash -c 'cd "$0" && sed -i "s/shop: .*/shop: [web, nosuch]}/" promote.yaml && git commit -qam x && "$1/git-promote" check --repo "$0"' "$T/seed" "$BUILD"
has "says where" "promote\.yaml:[0-9]+:[0-9]+: set 'shop': there is no service 'nosuch'"
