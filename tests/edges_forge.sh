# Edges of the main job with a forge; KIND says which. tests/e2e/edges_*.sh
# run it.
. "$(dirname "${BASH_SOURCE[0]}")/story.sh"
staging=apps/web/overlays/staging/kustomization.yaml

# Somebody who may push branches, but not to main: forge BRANCH FILE VERSION.
forge() {
	rm -rf "$T/work"
	git clone -q "$REPO_DIR" "$T/work" &&
		sed -i "s/newTag: .*/newTag: $3/" "$T/work/$2" &&
		git -C "$T/work" commit -qam "looks like the bot's" &&
		git -C "$T/work" push -q origin "+HEAD:refs/heads/$1"
}
# And opens a pull request for it, as the bot would word it: propose BRANCH VERSION
propose() {
	sim POST "/repos/$REPO/pulls" "{\"head\": \"$1\", \"base\": \"main\",
		\"title\": \"Promote web $2 to staging\", \"body\": \"<!-- git-promote service=web environment=staging version=$2 by=auto -->\"}" >/dev/null
}

# What was said of the newest commit that anything was said of.
said() { sim_requests '[q["body"]["state"] for q in r if "/statuses/" in q["path"]
	and q["method"] == "POST"][-1]'; }

# ---- a branch that looks like ours opens no door ----
story '/    gates:/d; /      soak/d; s/promote: auto/promote: manual/'
bot bump web=1.5.0 >"$T/out"
forge promote/staging/web $staging 6.6.6
propose promote/staging/web 6.6.6
runs "promoted by hand: a version that was never live in dev is not merged" 0 bot auto
has "it is said why" '6.6.6 has not been live in dev'
is "it stays open" "$(states)" "#1:open"
is "and its status is no success" "$(said)" pending
idle "once" bot auto
runs "by hand, the next one takes its place" 0 bot to staging web
is "that one is merged" "$(states) $(field web staging)" "#1:merged 1.5.0"

story
forge rollback/staging/web $staging 6.6.6
idle "a rollback to a version that was never there is not opened" bot auto
propose rollback/staging/web 6.6.6
runs "nor is it merged" 0 bot auto
is "its status is no success" "$(said)" pending
is "staging is as it was" "$(states) $(field web staging)" "#1:open 1.4.1"

story 's/    promote: auto/&\n    rollback: {deliver: push}/'
person $staging 's/newTag: .*/newTag: 1.3.0/'
person $staging 's/newTag: .*/newTag: 1.4.1/'
forge rollback/staging/web $staging 6.6.6
idle "where a rollback is pushed, its branch is not ours" bot auto
forge rollback/staging/web $staging 1.3.0
idle "with an earlier version neither" bot auto
is "staging is as it was, in its place" "$(field web staging)" 1.4.1

# ---- several images, by pull request ----
story '/^services:/,$d; s/    promote: auto//'
cat >>"$T/seed/promote.yaml" <<'X'
services:
  - service: pair
    fields:
      - {kustomize: "apps/web/overlays/{dir}/kustomization.yaml", image: registry.example.com/team/web}
      - {kustomize: "apps/api/overlays/{dir}/kustomization.yaml", image: registry.example.com/team/api}
X
repo_new "${REPO}b" "$T/seed"
REPO=${REPO}b PROMOTE_REPO=$REPO_URL
bot bump pair=1.6.0 >"$T/out"
now 2026-11-02T09:00:00Z
runs "both images by one pull request" 0 bot to staging pair=1.6.0
is "and it is merged" "$(states) $(field web staging) $(field api staging)" "#1:merged 1.6.0 1.6.0"
idle "what is there already needs none" bot to staging pair=1.6.0

