#!/bin/bash
# The simulator itself: git by smart HTTP, and pull requests that end in real
# commits, on both kinds of forge.
. "$(dirname "$0")/../lib.sh"

# files: something to commit
mkdir "$T/files"
printf 'a: 1\nb: 2\n' >"$T/files/values.yaml"
seq 1 200 >"$T/files/long"

# branch NAME FILE TEXT: one commit on a new branch from main, pushed
branch() {
	git -C "$T/clone" fetch -q && git -C "$T/clone" checkout -q -B "$1" origin/main &&
		echo "$3" >"$T/clone/$2" && git -C "$T/clone" add -A &&
		git -C "$T/clone" commit -q -m "$1: $2

Trailer-Of: $1" && git -C "$T/clone" push -q -f origin "$1"
}

base() { git -C "$REPO_DIR" rev-parse main; }
parents() { git -C "$REPO_DIR" log -1 --format=%P main | wc -w; }

# pr HEAD TITLE: open one, print its number
pr() {
	sim_get 'r["number"]' POST /repos/team/config/pulls \
		"{\"head\":\"$1\",\"base\":\"main\",\"title\":\"$2\",\"body\":\"why\"}"
}

for kind in github gitea; do
	sim_start $kind
	repo_new team/config "$T/files"
	rm -rf "$T/clone"

	check "$kind: no token, no clone" \
		expect_exit 128 git clone -q "$REPO_URL" "$T/clone"
	check "$kind: a wrong token, no clone" \
		expect_exit 128 git clone -q "$(git_url "$REPO_URL" wrong)" "$T/clone"
	check "$kind: clone" git clone -q "$(git_url "$REPO_URL")" "$T/clone"
	check "$kind: push" branch one values.yaml 'a: 3'
	is "$kind: protocol v2 passes through" "$(sim_requests \
		'any(q.get("git") and q["git"].get("protocol") == "version=2" and "command=ls-refs" in "".join(q["git"]["asked"]) for q in r)')" true
	is "$kind: the log knows what a push asked and got" "$(sim_requests \
		'[q["git"]["report"] for q in r if q["path"].endswith("git-receive-pack")]')" \
		'[["unpack ok", "ok refs/heads/one"]]'

	n=$(pr one One)
	is "$kind: the first pull request is number 1" "$n" 1
	is "$kind: the same again is refused" "$(SIM_SHOW=status sim POST \
		/repos/team/config/pulls '{"head":"one","base":"main","title":"x"}')" \
		"$([ $kind = github ] && echo 422 || echo 409)"
	first=$(sim_get 'r["mergeable"]' GET /repos/team/config/pulls/1)
	is "$kind: mergeability is not there at the first look" "$first" \
		"$([ $kind = github ] && echo null || echo false)"
	is "$kind: it is there at the second" \
		"$(sim_get 'r["mergeable"]' GET /repos/team/config/pulls/1)" true

	head=$(git -C "$REPO_DIR" rev-parse one)
	if [ $kind = github ]; then
		put() { sim_get "$1" PUT "/repos/team/config/pulls/$2/merge" \
			"{\"sha\":\"$3\",\"merge_method\":\"$4\"}"; }
		stale=409
	else
		put() { sim_get "$1" POST "/repos/team/config/pulls/$2/merge" \
			"{\"head_commit_id\":\"$3\",\"Do\":\"$4\"}"; }
		stale=409
	fi
	is "$kind: a merge of another head is refused" \
		"$(put status 1 "$(base)" merge)" $stale
	is "$kind: merge by merge commit" "$(put status 1 "$head" merge)" 200
	is "$kind: it has two parents" "$(parents)" 2
	is "$kind: base has the change" "$(git -C "$REPO_DIR" show main:values.yaml)" 'a: 3'
	is "$kind: it says merged" "$(sim_get 'r["merged"], r["state"]' GET \
		/repos/team/config/pulls/1)" "(True, 'closed')"

	for method in squash rebase; do
		branch $method long $method
		n=$(pr $method "By $method")
		put status "$n" "$(git -C "$REPO_DIR" rev-parse $method)" $method >"$T/st"
		[ "$(cat "$T/st")" = 405 ] && # still computing
			put status "$n" "$(git -C "$REPO_DIR" rev-parse $method)" $method >"$T/st"
		is "$kind: merge by $method" "$(cat "$T/st")" 200
		is "$kind: $method leaves one parent" "$(parents)" 1
		is "$kind: $method brings the change" \
			"$(git -C "$REPO_DIR" show main:long)" $method
	done

	git -C "$T/clone" fetch -q
	branch conflict values.yaml 'a: ours'
	git -C "$T/clone" checkout -q -B main origin/main
	echo 'a: theirs' >"$T/clone/values.yaml"
	git -C "$T/clone" commit -qam theirs && git -C "$T/clone" push -q origin main
	n=$(pr conflict Conflict)
	sim GET "/repos/team/config/pulls/$n" >/dev/null
	is "$kind: a conflict is not mergeable" \
		"$(sim_get 'r["mergeable"]' GET "/repos/team/config/pulls/$n")" false
	is "$kind: and not merged" "$(put status "$n" \
		"$(git -C "$REPO_DIR" rev-parse conflict)" merge)" 405
	check "$kind: fsck finds nothing" git -C "$REPO_DIR" fsck --no-dangling
	sim_stop
done
