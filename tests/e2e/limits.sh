#!/bin/bash
# limits: how much auto begins in one run, the oldest eligible first; and a set
# by pull request.
KIND=gitea
. "$(dirname "$0")/../story.sh"

# Three more services like web.
grow() {
	story "$1"
	rm -rf "$T/work"
	git clone -q "$REPO_DIR" "$T/work"
	for s in cart mail pay; do
		cp -r "$T/work/apps/web" "$T/work/apps/$s"
		sed -i "s,team/web,team/$s," "$T/work/apps/$s"/overlays/*/kustomization.yaml
	done
	git -C "$T/work" add -A
	git -C "$T/work" commit -qm "more services"
	git -C "$T/work" push -q origin main
	# Alphabetical is not the order in which they came.
	now 2026-11-02T08:00:00Z; bot bump pay=2.0.0 >"$T/out"
	now 2026-11-02T08:01:00Z; bot bump cart=2.0.0 >"$T/out"
	now 2026-11-02T08:02:00Z; bot bump web=2.0.0 >"$T/out"
	now 2026-11-02T08:03:00Z; bot bump mail=2.0.0 >"$T/out"
	now 2026-11-02T09:00:00Z
}
has_it() { for s in api cart mail pay web; do
	[ "$(field $s staging)" = 2.0.0 ] && printf '%s ' $s; done; }

grow 's/^services:/limits: {promotions: 2}\n&/'
runs "auto with a limit of two" 0 bot auto
is "begins two, the oldest eligible, however often it goes around" "$(has_it)" "cart pay "
has "and says why the others wait" 'staging/web .*waiting \(limits: 2 promotions in one run'
runs "rollback is exempt" 0 bot rollback staging pay
runs "the next run" 0 bot auto
is "begins the next two" "$(has_it)" "cart mail web "

grow 's/merge: auto/merge: manual/;s/^services:/limits: {pull-requests: 1}\n&/'
runs "auto with one pull request open at most" 0 bot auto
is "opens one" "$(pulls '[p["title"] for p in r]')" '["Promote pay 2.0.0 to staging"]'
has "and says why the others wait" 'staging/cart .*waiting \(limits: 1 pull requests open in staging'
idle "auto while it is open" bot auto
bot bump pay=2.0.1 >"$T/out"
now 2026-11-02T10:00:00Z
runs "auto with a newer version for it" 0 bot auto
is "refreshes it, limit or not" "$(pulls '[p["title"] for p in r]')" '["Promote pay 2.0.1 to staging"]'
runs "by hand there is no limit" 0 bot to staging web
act merge '"number": 1, "method": "merge"'
act merge '"number": 2, "method": "merge"'
runs "when they have landed" 0 bot auto
is "the next is opened" "$(pulls '[p["title"] for p in r if p["state"] == "open"]')" '["Promote cart 2.0.0 to staging"]'

grow 's/^services:/limits: {promotions: 1}\n&/;s/merge: auto.*/deliver: push/'
runs "by push, a limit of one" 0 bot auto
is "begins one" "$(has_it)" "pay "

# A set by pull request.
grow 's/merge: auto/merge: manual/;s/^services:/together: {shop: [pay, web]}\n&/'
staging=apps/web/overlays/staging/kustomization.yaml
set=promote/staging/+shop
runs "auto with a set" 0 bot auto
is "opens one for the set" "$(pulls '[p["title"] for p in r if "+" in p["title"]]')" \
	'["Promote +shop 2.0.0 to staging"]'
is "on one branch, with one commit of two files" \
	"$(git -C "$REPO_DIR" rev-list --count main..$set) $(git -C "$REPO_DIR" diff --name-only main $set | wc -l)" "1 2"
is "with the gates of each" "$(pulls '[l for p in r if "+" in p["title"] for l in p["body"].split("\n") if l.startswith("| soak")][1][:20]')" "| soak | passed | we"
idle "auto again" bot auto
number=$(pulls '[p["number"] for p in r if "+" in p["title"]][0]')
bot bump web=2.0.1 >"$T/out"
now 2026-11-02T10:00:00Z
runs "auto with a newer one in it" 0 bot auto
is "refreshes it in place" "$(pulls "[p[\"title\"] for p in r if p[\"number\"] == $number]")" \
	'["Promote +shop pay=2.0.0,web=2.0.1 to staging"]'
person $staging 's/namespace: .*/namespace: mine/' $set
theirs=$(git -C "$REPO_DIR" rev-parse $set)
idle "auto with a person's commit on it" bot auto
is "leaves it alone" "$(git -C "$REPO_DIR" rev-parse $set)" "$theirs"
act close "\"number\": $number"
git -C "$REPO_DIR" update-ref -d refs/heads/$set
idle "auto after a person closed it" bot auto
has "says that it was declined" '\+shop .*declined'
runs "by name it comes back" 0 bot to staging pay
number=$(pulls '[p["number"] for p in r if "+" in p["title"] and p["state"] == "open"][0]')
act merge "\"number\": $number, \"method\": \"merge\""
is "and lands whole" "$(field pay staging) $(field web staging)" "2.0.0 2.0.1"
runs "rollback of the set" 0 bot rollback staging web
is "is one pull request" "$(pulls '[p["title"] for p in r if p["state"] == "open" and "Roll" in p["title"]]')" \
	'["Roll back +shop to 1.4.1 in staging"]'
idle "auto promotes nothing of it meanwhile" bot auto
has "and says what it waits for" '\+shop .*pending'
