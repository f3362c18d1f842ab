#!/bin/bash
# Sixteen pipelines end at the same moment, again and again, and each bumps a
# service of its own in one config repository, while a person commits to the
# lines beside theirs. ROUNDS=12.
. "$(dirname "$0")/../lib.sh"
. tests/race/lib.sh

rounds=${ROUNDS:-12}
services=$(seq -f 's%02g' 1 16)
person_edits=2			# in each round

# One values file and one kustomization hold all of them: what lands beside a
# tag is a neighbouring line, which a merge of text would call a conflict.
seed() {
	local s
	mkdir -p "$1/envs/dev"
	cat >"$1/promote.yaml" <<'Y'
version: 1
environments:
  dev: {deliver: push}
services:
  - helm: envs/{environment}/values.yaml
    key: "{service}.image"
  - kustomize: envs/{environment}/kustomization.yaml
    image: registry.example.com/team/{service}
Y
	for s in $(seq -f 's%02g' 1 8); do
		printf '%s:\n  image:\n    repository: registry.example.com/team/%s\n' $s $s
		printf '    owner: nobody   # %s-above\n' $s
		printf '    tag: 1.0.0-start   # %s\n' $s
		printf '    pullPolicy: Always   # %s-below\n' $s
	done >"$1/envs/dev/values.yaml"
	{
		echo 'images:'
		for s in $(seq -f 's%02g' 9 16); do
			printf '  - name: registry.example.com/team/%s\n' $s
			printf '    newTag: 1.0.0-start   # %s\n' $s
		done
		echo 'commonAnnotations:'
		for s in $(seq -f 's%02g' 9 16); do
			printf '  note-%s: nothing   # %s-above\n' $s $s
		done
	} >"$1/envs/dev/kustomization.yaml"
}

# person MARK VALUE: a change to the one line with that mark, in a clone, as
# people do it. Where the push is refused they begin anew: a rebase would stop
# at a conflict with the line beside it.
person() {
	local at=$T/person
	[ -d "$at" ] || git clone -q -c maintenance.auto=false \
		"$(git_url "$REPO_URL" alice-token)" "$at" || return
	while :; do
		git -C "$at" fetch -q origin && git -C "$at" reset -q --hard origin/main
		sed -i -E "s/^( .*: )[^ ]+( +# $1)\$/\1$2\2/" "$at"/envs/dev/*.yaml
		git -C "$at" -c user.name=person -c user.email=person@example.com \
			commit -q -a -m "$1 $2" --author='person <person@example.com>'
		git -C "$at" push -q origin HEAD:main 2>/dev/null && return
	done
}

seed "$T/seed"
sim_start gitea --person alice:alice-token
repo_new team/config "$T/seed"
start=$(git -C "$REPO_DIR" rev-parse main)
export PROMOTE_REPO=$REPO_URL PROMOTE_TOKEN=$SIM_TOKEN PROMOTE_FORGE=gitea


# What one lost race costs: the server runs a neighbour's push to the end while
# ours is on its way.
cat >"$T/neighbour" <<N
#!/bin/bash
PROMOTE_REPO=$REPO_DIR PROMOTE_FORGE=none "$BUILD/git-promote" bump -q "\$@"
N
chmod +x "$T/neighbour"
sim POST /_sim/fault "{\"method\": \"POST\", \"path\": \"git-receive-pack\$\",
	\"do\": \"none\", \"run\": [\"$T/neighbour\", \"s02=0.9.0-neighbour\"]}" >"$T/null"
runs "a bump that loses a race" 0 bot bump s01=0.9.0-first
is "lands on top of who was first" "$(git -C "$REPO_DIR" log -2 --format=%s main)" \
	"$(printf 'dev: s01 0.9.0-first\ndev: s02 0.9.0-neighbour')"
is "after it: what the ref holds, twice, all that is new, and the push" \
	"$(sim_requests '" ".join(q["git"]["asked"][0].split("=")[-1]
		if "upload" in q["path"] else "push" for q in r
		if q["method"] == "POST").partition(" push ")[2]')" \
	"ls-refs ls-refs fetch push"
start=$(git -C "$REPO_DIR" rev-parse main)

for round in $(seq "$rounds"); do
	pids=()
	for s in $services; do
		echo "bot $s 1.$round.0-$s" >>"$T/plan"
		# Half of the pipelines number their builds.
		case $s in
		s*[02468]) bump "$s" "1.$round.0-$s" --build $round & ;;
		*) bump "$s" "1.$round.0-$s" & ;;
		esac
		pids+=($!)
	done
	for i in $(seq $person_edits); do
		s=$(printf 's%02d' $(((round * person_edits + i) % 16 + 1)))
		echo "person $s-above by-$round-$i" >>"$T/plan"
		person "$s-above" "by-$round-$i"
	done
	wait "${pids[@]}"
	git -C "$REPO_DIR" repack -q -a -d	# as servers do now and then
	[ -n "${VERBOSE-}" ] && echo "round $round: $SECONDS s, $(refused_pushes promote-bot) refused"
done
"$PYTHON" tests/race/said.py "$T"/said/*.json >"$T/claims"

is "$((16 * rounds)) processes ended" "$(wc -l <"$T/claims")" $((16 * rounds))
check "each bump and each edit landed exactly once, no other byte changed" \
	"$PYTHON" tests/race/judge.py "$REPO_DIR" "$start" "$T/plan" "$T/claims"
is "git fsck --strict finds nothing" \
	"$(git -C "$REPO_DIR" fsck --strict --no-dangling 2>&1)" ""
n=$(refused_pushes promote-bot)
echo "# $n refused pushes of the bot's, $(refused_pushes alice) of the person's, $SECONDS s"
# A third of what two processors make of it.
least=$((rounds < 12 ? 8 * rounds : 100))
check "the race was real: at least $least pushes were refused" [ "$n" -ge $least ]

# The judge itself: what is not there, and what should not be.
echo "bot s01 9.9.9" | cat "$T/plan" - >"$T/plan+"
check "the judge misses a bump that did not land" expect_exit 1 \
	"$PYTHON" tests/race/judge.py "$REPO_DIR" "$start" "$T/plan+" "$T/claims"
sed '$s/ [0-9a-f]*$/ 0123456789012345678901234567890123456789/' "$T/claims" >"$T/claims+"
check "and sees a claim that is not true" expect_exit 1 \
	"$PYTHON" tests/race/judge.py "$REPO_DIR" "$start" "$T/plan" "$T/claims+"
git -C "$T/person" pull -q
sed -i 's/ owner: / owner:  /' "$T/person/envs/dev/values.yaml"
git -C "$T/person" commit -q -a -m "s01-above x" --author='person <person@example.com>'
git -C "$T/person" push -q origin HEAD:main
echo "person s01-above x" | cat "$T/plan" - >"$T/plan+"
check "and a byte that nobody planned" expect_exit 1 \
	"$PYTHON" tests/race/judge.py "$REPO_DIR" "$start" "$T/plan+" "$T/claims"
