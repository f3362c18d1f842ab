# What a pipeline sees when the server says no, loses its answer, or says
# nothing at all: the right exit code in time, words that say what to do,
# nothing half done, and a next run that brings it to its end.
# tests/e2e/faults_*.sh run it, one forge each: KIND.
. tests/faults/lib.sh

kind=$KIND
world $kind

# No ---------------------------------------------------------------------------
next; before=$(refs)
printf '#!/bin/sh\necho "no pushes on Fridays" >&2\nexit 1\n' >"$REPO_DIR/hooks/pre-receive"
chmod +x "$REPO_DIR/hooks/pre-receive"
go "$kind: a hook that refuses a push" 13 bump $S=1.1.0
has "$kind: its words are shown" 'no pushes on Fridays'
is "$kind: no ref moved" "$(refs)" "$before"
rm "$REPO_DIR/hooks/pre-receive"
go "$kind: without the hook" 0 bump $S=1.1.0
is "$kind: it lands, once" "$(field $S dev) $(landed $S dev)" "1.1.0 1"

next; before=$(refs)
act POST protect '"branch": "main", "block_push": true'
go "$kind: a base that is protected" 13 bump $S=1.1.0
has "$kind: what to do about it" 'deliver: pull-request'
is "$kind: no ref moved" "$(refs)" "$before"
act DELETE protect '"branch": "main"'
go "$kind: no longer protected" 0 bump $S=1.1.0

next
bot bump $S=1.1.0 >"$T/null"
printf '#!/bin/sh\ncase $1 in refs/heads/promote/*) echo "no such branches here" >&2; exit 1; esac\n' \
	>"$REPO_DIR/hooks/update"
chmod +x "$REPO_DIR/hooks/update"; before=$(refs)
go "$kind: a hook that refuses the branch of a pull request" 13 to staging $S
has "$kind: its words are shown" 'no such branches here'
is "$kind: no ref moved, no pull request was opened" "$(refs)$(states)" "$before"
rm "$REPO_DIR/hooks/update"
go "$kind: without it" 0 to staging $S
is "$kind: one pull request, merged" "$(states) $(field $S staging)" "merged 1.1.0"

# The token --------------------------------------------------------------------
next; before=$(refs)
PROMOTE_TOKEN=tok-wrong-1234567890 go "$kind: a wrong token" 13 bump $S=1.1.0
has "$kind: names the variable and the status" 'HTTP 401.*PROMOTE_TOKEN'
PROMOTE_TOKEN= go "$kind: no token" 13 bump $S=1.1.0
has "$kind: says where it is looked for" 'HTTP 401.*PROMOTE_TOKEN'
sim_trap read-only=1
go "$kind: a token that may only read" 13 bump $S=1.1.0
has "$kind: says what it lacks" 'HTTP 403.*write'
calm
go "$kind: a repository that is not there" 13 bump $S=1.1.0 --repo "$SIM_URL/team/nowhere.git"
has "$kind: names it" 'HTTP 404.*/team/nowhere.git'
bot bump $S=1.1.0 >"$T/null"; before=$(refs)
sim_trap no-pulls=1
go "$kind: a token that may open no pull requests" 13 to staging $S
has "$kind: says which permission" 'it needs the permission repository|allow it under Settings'
is "$kind: base did not move, no pull request" "$(head_of) $(states)" \
	"$(sed -n 's,refs/heads/main ,,p' <<<"$before") "
calm
go "$kind: with a token that may" 0 to staging $S
is "$kind: it lands" "$(states) $(field $S staging)" "merged 1.1.0"

# Answers that are lost --------------------------------------------------------
next
sim_trap cut-push=1
go "$kind: a push that is taken and not answered" 0 bump $S=1.1.0
is "$kind: is one commit" "$(landed $S dev)" 1
has "$kind: which is named" "pushed $(head_of | cut -c1-10)"

next
sim_trap cut-push-before=1
go "$kind: a push that is lost on its way" 0 bump $S=1.1.0
is "$kind: is made again" "$(field $S dev) $(landed $S dev)" "1.1.0 1"

# The neighbour has read ours and lands a newer one before we look again.
next
cat >"$T/neighbour" <<N
#!/bin/bash
PROMOTE_REPO=$REPO_DIR PROMOTE_FORGE=none "$BUILD/git-promote" bump -q "\$@"
N
chmod +x "$T/neighbour"
lost() { # what the neighbour bumps
	fault "{\"method\": \"POST\", \"path\": \"git-receive-pack\$\",
		\"when\": \"after\", \"do\": \"cut\",
		\"run\": [\"$T/neighbour\", \"$1\"${2:+, \"--build\", \"$2\"}]}"
}
before=$(head_of)
lost $S=1.2.0
go "$kind: not answered, and a newer version on top" 0 bump $S=1.1.0
is "$kind: one commit each, the newer version stays" \
	"$(field $S dev) $(git -C "$REPO_DIR" rev-list --count "$before..main")" "1.2.0 2"
has "$kind: ours is said to have landed" "1.1.0: pushed $(head_of main~1 | cut -c1-10)"
next; before=$(head_of)
lost $S=1.2.0 8
go "$kind: the same with build numbers" 0 bump $S=1.1.0 --build 7
is "$kind: the newer build stays" \
	"$(field $S dev) $(git -C "$REPO_DIR" rev-list --count "$before..main")" "1.2.0 2"
next; before=$(head_of); other=a030
lost $other=1.1.$service
go "$kind: not answered, and another service on top" 0 bump $S=1.1.0
is "$kind: one commit each" "$(field $S dev) $(field $other dev) \
$(git -C "$REPO_DIR" rev-list --count "$before..main")" "1.1.0 1.1.$service 2"

