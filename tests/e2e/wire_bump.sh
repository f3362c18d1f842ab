#!/bin/bash
# What `git promote bump` asks a server for in a wide repository, and what it
# knows of the past for so little.
. "$(dirname "$0")/../lib.sh"

export PROMOTE_TOKEN=none PROMOTE_FORGE=none

# Requests and bytes -------------------------------------------------------------

make_repo() { # NAME SERVICES COMMITS OPTION...
	R=$T/$1.git
	git init -q --bare -b main "$R"
	"$PYTHON" tests/wire/make-repo.py "${@:2}" |
		git -C "$R" fast-import --quiet
	git -C "$R" config http.receivepack true
	git -C "$R" config uploadpack.allowFilter true
	# Else which deltas are found depends on who comes first.
	git -C "$R" config pack.threads 1
}

serve() { # OPTION...: PORT and LOG
	LOG=$T/log.$RANDOM
	rm -f "$T/port"
	"$PYTHON" tests/wire/httpd.py "$T" "$T/port" --log "$LOG" "$@" 2>/dev/null &
	lib_pids+=($!)
	for _ in {1..100}; do [ -s "$T/port" ] && break; sleep 0.05; done
	PORT=$(cat "$T/port")
}

# NAME REQUESTS KIB COMMAND ARG...: so many, and fewer bytes than that.
costs() {
	local name=$1 requests=$2 kib=$3 bytes
	shift 3
	: >"$LOG"
	runs "$name" 0 bot "$@" -v --repo "$URL"
	is "$name: the requests" "$(wc -l <"$LOG")" "$requests"
	bytes=$(awk '{ n += $NF } END { print n }' "$LOG")
	check "$name: $bytes bytes, fewer than $kib KiB" test "$bytes" -lt $((kib * 1024))
	has "$name: -v says so" "^git: $requests requests, .* bytes received, .*\(protocol v2"
}

n=0
bump_costs() { # the same, of ever new versions
	n=$((n + 1))
	costs "${@:1:3}" bump --to dev "svc-0001=2.$n" "${@:4}"
}

