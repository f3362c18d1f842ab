# auto on 500 services in three environments; KIND says which forge.
# tests/e2e/fleet_*.sh run it, one forge each; `make bench-auto` has the figures.
. "$(dirname "${BASH_SOURCE[0]}")/story.sh"
. tests/wire/fleet.sh

# ---- everything has soaked: hundreds of promotions in one run ----
fleet 500 25 14
forget
runs "the first run" 0 bot auto
is "promotes 500 into staging and 486 into production, one commit each" \
	"$(git -C "$REPO_DIR" log --format=%B main | sed -n 's/^Promote-Environment: //p' | sort | uniq -c | xargs)" \
	"486 production 500 staging"
is "and opens 14 pull requests" "$(pulls '[p["state"] for p in r].count("open")')" 14
is "in one push" "$(pushes)" 1
at_most "with few fetches" "$(fetches)" 10
is "and two writes for each pull request" "$(writes | xargs -n 2 | grep -c '^POST .*/repos/')" 28
at_most "one list tells what is open" "$(sim_requests 'sum(1 for q in r if q["query"].get("state") == "open")')" 1

# ---- nothing to do ----
at_rest() { # NAME: what a run asks that finds nothing to do
	is "$1: nothing is written" "$(writes)" ""
	at_most "$1: requests to the forge" "$(asked)" 25
	at_most "$1: fetches" "$(fetches)" 25
}
forget
runs "the second run" 0 bot auto
at_rest "the second run"
has "what waits is said" 'production/svc-499 .*waiting \(1.2.0 soaks in staging'

# ---- a freeze: hundreds are ready, all by pull request, and must wait ----
person promote.yaml '/production:.*deliver: push/d
	s/gates: {soak: 30m}}$/gates: {soak: 30m, freeze: [{from: 2026-11-02, to: 2026-11-03}]}}/'
now 2026-11-02T13:00:00Z
forget
runs "auto -n in a freeze" 0 bot auto -n
at_rest "a freeze"
has "that is said" 'production/svc-499 .*waiting \(freeze'
[ "$KIND" = gitea ] || exit 0

# ---- more on one branch than on all the others ----
git clone -q -n -b promote/production/svc-003 "$REPO_DIR" "$T/theirs"
git -C "$T/theirs" reset -q
head -c 4000000 /dev/urandom >"$T/theirs/core"
git -C "$T/theirs" add core
git -C "$T/theirs" commit -qm "oops"
git -C "$T/theirs" push -q
now 2026-11-04T00:00:00Z
runs "auto -n with a large file on one branch" 0 bot auto -nv
has "does not take it along" 'there is much on the branches'
has "leaves that one alone" 'production/svc-003 .*refused .*has a commit that is not ours'
has "and goes on with the others" 'production/svc-004 .*1.2.0: would be refreshed'