for trap in status-500-after cut-after; do
	# The first write is the pull request's creation, the last its merge.
	next
	bot bump $S=1.1.0 >"$T/null"
	sim_trap $trap=1
	go "$kind: a pull request that is opened, and $trap" 0 to staging $S
	is "$kind: it is one, merged" "$(states) $(field $S staging) $(landed $S staging)" \
		"merged 1.1.0 1"
	calm
	next
	bot bump $S=1.1.0 >"$T/null"
	case $trap in
	cut-after) what='"do": "cut"' ;;
	*) what='"do": "answer", "status": 500' ;;
	esac
	fault "{\"method\": \"POST|PUT\", \"path\": \"/merge\$\", \"when\": \"after\", $what}"
	go "$kind: a merge, and $trap" 0 to staging $S
	is "$kind: it is merged once" "$(states) $(field $S staging) $(landed $S staging)" \
		"merged 1.1.0 1"
	is "$kind: its branch is gone" "$(refs | grep "/$S ")" ""
	calm
done

# Silence ----------------------------------------------------------------------
silence() { # SECONDS NAME WHAT-SETS-IT COMMAND...
	local s=$1 name=$2 set=$3
	shift 3
	$set
	go "$kind: silence in $name" 12 "$@" --timeout ${s}s
	check "$kind: it ends in time" [ "$took_ms" -lt $((s * 1000 + 1500)) ]
	has "$kind: says that it can be run again" 'run it again'
	calm
}
next
if [ $kind = gitea ]; then	# once: git's road is the same for all
silence 1 "the list of refs" 'sim_trap silent-refs=-1' bump $S=1.1.0
silence 1 "a fetch" 'sim_trap silent-fetch=-1' bump $S=1.1.0
is "$kind: nothing has happened" "$(field $S dev)" 1.0.0
silence 1 "a push" 'sim_trap silent-push=-1' bump $S=1.1.0
go "$kind: the next run finds what it did" 0 bump $S=1.1.0
is "$kind: which is one commit" "$(field $S dev) $(landed $S dev)" "1.1.0 1"
fi
bot bump $S=1.1.0 >"$T/null"
silence 2 "the API" 'sim_trap silent=-1' to staging $S
silence 2 "an answer of the API" 'sim_trap silent-body=-1' to staging $S
creation() {
	fault '{"method": "POST", "path": "/pulls$", "when": "after", "do": "silent"}'
}
silence 2 "the creation of a pull request" creation to staging $S
merging() {
	fault '{"method": "POST|PUT", "path": "/merge$", "when": "after", "do": "silent"}'
}
silence 2 "the merge" merging to staging $S
go "$kind: the next run" 0 to staging $S
is "$kind: finds one pull request, merged" \
	"$(states) $(field $S staging) $(landed $S staging)" "merged 1.1.0 1"

# A forge that is down ---------------------------------------------------------
next
bot bump $S=1.1.0 >"$T/null"; before=$(refs)
for trap in status-500 status-502 status-503 status-429 html cut; do
	case $trap in html) code=14 ;; *) code=12 ;; esac
	sim_trap $trap=-1
	go "$kind: a forge that answers with $trap" $code to staging $S --timeout 1s
	is "$kind: nothing was done" "$(refs)$(states)" "$before"
	calm
done
sim_trap git-503=-1
go "$kind: a git server that is down" 12 bump $S=1.2.0 --timeout 1s
calm
sim_trap git-503=2
go "$kind: one that comes up again" 0 bump $S=1.2.0
go "$kind: nobody listens" 12 bump $S=1.3.0 --timeout 1s --repo http://127.0.0.1:1/team/config.git

is "$kind: git fsck --strict" "$(git -C "$REPO_DIR" fsck --strict --no-dangling 2>&1)" ""

# Secrets ----------------------------------------------------------------------
next
printf '#!/bin/sh\necho "the token %s may not push" >&2\nexit 1\n' "$secret" \
	>"$REPO_DIR/hooks/pre-receive"
chmod +x "$REPO_DIR/hooks/pre-receive"
go "$kind: a server that says our token aloud" 13 bump $S=1.1.0 -vv
has "$kind: is quoted without it" 'the token \*+ may not push'
go "$kind: the same as JSON" 13 bump $S=1.1.0 --json
rm "$REPO_DIR/hooks/pre-receive"
echo "$secret" >"$T/token"
PROMOTE_TOKEN= PROMOTE_TOKEN_FILE=$T/token go "$kind: a token from a file" 0 bump $S=1.1.0 -vv
PROMOTE_TOKEN= go "$kind: a token in the repository's URL" 2 to staging $S -vv \
	--repo "$(git_url "$REPO_URL" "$secret")"
go "$kind: a repository that is not there" 13 bump $S=1.1.0 -vv \
	--repo "$SIM_URL/team/nowhere.git"

# All that was said above, every object, every pull request, every request.
git -C "$REPO_DIR" cat-file --batch-all-objects --batch >"$T/record/objects-$kind"
sim GET "/_sim/pulls?repo=$REPO" >"$T/record/pulls-$kind"
cp "$SIM_LOG" "$T/record/requests-$kind"
sim_stop

secrets=("$secret" tok-wrong "$(printf 'x-access-token:%s' "$secret" | base64 -w 0 | cut -c24-50)")
for word in "${secrets[@]}"; do
	is "no secret in what was said, committed, sent and opened: ${word:0:7}..." \
		"$(grep -raoh -- "$word" "$T/record" | sort | uniq -c)" ""
done
