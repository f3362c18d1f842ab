# What stories with a forge share: . tests/story.sh after setting KIND.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

sim_start "$KIND"
export PROMOTE_FORGE=$KIND PROMOTE_TOKEN=$SIM_TOKEN
[ "$KIND" != github ] || export PROMOTE_FORGE_URL=$SIM_URL/
n=0

# now TIME: for the bot, for git, and for the forge.
now() { at "$1"; sim_do POST /_sim/now "{\"now\": \"$1\"}"; }
# story [SED-EXPRESSION]: a new repository; the expression changes promote.yaml.
story() {
	n=$((n + 1))
	REPO=team/config$n
	rm -rf "$T/seed"
	cp -r examples/kustomize "$T/seed"
	[ -z "${1-}" ] || sed -i "$1" "$T/seed/promote.yaml"
	now 2026-11-02T08:00:00Z
	repo_new "$REPO" "$T/seed"
	export PROMOTE_REPO=$REPO_URL
}
# act PATH FIELDS: somebody does it at the forge, in this repository.
act() { sim_do POST "/_sim/$1" "{\"repo\": \"$REPO\", ${2-}}"; }
field() { git -C "$REPO_DIR" show "${3-main}:apps/$1/overlays/$2/kustomization.yaml" |
	sed -n 's/.*newTag: //p'; }
# pulls EXPR: over `r`, the pull requests of this repository, oldest first.
pulls() { sim_get "$1" GET "/_sim/pulls?repo=$REPO"; }
states() { pulls '" ".join("#%d:%s" % (p["number"], p["state"]) for p in r)'; }
forget() { sim_do DELETE /_sim/requests; }
# Requests since then that change something: the API's and pushes.
writes() { sim_requests '" ".join("%s %s" % (q["method"], q["path"]) for q in r
	if q["method"] != "GET" and "upload-pack" not in q["path"]
	and "graphql" not in q["path"])'; }
idle() { # NAME COMMAND...: exit 0, nothing written
	local name=$1
	shift
	forget
	runs "$name" 0 "$@"
	is "$name: nothing is written" "$(writes)" ""
}
# A person edits a file of main, or of the branch given:
# person FILE SED [BRANCH [MESSAGE]]
person() {
	rm -rf "$T/work"
	git clone -q -b "${3-main}" "$REPO_DIR" "$T/work" &&
		sed -i "$2" "$T/work/$1" &&
		git -C "$T/work" commit -qam "${4-by hand}" &&
		git -C "$T/work" push -q origin "HEAD:${3-main}"
}
