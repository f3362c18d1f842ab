# What the fault scripts share. After tests/lib.sh.
#
#   world KIND        a forge with a repository of services a001, a002, ...: dev
#                     is bumped by push, staging promoted by pull request that
#                     merges, production-eu by one that waits
#   next              the next service nobody has touched: $S
#   go NAME CODE ARG...      runs, and keeps all that it says in $T/record
#   fault JSON, calm         see forge-sim --help-api
#   field SERVICE ENV        what main has
#   landed SERVICE ENV       how many commits brought it another version
#   pulls EXPR               over `r`: the pull requests of $S

secret=tok-6f9d2c1e4b7a8035
REPO=team/config

world() {
	local s
	for s in $(seq -f 'a%03g' 1 ${SERVICES:-30}); do
		mkdir -p "$T/seed/apps/$s/dev" "$T/seed/apps/$s/staging" \
			"$T/seed/apps/$s/production-eu"
		printf 'images:\n  - name: registry.example.com/team/%s\n    newTag: 1.0.0\n' \
			"$s" | tee "$T/seed/apps/$s/"{dev,staging,production-eu}/kustomization.yaml \
			>/dev/null
	done
	cat >"$T/seed/promote.yaml" <<'Y'
version: 1
environments:
  dev: {deliver: push}
  staging: {from: dev, merge: auto}
  production-eu: {from: staging}
services:
  - kustomize: apps/{service}/{dir}/kustomization.yaml
    image: registry.example.com/team/{service}
Y
	sim_start "$1" --token "$secret"
	SIM_TOKEN=$secret
	repo_new $REPO "$T/seed"
	rm -rf "$T/seed"
	export PROMOTE_REPO=$REPO_URL PROMOTE_FORGE=$1 PROMOTE_TOKEN=$secret
	export PROMOTE_FORGE_URL=$SIM_URL/
	service=0
	mkdir -p "$T/record"
}

next() {
	service=$((service + 1))
	S=$(printf 'a%03d' $service)
}

go() {
	local began=$EPOCHREALTIME
	runs "$1" "$2" "$BUILD/git-promote" "${@:3}"
	took_ms=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
		cat "$T/out" "$T/err" >>"$T/record/said"
}

fault() { sim POST /_sim/fault "$1" >"$T/null"; }
calm() { sim DELETE /_sim/trap >"$T/null"; }
act() { sim "$1" "/_sim/$2" "{\"repo\": \"$REPO\"${3:+, $3}}" >"$T/null"; }
head_of() { git -C "$REPO_DIR" rev-parse "${1-main}"; }
field() {
	git -C "$REPO_DIR" show "main:apps/$1/$2/kustomization.yaml" |
		sed -n 's/.*newTag: //p'
}
landed() {
	git -C "$REPO_DIR" log --no-merges --format=%H "${3-main}" -- "apps/$1/$2" |
		sed '$d' | wc -l
}
pulls() {
	sim_get "(lambda r: $1)([p for p in r if p['head'].endswith('/$S')])" \
		GET "/_sim/pulls?repo=$REPO"
}
states() { pulls '" ".join(p["state"] for p in r)'; }
refs() { git -C "$REPO_DIR" for-each-ref --format='%(refname) %(objectname)'; }
