#!/bin/bash
# Edges of the main job on a repository on disk: several images, odd trees.
. "$(dirname "$0")/../lib.sh"

repo=$T/config.git
export PROMOTE_REPO=$repo PROMOTE_FORGE=none
digest=sha256:$(printf 'a%.0s' {1..64})

# The files of $T/seed, on main of a new repository.
plant() {
	at 2026-11-01T08:00:00Z
	rm -rf "$repo"
	git init -q -b main "$T/seed"
	git -C "$T/seed" add -A
	git -C "$T/seed" commit -qm 'as it was'
	git clone -q --bare "$T/seed" "$repo"
}
shown() { git -C "$repo" show "main:$1"; }
count() { git -C "$repo" rev-list --count main; }

# ---- several images of one service ----
billing() { # ENVIRONMENT: api, worker and digest there
	shown "billing/$1/kustomization.yaml" | sed -n \
		's/.*newTag: //p; s/.*digest: sha256:\(....\).*/@\1/p' | xargs
}
rm -rf "$T/seed"
for env in dev staging prod; do
	mkdir -p "$T/seed/billing/$env"
	cat >"$T/seed/billing/$env/kustomization.yaml" <<-'X'
	resources:
	  - "https://git.example.com/billing//deploy?ref=1.0.0"
	images:
	  - name: r.example.com/billing/api
	    newTag: 1.0.0
	  - name: r.example.com/billing/worker
	    newTag: 1.0.0
	X
done
cat >"$T/seed/promote.yaml" <<'X'
version: 1
environments:
  dev: {deliver: push}
  staging: {from: dev, deliver: push, promote: auto}
  prod: {from: staging, deliver: push}
services:
  - service: billing
    fields:
      - {kustomize: "billing/{dir}/kustomization.yaml", image: r.example.com/billing/api}
      - {kustomize: "billing/{dir}/kustomization.yaml", image: r.example.com/billing/worker}
      - {file: "billing/{dir}/kustomization.yaml", path: "resources[0]", value: "https://git.example.com/billing//deploy?ref={tag}"}
X
plant
for author in ' <a@b>' $'Ann\r <a@b>'; do
	PROMOTE_AUTHOR=$author runs "an author who cannot stand in a commit" 2 \
		bot bump billing=1.0.1
done
mixed="api=1.1.0,worker=1.1.0@$digest"
runs "one tag for all images" 0 bot bump billing=1.0.1
is "each has it" "$(billing dev)" "1.0.1 1.0.1"
runs "one image with a digest, the others by tag" 0 \
	bot bump "billing:worker=1.1.0@$digest" billing=1.1.0
is "in whichever order they were said" "$(billing dev)" "1.1.0 1.1.0 @aaaa"
is "what repeats the first image follows it" \
	"$(shown billing/dev/kustomization.yaml | grep -c 'ref=1.1.0')" 1
runs "both to staging" 0 bot auto
is "tag and digest" "$(billing staging)" "1.1.0 1.1.0 @aaaa"
runs "to prod, one image of them" 11 bot to prod billing:api=1.1.0
has "is a pair that was never live in staging" \
	'api=1.1.0,worker=1.0.0 has not been live in staging'
runs "an image that is not there" 14 bot to prod billing:nope=1.1.0
has "is said" "no image 'nope'"
runs "an image without a version" 2 bot to prod billing:worker
runs "to prod, image by image" 0 bot to prod billing:api=1.1.0 \
	"billing:worker=1.1.0@$digest"
is "has both" "$(billing prod)" "1.1.0 1.1.0 @aaaa"
is "in one commit" "$(count)" 5
runs "the form in which it is shown is understood" 0 bot to prod "billing=$mixed"
has "nothing to do" unchanged
runs "by a tag alone the digest goes" 0 bot bump billing=1.2.0
is "from the file, too" "$(billing dev)" "1.2.0 1.2.0"
runs "the form in which it is shown, wrong" 2 bot to prod billing=api=1.1.0,worker
has "what is wrong is said" "'worker' does not have the form IMAGE=VERSION"

# ---- odd trees, odd repositories ----
seed() {
	rm -rf "$T/seed"
	cp -r examples/kustomize "$T/seed"
	sed -i 's/merge: auto.*/deliver: push/; s/vars: {dir: prod-eu}.*/&\n    deliver: push/' \
		"$T/seed/promote.yaml"
}
seed
mv "$T/seed/apps/web/overlays/dev/kustomization.yaml" "$T/seed/apps/web/overlays/dev/k.yaml"
ln -s k.yaml "$T/seed/apps/web/overlays/dev/kustomization.yaml"
plant
before=$(count)
runs "a file that is a symbolic link is not passed over" 14 bot check
has "it is said" 'a symbolic link is not edited'
has "check does not call that right" 'right, but not all it leads to'
runs "nor edited" 14 bot bump web=1.5.0
is "no commit" "$(count)" "$before"
runs "the service beside it is" 0 bot bump api=1.5.0
seed
mv "$T/seed/promote.yaml" "$T/seed/p.yaml"
ln -s p.yaml "$T/seed/promote.yaml"
plant
runs "promote.yaml as a symbolic link" 2 bot check
has "says so" 'promote.yaml: a symbolic link'
seed
mv "$T/seed/apps" "$T/seed/my äpps"
sed -i 's#apps/{.*#"my äpps/{service}/overlays/{dir}/kustomization.yaml"#' "$T/seed/promote.yaml"
plant
runs "a path with a space and an umlaut" 0 bot bump web=1.5.0
is "is one path" "$(shown 'my äpps/web/overlays/dev/kustomization.yaml' | grep -c 1.5.0)" 1
runs "a base that is not there" 2 bot status --base nope
git -C "$repo" symbolic-ref HEAD refs/heads/trunk
runs "a HEAD that is not there" 2 bot status
has "names it" "no commit on 'trunk'"
runs "with a name for base" 0 bot status --base main
rm -rf "$repo"
git init -q --bare "$repo"
runs "an empty repository" 2 bot bump web=1

# ---- image names that differ by environment; two environments before ----
rm -rf "$T/seed"
for env in dev left right prod; do
	mkdir -p "$T/seed/$env"
	printf 'images:\n- name: r/%s/api\n  newTag: "1"\n- name: r/work-%s\n  newTag: "1"\n' \
		$env $env >"$T/seed/$env/kustomization.yaml"
done
cat >"$T/seed/promote.yaml" <<'X'
version: 1
environments:
  dev: {deliver: push}
  left: {from: dev, deliver: push, promote: auto}
  right: {from: dev, deliver: push}
  prod: {from: [left, right], deliver: push, promote: auto}
services:
  - service: pair
    fields:
      - {kustomize: "{dir}/kustomization.yaml", image: "r/{environment}/api"}
      - {kustomize: "{dir}/kustomization.yaml", image: "r/work-{environment}"}
X
plant
runs "two versions, by label and by name" 0 bot bump pair:api=2 pair:work-dev=3
runs "go to the left by auto" 0 bot auto
runs "auto again" 0 bot auto
has "prod waits for the right" 'prod/pair .*=3 has not been live in right yet'
is "what has them is in sync" "$(grep -c 'left/pair .*unchanged' "$T/out")" 1
runs "to the right" 0 bot to right pair
runs "then prod" 0 bot auto
is "has both" "$(shown prod/kustomization.yaml | sed -n 's/.*newTag: //p' | xargs)" "2 3"
