#!/bin/bash
# log: what a service has run where, since when, and why.
. "$(dirname "$0")/../ondisk.sh"

fresh
at 2026-11-02T09:00:00Z
bot bump web=1.4.2 --build 7 --source https://git.example.com/w/commit/a1 >/dev/null
at 2026-11-02T09:30:00Z
bot auto >/dev/null
at 2026-11-02T10:00:00Z
by_hand web dev 1.4.2-mine
at 2026-11-02T11:00:00Z
runs "log" 0 bot log web
is "one line for each stay, newest first, environments in order" \
	"$(sed 1d "$T/out" | awk '{print $1, $2, $3}')" \
"dev 1.4.2-mine 2026-11-02T10:00:00Z
dev 1.4.2 2026-11-02T09:00:00Z
dev 1.4.1 2026-11-01T08:00:00Z
staging 1.4.2 2026-11-02T09:30:00Z
staging 1.4.1 2026-11-01T08:00:00Z
production-eu 1.4.1 2026-11-01T08:00:00Z"
has "a stay that is over says how long it was" '^dev +1\.4\.2 .* 1h  '
has "the one that lives says so" '^staging +1\.4\.2 .* 1h 30m, now  '
has "a bump says its build" '^dev +1\.4\.2 .* Tester +bump, build 7$'
has "a promotion says from where" '^staging +1\.4\.2 .* from dev$'
has "a person's commit is by hand" '^dev +1\.4\.2-mine .* by hand$'
runs "log of one environment" 0 bot log web staging
is "shows that alone" "$(sed 1d "$T/out" | awk '{print $1}' | sort -u)" staging
runs "log --limit" 0 bot log web dev --limit 1
is "shows so many" "$(sed 1d "$T/out" | awk '{print $2}')" 1.4.2-mine
runs "log --json" 0 bot log web dev --json
is "has all of it" "$(json '[(s["version"], s["since"], s["until"], s["build"],
	s["source"], s["byPromote"]) for s in r["timelines"][0]["stays"]][1]')" \
"('1.4.2', '2026-11-02T09:00:00Z', '2026-11-02T10:00:00Z', 7, 'https://git.example.com/w/commit/a1', True)"
is "and says that nothing came before" "$(json 'r["timelines"][0]["complete"]')" True
runs "log --json --limit" 0 bot log web dev --json --limit 1
is "says that something did" "$(json 'r["timelines"][0]["complete"]')" False
runs "an unknown service" 14 bot log nosuch
runs "an unknown environment" 2 bot log web nowhere
runs "no service" 2 bot log

# Trailers are found behind a merge commit.
at 2026-11-02T12:00:00Z
rm -rf "$T/work"
git clone -q "$repo" "$T/work"
git -C "$T/work" checkout -qb topic
sed -i 's/newTag: .*/newTag: 1.5.0/' "$T/work/apps/web/overlays/staging/kustomization.yaml"
git -C "$T/work" commit -qam 'staging: web 1.5.0

Promote-Service: web
Promote-Environment: staging
Promote-From: dev
Promote-Override: soak
Promote-Reason: the fix for the outage'
git -C "$T/work" checkout -q main
git -C "$T/work" merge -q --no-ff -m "Merge it" topic
git -C "$T/work" push -q origin main
runs "log after a merge" 0 bot log web staging
has "has the trailers of what was merged" \
	'^staging +1\.5\.0 .* from dev, override soak: the fix for the outage$'

# More history than is read at first.
for i in $(seq 1 80); do
	echo "$i" >"$T/work/note"
	git -C "$T/work" add note
	git -C "$T/work" commit -qm "note $i"
done
git -C "$T/work" push -q origin main
runs "log of a longer history" 0 bot log web dev
is "reaches back to the start" "$(tail -n 1 "$T/out" | awk '{print $2, $3}')" \
	"1.4.1 2026-11-01T08:00:00Z"
runs "log --limit 1 of it" 0 bot log web dev --limit 1
has "says since when, not since when it was read" '1\.4\.2-mine +2026-11-02T10:00:00Z'
printf '\033]0;x\007' >"$T/evil"
at 2026-11-02T13:00:00Z
sed -i 's/newTag: .*/newTag: 1.6.0/' "$T/work/apps/web/overlays/dev/kustomization.yaml"
git -C "$T/work" commit -qam "dev

Promote-Service: web
Promote-From: $(cat "$T/evil")dev
Promote-Reason: $(cat "$T/evil")"
git -C "$T/work" push -q origin main
runs "log of hostile trailers" 0 bot log web dev
is "prints no control character" "$(tr -d '[:print:]\n' <"$T/out" | wc -c)" 0
