#!/bin/bash
# An emergency stop also takes back what the forge would merge by itself; an
# override counts for its own call only, though it stands in the pull request.
KIND=gitea
. "$(dirname "$0")/../story.sh"

add() { # FILE TEXT: a person adds a file to main
	rm -rf "$T/work"
	git clone -q "$REPO_DIR" "$T/work" && echo "$2" >"$T/work/$1" &&
		git -C "$T/work" add "$1" && git -C "$T/work" commit -qm "$1" &&
		git -C "$T/work" push -q origin HEAD:main
}
armed() { pulls 'r[0]["armed"]'; }

story
act protect '"branch": "main", "contexts": ["lint"]'
bot bump web=1.5.0 >"$T/out" 2>&1
now 2026-11-02T09:00:00Z
runs "auto with a check missing" 0 bot auto
has "lets the forge merge by itself" 'armed'
is "which it knows" "$(armed)" true
rm "$REPO_DIR"/hooks/*	# a person whom protection does not bind
add promote.stop "the database is on fire"
act protect '"branch": "main", "contexts": ["lint"]'
runs "auto when everything is stopped" 10 bot auto
is "takes that back" "$(armed)" false
idle_stop() { forget; runs "auto again" 10 bot auto; is "writes nothing" "$(writes)" ""; }
idle_stop
act status '"number": 1, "context": "lint", "state": "success"'
runs "auto when the check is there" 10 bot auto
is "does not merge it" "$(states)" "#1:open"
runs "with --override stop" 0 bot to staging web --override stop --reason "the | fix"
is "it lands" "$(states)" "#1:merged"

story 's/merge: auto.*/merge: manual/'
bot bump web=1.5.0 >"$T/out" 2>&1
runs "to with --override soak" 0 bot to staging web --override soak --reason "the | fix"
is "opens a pull request" "$(states)" "#1:open"
is "that says so" "$(pulls '"| overridden | soak |" in r[0]["body"] and "the \\| fix" in r[0]["body"]')" true
runs "auto then" 0 bot auto
has "counts on no override" 'soaks in dev until'
is "and tells the forge that the soak waits" "$(sim_get 'r["statuses"][0]["description"][:5]' GET \
	"/repos/$REPO/commits/$(pulls 'r[0]["head_sha"]')/status")" "soak:"
idle "auto again then" bot auto

# A hotfix by pull request is not taken over by what comes down the chain.
story 's/merge: auto.*/merge: manual/'
bot bump web=1.5.0 >"$T/out" 2>&1
now 2026-11-02T08:10:00Z
runs "a hotfix" 0 bot bump web=1.4.1-1 --to staging --override chain --reason "outage"
is "opens a pull request" "$(pulls '[p["title"] for p in r]')" '["Promote web 1.4.1-1 to staging"]'
now 2026-11-02T09:00:00Z
runs "auto with a candidate from the chain" 0 bot auto
is "leaves the hotfix alone" "$(states) $(field web staging promote/staging/web)" "#1:open 1.4.1-1"
runs "the same hotfix again" 0 bot bump web=1.4.1-1 --to staging --override chain --reason "outage"
act merge '"number": 1, "method": "merge"'
is "a person merges it" "$(field web staging)" 1.4.1-1
runs "auto then" 0 bot auto
has "says that it drifted" 'staging/web .*drifted'
