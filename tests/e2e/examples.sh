#!/bin/bash
# Every example is what it says: the config repositories pass `check`, and the
# commands of the CI snippets do what they are there for.
. "$(dirname "$0")/../lib.sh"

PATH=$BUILD:$PATH
sim_start gitea
export PROMOTE_TOKEN=$SIM_TOKEN
for dir in examples/*/promote.yaml; do
	name=$(basename "$(dirname "$dir")")
	repo_new "team/$name" "examples/$name"
	runs "$name: promote.yaml is right" 0 bot check --repo "$REPO_URL" --forge none
done
runs "a forge that nobody names" 0 bot check --repo "$SIM_URL/team/kustomize.git"
has "is told before it is needed" '^warning: promote.yaml:[0-9:]* staging is delivered by pull request, but what kind of forge 127\.0\.0\.1 is'
runs "no forge is needed where all is pushed" 0 bot check --repo "$SIM_URL/team/helm.git"
is "and none is asked for" "$(grep -c 'kind of forge' "$T/err")" 0

# What `git promote help config` shows can be copied as it stands.
mkdir -p "$T/help/billing/prod" "$T/help/charts/umbrella"
cp -r examples/kustomize/apps "$T/help"
mv "$T/help/apps/web/overlays/prod-eu" "$T/help/apps/web/overlays/prod"
echo 'spec: {version: v1.0}' >"$T/help/billing/prod/app.yaml"
echo 'db: {image: {tag: "16"}}' >"$T/help/charts/umbrella/values-dev.yaml"
bot help config >"$T/config"
sed -n '/^  version: 1/,/^$/s/^  //p' "$T/config" >"$T/help/promote.yaml"
repo_new team/help "$T/help"
runs "the promote.yaml of the help" 0 bot check --repo "$REPO_URL" --forge none
is "has a service of each kind" \
	"$(grep -cE '^(web  .*overlays/prod|billing .*app.yaml|db  .*values-dev)' "$T/out")" 3
{
	printf 'version: 1\nenvironments:\n  dev:\n  prod:\n    from: dev\n    gates:\n'
	sed -n '/^  pin: /,/^$/s/^/    /p' "$T/config"
	sed -n '/^services:/,$p' examples/kustomize/promote.yaml
} >"$T/help/promote.yaml"
repo_new team/gates "$T/help"
runs "the gates of the help" 0 bot check --repo "$REPO_URL" --forge none \
	--allow-gate-host qa.example.com --allow-gate-host prometheus.example.com
for gate in $(sed -n '/^Gates:/,/^  pin: /s/^  \([a-z]*\)  .*/\1/p' "$T/config"); do
	[ "$gate" = soak ] || check "an example of $gate is there" \
		grep -q "^      $gate: " "$T/help/promote.yaml"
done

# The script of a step in a snippet, as the CI would run it.
script() { # file step
	"$PYTHON" - "$1" "$2" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
step = text[text.index(sys.argv[2]):]
m = re.search(r'^( *)(?:- )?(?:run|script): *(\|?)\n((?:\1 +.*\n)+)', step, re.M)
print(re.sub(r'^ *(- )?', '', m.group(3), flags=re.M))
PY
}
tag_in_dev() { git -C "$SIM_ROOT/team/kustomize.git" show main:apps/web/overlays/dev/kustomization.yaml |
	sed -n 's/.*newTag: //p'; }
export PROMOTE_REPO=$SIM_URL/team/kustomize.git PROMOTE_FORGE=gitea

runs "GitHub Actions: bump" 0 env GITHUB_SHA=706798e8 GITHUB_RUN_NUMBER=41 \
	GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=team/web \
	bash -c "$(script examples/ci/github-actions.yaml 'name: bump dev')"
is "GitHub Actions: dev has it" "$(tag_in_dev)" '"706798e8"'
runs "GitHub Actions: auto" 0 \
	bash -c "$(script examples/ci/github-actions.yaml 'name: promote what is ready')"
has "GitHub Actions: auto waits for the soak" 'soaks in dev until'
runs "GitLab CI: bump" 0 env CI_COMMIT_SHORT_SHA=1234567 CI_PIPELINE_IID=42 \
	CI_PROJECT_URL=https://gitlab.com/team/web CI_COMMIT_SHA=1234567 PROMOTE_FORGE=none \
	bash -c "$(script examples/ci/gitlab-ci.yml 'bump dev')"
is "GitLab CI: dev has it" "$(tag_in_dev)" '"1234567"'

runs "GitLab CI: auto" 0 env PROMOTE_FORGE=gitea \
	bash -c "$(script examples/ci/gitlab-ci.yml 'promote what is ready')"