make_repo silent 800 120
make_repo ours 800 120 --ours
make_repo beside 40 60
printf 'commit refs/heads/main\ncommitter A <a@example.com> 1800000000 +0000\ndata 4\nmore\nfrom refs/heads/main^0\n' >"$T/more"
for i in {1..20000}; do
	printf 'M 100644 inline data/%d\ndata %d\n%d\n' $i ${#i} $i
done >>"$T/more"
git -C "$T/beside.git" fast-import --quiet <"$T/more"
make_repo old 40 1500 --settled --quiet-for 1200
serve
URL=http://127.0.0.1:$PORT/silent.git
bump_costs "commits of others" 6 32
bump_costs "the same, with a number that nobody gave before" 7 64 --build 7
bump_costs "the number is found where it is read anyway" 6 32 --build 8
before=$(git -C "$T/silent.git" for-each-ref)
# What the push needs is asked while files are read: here it was in vain, and
# whether the server has written it down by now is chance.
: >"$LOG"
runs "what is there already" 0 bot bump --to dev "svc-0001=2.$n" -v --repo "$URL"
has "what is there already: the requests" '^git: 5 requests, '
is "nothing is to be sent" "$(grep -c 'POST .*receive-pack' "$LOG")" 0
runs "the same, dry" 0 bot bump --to dev "svc-0001=2.$n" --dry-run -v --repo "$URL"
has "the same, dry: no push is expected" '^git: 4 requests, '
is "what is there already: no ref moved" "$(git -C "$T/silent.git" for-each-ref)" "$before"
URL=http://127.0.0.1:$PORT/ours.git
bump_costs "commits of ours for others" 6 32
bump_costs "the same, with a number" 7 64 --build 200
many=(); for i in {10..59}; do many+=("svc-00$i=3.0"); done
bump_costs "fifty services at once" 6 64 "${many[@]}"

# A directory at the root that is much, and nobody wants.
URL=http://127.0.0.1:$PORT/beside.git
bump_costs "much beside what is wanted" 9 512
has "much beside what is wanted: seen" "large directories, fetching level by level"

# A version that came long ago: history in few steps, and none where there is
# nothing to promote.
URL=http://127.0.0.1:$PORT/old.git
costs "auto, 1,200 commits ago" 12 999 auto
has "auto: promoted" 'staging/svc-0000 1.0.0 -> 1.1.0: pushed'
costs "auto, all the same everywhere" 4 99 auto

for r in silent ours; do
	git -C "$T/$r.git" config uploadpackfilter.allow false
	git -C "$T/$r.git" config uploadpackfilter.tree.allow true
	git -C "$T/$r.git" config uploadpackfilter.tree.maxDepth 0
done
serve --agent git/github-test
URL=http://127.0.0.1:$PORT/silent.git
bump_costs "GitHub's filters, commits of others" 8 32
URL=http://127.0.0.1:$PORT/ours.git
bump_costs "GitHub's filters, commits of ours" 8 32

# The past -----------------------------------------------------------------------

# Steps from the oldest to the newest, each a commit or several:
#   web=1#7  of ours; with --build 7      web=1<2  of ours, a rollback from 2
#   ~web=1   a person's                   !web=1   says it is for api, and lies
#   api*40   forty of ours for api        ~api*40  forty of persons
#   ^api*40  forty merges of ours for api
#   ?web=1#7  says that it brought another version
cat >"$T/line.py" <<'P'
import re, sys
out, n, mark = sys.stdout.write, 0, 0
def data(t): out(f"data {len(t.encode())}\n{t}\n")
def put(svc, tag):
    out(f"M 100644 inline apps/{svc}/dev/kustomization.yaml\n")
    data(f"images:\n  - name: r.example.com/{svc}\n    newTag: {tag}\n")
def commit(message, svc, tag, ref="refs/heads/main", merge=None):
    global n, mark
    n += 1
    mark += 1
    out(f"commit {ref}\nmark :{mark}\n"
        f"committer A <a@example.com> {1700000000 + 60 * n} +0000\n")
    data(message)
    if ref != "refs/heads/main":
        out(f"from :{mark - 1}\n")
    if merge:
        out(f"merge :{merge}\n")
    put(svc, tag)
def ours(svc, tag, number=None, back=None):
    return (f"dev: {svc} {tag}\n\nWas x.\n\nPromote-Service: {svc}\n"
            f"Promote-Environment: dev\nPromote-Version: {tag}\n" +
            (f"Promote-Build: {number}\n" if number else "") +
            (f"Promote-Rollback: {back}\n" if back else ""))
mark = 1
out("commit refs/heads/main\nmark :1\ncommitter A <a@example.com> 1600000000 +0000\n")
data("start\n")
out("M 100644 inline promote.yaml\n")
data("version: 1\nenvironments:\n  dev: {deliver: push}\nservices:\n"
     "  - kustomize: apps/{service}/{dir}/kustomization.yaml\n"
     "    image: r.example.com/{service}\n")
put("web", "0")
put("api", "0")
for step in sys.argv[1:]:
    how, svc, tag, number, back, times = re.fullmatch(
        r"([~!^?]?)(\w+)(?:=(\d+))?(?:#(\d+))?(?:<(\d+))?(?:\*(\d+))?", step).groups()
    for i in range(int(times or 1)):
        t = tag or str(n)
        if how == "^":
            commit(ours(svc, t, number), svc, t, f"refs/heads/b{n}")
            out(f"reset refs/heads/main\nfrom :{mark - 1}\n")
            commit("Merge\n", svc, t, merge=mark)
        else:
            commit(ours("api" if how == "!" else svc, "8" if how == "?" else t,
                        number, back) if how != "~" else "a person\n", svc, t)
P
line() { # STEP...
	R=$T/line.git
	rm -rf "$R"
	git init -q --bare -b main "$R"
	"$PYTHON" "$T/line.py" "$@" | git -C "$R" fast-import --quiet
	git -C "$R" config http.receivepack true
}

# EXIT PATTERN ARGS NAME STEP...
URL=$T/line.git
bumped() {
	local code=$1 pattern=$2 args=$3 name=$4
	shift 4
	line "$@"
	runs "$name" "$code" bot bump --repo "$URL" $args
	has "$name: said" "$pattern"
}

late='dev already has a later build'
bumped 0 "$late" 'web=9 --build 6' "an older build, 100 commits of ours later" \
	web=1#5 web=2#7 'api*100'
bumped 0 "$late" 'web=9 --build 6' "... 100 commits of persons later" \
	web=1#5 web=2#7 '~api*100'
bumped 0 "$late" 'web=9 --build 6' "... 60 merges later" \
	web=1#5 web=2#7 '^api*60'
bumped 0 "$late" 'web=9 --build 6' "... that was merged itself" \
	web=1#5 '^web=2#7' 'api*60'
bumped 0 'pushed' 'web=9 --build 8' "a newer build" web=1#5 web=2#7 'api*100'
bumped 11 'build 7 has' 'web=9 --build 7' "a number that was given" \
	web=1#5 web=2#7 'api*100'
bumped 0 "$late" 'web=1' "without numbers: what was left among the newest" \
	web=1 web=2 'api*20' '~api*5'
bumped 0 "$late" 'web=1' "... by a person" '~web=1' '~web=2' 'api*20' '~api*5'
bumped 0 'pushed' 'web=1' "... is not known further back" web=1 web=2 'api*40'
bumped 0 'pushed' 'web=9 --build 6' "nor is a number, behind 512 commits" \
	web=1#5 web=2#7 'api*520'

bumped 11 'was rolled back from' 'web=2' "rolled back by a person" \
	web=1 web=2 'api*5' '~web=1' 'api*20'
bumped 11 'was rolled back from' 'web=2 --build 7' "by us, long ago" \
	web=1#5 web=2#7 'web=1<2' 'api*60'
bumped 0 'pushed' 'web=3 --build 6' "... a build between the two" \
	web=1#5 web=2#7 'web=1<2' 'api*60'
bumped 0 "$late" 'web=3 --build 4' "... one older than both" \
	web=1#5 web=2#7 'web=1<2' 'api*60'
bumped 11 'was rolled back from' 'web=2 --build 7' "by a person, long ago" \
	web=1#5 web=2#7 '~web=1' 'api*60'
bumped 0 'pushed' 'web=3 --build 6' "... a build between the two, then" \
	web=1#5 web=2#7 '~web=1' 'api*60'
bumped 0 "$late" 'web=3 --build 4' "... and one older than both" \
	web=1#5 web=2#7 '~web=1' 'api*60'
bumped 0 "$late" 'web=2 --build 7' "... or by two versions" \
	web=1#5 web=2#7 web=3#9 '~web=1' 'api*60'
bumped 11 'was rolled back from' 'web=2 --build 7' "by us, to one from long before" \
	web=1#5 'api*600' web=2#7 'web=1<2' 'api*60'

# A false word hides what was there; it never makes an old build of a new one.
bumped 0 'pushed' 'web=9 --build 6' "the number of another version does not count" \
	web=1#5 web=2#7 '!web=3' 'api*40'
bumped 0 'pushed' 'web=9 --build 6' "... nor one that was given to it" \
	web=1#5 '?web=2#7' 'api*5'
bumped 0 'pushed' 'web=9' "nor is a version known that nobody looked at" \
	web=1 '!web=9' '!web=3' 'api*20'

# Servers that send whole trees.
for road in 'v2, depth 1' 'v0, depth 1'; do
	if [ "${road%%,*}" = v0 ]; then serve --no-v2; else serve; fi
	URL=http://127.0.0.1:$PORT/line.git
	bumped 0 "$late" '-v web=9 --build 6' "$road: an older build" \
		web=1#5 web=2#7 'api*100'
	has "$road: that was the road" "protocol $road"
	bumped 11 'was rolled back from' 'web=2' "$road: rolled back" \
		web=1 web=2 'api*5' '~web=1' 'api*20'
done