# ---- a set of ninety: the forge takes so much text, and no more ----
story '/^services:/,$d; s/      soak: .*/&\n      hours: [Mon-Sun 00:00-00:10, Mon-Sun 00:20-00:30, Mon-Sun 00:40-00:50, Mon-Sun 01:00-01:10, Mon-Sun 01:20-02:00, Mon-Sun 02:10-02:20, Mon-Sun 03:00-04:00, Mon-Sun 04:00-05:00, Mon-Sun 06:00-07:00, Mon-Sun 08:00-23:00]/; s/merge: auto.*/merge: manual/'
all=$(printf 's%s, ' {1..89})s90
cat >>"$T/seed/promote.yaml" <<X
services:
  - kustomize: apps/{service}/overlays/{dir}/kustomization.yaml
    image: registry.example.com/team/{service}
together: {all: [$all]}
X
for i in {1..90}; do
	for env in dev staging; do
		mkdir -p "$T/seed/apps/s$i/overlays/$env"
		sed "s|team/web|team/s$i|" "$T/seed/apps/web/overlays/$env/kustomization.yaml" \
			>"$T/seed/apps/s$i/overlays/$env/kustomization.yaml"
	done
done
repo_new "${REPO}s" "$T/seed"
REPO=${REPO}s PROMOTE_REPO=$REPO_URL
bot bump s{1..90}=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
runs "ninety services by one pull request" 0 bot auto
is "it is opened" "$(states)" "#1:open"
is "not with all that their gates say" \
	"$(pulls 'len(r[0]["body"]) < 65536 and " more |" in r[0]["body"]')" true
idle "once" bot auto

# ---- what the bot says it did ----
fault() { sim POST /_sim/fault "$1" >/dev/null; }
no_faults() { sim DELETE /_sim/fault >/dev/null; }
for code in 404 500; do
	story
	bot bump web=1.5.0 api=1.5.0 >"$T/out"
	now 2026-11-02T09:00:00Z
	fault "{\"method\": \"GET\", \"path\": \"/pulls/1\$\", \"status\": $code,
		\"do\": \"answer\", \"body\": \"{}\", \"count\": 1000}"
	runs "a pull request that cannot be read ($code)" $((code == 404 ? 13 : 12)) bot auto
	is "stops no other ($code)" "$(states)" "#1:open #2:merged"
	has "it was opened, that is said ($code)" 'api .*failed .*/pulls?/1 .*cannot read'
	no_faults
	runs "the next run has both ($code)" 0 bot auto
	is "landed ($code)" "$(states)" "#1:merged #2:merged"
done
story
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
fault '{"method": "GET", "path": "/pulls$", "status": 403, "do": "answer",
	"body": "{}", "skip": 2, "count": 1000}'
runs "an error after something was done" 13 bot auto
has "what was done is said all the same" 'staging/web .*opened'
is "it was" "$(states)" "#1:open"
no_faults

story
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
for method in POST PUT; do
	fault "{\"method\": \"$method\", \"path\": \"/pulls/1/merge\$\",
		\"status\": 200, \"do\": \"answer\", \"count\": 1000,
		\"body\": \"{\\\"merged\\\": true, \\\"sha\\\": \\\"$(printf 1%.0s {1..40})\\\"}\"}"
done
forget
runs "merged is what the forge says, base does not have it" 12 bot auto
has "that is not called merged" 'failed .*staging runs 1.4.1'
is "it is not asked again and again" "$(writes | grep -o /merge | wc -l)" 1
no_faults
runs "the next run merges" 0 bot auto
is "for real" "$(states) $(field web staging)" "#1:merged 1.5.0"

# ---- closed by us, and open again ----
story 's/merge: auto.*/merge: manual/'
bot bump web=1.5.0 >"$T/out"
now 2026-11-02T09:00:00Z
bot auto >"$T/out"
dev=apps/web/overlays/dev/kustomization.yaml
person $dev 's/newTag: .*/newTag: 1.4.1/'
fault '{"method": "PATCH", "path": "/pulls/1$", "status": 500, "do": "answer",
	"body": "{}", "skip": 1, "count": 9}'
runs "closing fails after it was marked" 12 bot auto
no_faults
person $dev 's/newTag: .*/newTag: 1.5.0/'
now 2026-11-02T10:00:00Z
bot auto >"$T/out"
is "it serves when the version is back" "$(states)" "#1:open"
act close '"number": 1'
idle "a person's closing is a no all the same" bot auto
has "that is said" declined