has "GitLab CI: auto waits for the soak" 'soaks in dev until'
git clone -q "$SIM_ROOT/team/kustomize.git" "$T/pull"
git -C "$T/pull" checkout -q --detach
git -C "$T/pull" branch -q -D main
for snippet in github-actions.yaml gitlab-ci.yml; do
	runs "$snippet: check, as CI checks out" 0 env -C "$T/pull" -u PROMOTE_REPO -u PROMOTE_TOKEN \
		bash -c "$(script examples/ci/$snippet 'check promote.yaml')"
done
mkdir "$T/bin"; ln -s "$BUILD/git-promote" "$T/bin"
printf "%s\n" "$SIM_TOKEN" >"$T/token"
runs "crontab: with its variables, and without a word" 0 env -i HOME="$T" bash -c \
	"$(sed "s,=/usr/local/bin:,=$T/bin:,; s,=https://git.*,=$PROMOTE_REPO,; s,=/etc/git-promote/token,=$T/token,
		s/^[A-Z_]*=/export &/; s/^\*[^a-z]*promote  //" examples/ci/crontab)"
is "crontab: it is silent where nothing is wrong" "$(cat "$T/out")" ''

# Helm: one values file an environment, services among its keys.
export PROMOTE_REPO=$SIM_URL/team/helm.git PROMOTE_FORGE=none
values() { git -C "$SIM_ROOT/team/helm.git" show "main:values-$1.yaml"; }
runs "Helm: a tag in a map" 0 bot bump web=20261121
is "Helm: its quotes stay" "$(values dev | grep -c 'tag: "20261121"            # a tag')" 1
runs "Helm: a tag in a string" 0 bot bump worker=2.1.0
is "Helm: the name stays" "$(values dev | grep -c 'image: registry.example.com/team/worker:2.1.0$')" 1
runs "Helm: by image" 0 bot bump --image registry.example.com/team/web:20261122
is "Helm: by image, the right one" "$(values dev | grep -c 'tag: "20261122"')" 1
PROMOTE_NOW=2099-01-01T00:00:00Z
export PROMOTE_NOW
runs "Helm: to production" 0 bot to production web worker
is "Helm: both are there" "$(values production | grep -cE '"20261122"|worker:2.1.0')" 2

# A Deployment, a HelmRelease, an Application: their images, and nothing else.
export PROMOTE_REPO=$SIM_URL/team/plain.git PROMOTE_NOW=2099-02-01T00:00:00Z
before=$(git -C "$SIM_ROOT/team/plain.git" rev-parse main)
runs "plain: bump" 0 bot bump web=1.5.0 podinfo=6.6.0
runs "plain: bump by image" 0 bot bump --image registry.example.com/team/blog:1.0.0
PROMOTE_NOW=2099-02-02T00:00:00Z
runs "plain: to production" 0 bot to production web podinfo blog
lines() { git -C "$SIM_ROOT/team/plain.git" diff "$before" main -- "*/$1.yaml" |
	sed -n 's/^[-+]  *//p'; }
is "plain: the lines that changed" "$(lines dev)" \
"image: registry.example.com/team/web:1.4.1   # by git-promote
image: registry.example.com/team/web:1.5.0   # by git-promote
- registry.example.com/team/blog:0.9.0
- registry.example.com/team/blog:1.0.0
version: 6.5.0
version: 6.6.0
tag: 6.5.0
tag: 6.6.0"
is "plain: the same in production" "$(lines production)" "$(lines dev)"

# What is installed: `git promote --help` asks for a manual page.
check "make install" make -s install BUILD="$BUILD" DESTDIR="$T/installed" PREFIX=/usr
is "two commands and a manual" "$(cd "$T/installed/usr" && find . -type f | sort | xargs)" \
	"./bin/git-promote ./bin/yamledit ./share/man/man1/git-promote.1"
is "where each variable is explained" \
	"$(grep -ohE '"(PROMOTE_|GIT_AUTHOR_)[A-Z_]+"|"[A-Z]+_TOKEN"' -r bot forge | tr -d '"' | sort -u | grep -v _NOW |
		while read -r v; do grep -qw "$v" "$T/installed/usr/share/man/man1/git-promote.1" || echo "$v"; done)" ''
is "which says what the help says, dashes and dots for roff" \
	"$(sed -n 's/\\-/-/g; s/\\e/\\/g; s/^\\&//; /git promote config"/,/^\.fi/{//d; /^\.nf/d; p}' \
		"$T/installed/usr/share/man/man1/git-promote.1")" "$(bot help config)"
