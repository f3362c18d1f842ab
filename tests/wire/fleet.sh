# A repository of many services, and what a run asks for: . tests/story.sh first.

# fleet SERVICES PER_COMMIT BY_PULL_REQUEST: see fleet.py; all has soaked.
fleet() {
	n=$((n + 1))
	REPO=team/config$n
	now 2026-11-02T08:00:00Z
	repo_new "$REPO"
	"$PYTHON" tests/wire/fleet.py "$@" 1793606400 | git -C "$REPO_DIR" fast-import --quiet
	git -C "$REPO_DIR" repack -adq
	export PROMOTE_REPO=$REPO_URL
	now 2026-11-02T12:00:00Z
}
# Requests to the API, and of git: fetches and pushes.
asked() { sim_requests 'sum(1 for q in r if "git" not in q)'; }
fetches() { sim_requests 'sum(1 for q in r if q["path"].endswith("git-upload-pack"))'; }
pushes() { sim_requests 'sum(1 for q in r if q["path"].endswith("git-receive-pack") and q["method"] == "POST")'; }
# at_most NAME GOT MOST
at_most() { if [ "$2" -le "$3" ]; then ok "$1 ($2)"; else not_ok "$1: $2, more than $3"; fi; }
