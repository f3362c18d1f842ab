#!/bin/bash
# The simulator's git: real clients by smart HTTP, and what is written down of
# them.
. "$(dirname "$0")/../lib.sh"

mkdir "$T/files"
printf 'a: 1\nb: 2\n' >"$T/files/values.yaml"

sim_start gitea
repo_new team/config "$T/files"
check "no token, no clone" expect_exit 128 git clone -q "$REPO_URL" "$T/clone"
check "a wrong token, no clone" \
	expect_exit 128 git clone -q "$(git_url "$REPO_URL" wrong)" "$T/clone"
check "an unknown repository, no clone" \
	expect_exit 128 git clone -q "$(git_url "$SIM_URL/team/none.git")" "$T/clone"
check "clone" git clone -q "$(git_url "$REPO_URL")" "$T/clone"
is "what was committed is there" "$(cat "$T/clone/values.yaml")" "$(cat "$T/files/values.yaml")"
check "clone by the older protocol" git -c protocol.version=0 clone -q \
	"$(git_url "$REPO_URL")" "$T/clone0"
check "clone without blobs" git clone -q --filter=blob:none --no-checkout \
	"$(git_url "$REPO_URL")" "$T/thin"
is "the filter came through" "$(git -C "$T/thin" rev-list --all --objects \
	--missing=print | grep -c '^?')" 1
is "protocol v2 passes through" "$(sim_requests \
	'any(q["git"].get("protocol") == "version=2" and "command=ls-refs" in q["git"]["asked"] for q in r if "git" in q)')" true

sim DELETE /_sim/requests >/dev/null
seq 1 200000 >"$T/clone/large"
git -C "$T/clone" add -A && git -C "$T/clone" commit -qm Large
check "a push of some size" git -C "$T/clone" push -q origin HEAD:one HEAD:two
is "the log knows what was asked and what came of it" "$(sim_requests \
	'[q["git"]["report"] for q in r if q["path"].endswith("git-receive-pack")]')" \
	'[["unpack ok", "ok refs/heads/one", "ok refs/heads/two"]]'
is "each user is named" "$(sim_requests 'sorted(set(q["user"] for q in r if q["auth"] == "basic"))')" \
	'["promote-bot"]'
printf '#!/bin/sh\necho "no pushes today" >&2\nexit 1\n' >"$REPO_DIR/hooks/pre-receive"
chmod +x "$REPO_DIR/hooks/pre-receive"
check "a hook refuses" expect_exit 1 git -C "$T/clone" push origin HEAD:three
check "and is heard" grep -q "remote: no pushes today" "$T/out"
is "that is counted as refused" "$(sim_requests \
	'sum(q.get("git", {}).get("refused", 0) for q in r)')" 1
check "fsck finds nothing" git -C "$REPO_DIR" fsck --no-dangling
