#!/bin/bash
# make bench-wire: what one promotion costs, beside what people do today.
#
# Repositories of 300 services/500 commits, 300/20,000 and 2,000/100,000 are
# made on the spot (WIRE_BENCH_DIR keeps them for the next time), served over
# smart HTTP through a proxy that holds each byte back for 20 ms each way.
# One line for each way to change one file:
#   wall and CPU seconds of the client, its peak memory, requests, bytes.
# The goals are checked at the end; a missed one is "not ok".
. "$(dirname "$0")/../lib.sh"

W=$BUILD/wiretool
export PROMOTE_TOKEN=none
DIR=${WIRE_BENCH_DIR:-$T}
RUNS=${RUNS:-3}
mkdir -p "$DIR"
declare -A got

make_repo() { # SERVICES COMMITS [NAME OPTION...]
	local r=$DIR/${3-$1-$2}.git
	[ -e "$r/done" ] && return
	echo "making $1 services, $2 commits ${*:4}..." >&2
	rm -rf "$r"
	git init -q --bare -b main "$r"
	python3 tests/wire/make-repo.py "$1" "$2" "${@:4}" |
		git -C "$r" fast-import --quiet
	git -C "$r" repack -adq
	git -C "$r" config http.receivepack true
	git -C "$r" config uploadpack.allowFilter true
	touch "$r/done"
}

wait_for() { for _ in {1..200}; do [ -s "$1" ] && return; sleep 0.05; done; exit 1; }

serve() { # OPTION...: URL, LOG
	LOG=$T/log
	rm -f "$T/port" "$T/port2" "$LOG"
	python3 tests/wire/httpd.py "$DIR" "$T/port" --log "$LOG" "$@" 2>/dev/null &
	server=$!
	wait_for "$T/port"
	python3 tests/wire/delay.py "$T/port2" "$(cat "$T/port")" 20 &
	proxy=$!
	wait_for "$T/port2"
	lib_pids+=($server $proxy)
	URL=http://127.0.0.1:$(cat "$T/port2")
}

unserve() { kill $server $proxy; wait $server $proxy 2>/dev/null; }

# NAME CMD...: the best of RUNS runs, by wall time; @ is another text each time.
n=0
measure() {
	local name=$1 best= line i
	shift
	for ((i = 0; i < RUNS; i++)); do
		n=$((n + 1))
		: >"$LOG"
		rm -rf "$T/work"
		if ! /usr/bin/time -f '%e %U %S %M' -o "$T/time" "${@/@/$RANDOM-$n}" >"$T/out" 2>&1; then
			sed 's/^/  | /' "$T/out"
			not_ok "$name runs"
			return
		fi
		line=$(python3 - "$T/time" "$LOG" <<-'E'
			import sys
			wall, user, system, kib = open(sys.argv[1]).read().split()[-4:]
			rows = [l.split() for l in open(sys.argv[2])]
			print(wall, "%.2f" % (float(user) + float(system)), kib, len(rows),
			      sum(int(r[-1]) for r in rows), sum(int(r[-2]) for r in rows))
		E
		)
		if [ -z "$best" ] || python3 -c "import sys; sys.exit(not $(cut -d' ' -f1 <<<"$line") < $(cut -d' ' -f1 <<<"$best"))"; then
			best=$line
		fi
	done
	got[$name]=$best
	printf '%-42s %7s s %6s s cpu %8s KiB %4s req %11s in %8s out\n' "$name" $best
}

K=apps/svc-0000/overlays/dev/kustomization.yaml
# The whole file as it shall be, @ in place of the tag.
kustomization() { # SERVICE
	printf '%s\n' "apiVersion: kustomize.config.k8s.io/v1beta1" \
		"kind: Kustomization" "namespace: dev" "resources:" \
		"  - ../../base" "images:" \
		"  - name: registry.example.com/team/$1" "    newTag: ${2-@}"
}
bump() { # URL NAME: by ourselves
	measure "$2" "$W" "$1" bump refs/heads/main "$K=$(kustomization svc-0000)"
}

cat >"$T/depth1.sh" <<'E'
set -e
git clone -q --depth 1 "$1" "$2/work"
cd "$2/work"
sed -i "s/newTag: .*/newTag: $RANDOM$$/" "$3"
git commit -qam bump
git push -q
E
cat >"$T/sparse.sh" <<'E'
set -e
git clone -q --filter=blob:none --depth 1 --sparse "$1" "$2/work"
cd "$2/work"
git sparse-checkout set "$(dirname "$3")"
sed -i "s/newTag: .*/newTag: $RANDOM$$/" "$3"
git commit -qam bump
git push -q
E
cat >"$T/full.sh" <<'E'
set -e
git clone -q "$1" "$2/work"
cd "$2/work"
sed -i "s/newTag: .*/newTag: $RANDOM$$/" "$3"
git commit -qam bump
git push -q
E

# What was not measured is no number, and holds nothing.
field() {
	local nan='float("nan")'
	cut -d' ' -f"$2" <<<"${got[$1]-$nan $nan $nan $nan $nan $nan}"
}
holds() { # NAME PYTHON-EXPRESSION
	check "$1 ($2)" python3 -c "import sys; sys.exit(not ($2))"
}

for size in 300:500 300:20000 2000:100000; do
	IFS=: read -r services commits <<<"$size"
	s=$services/$commits
	make_repo "$services" "$commits"
	serve
	U=$URL/$services-$commits.git
	bump "$U" "$s ours"
	measure "$s clone --depth 1, commit, push" bash "$T/depth1.sh" "$U" "$T" "$K"
	measure "$s sparse clone, commit, push" bash "$T/sparse.sh" "$U" "$T" "$K"
	RUNS=1 measure "$s full clone, commit, push" bash "$T/full.sh" "$U" "$T" "$K"
	many=()
	for ((i = 0; i < 300; i++)); do
		svc=$(printf 'svc-%04d' $i)
		many+=("apps/$svc/overlays/dev/kustomization.yaml=$(kustomization "$svc" "3.$RANDOM$i")")
	done
	RUNS=1 measure "$s ours, 300 services in one run" "$W" "$U" bump refs/heads/main "${many[@]}"
	for depth in 100 1000 ${HISTORY:-10000}; do
		[ "$depth" -gt "$commits" ] ||
			RUNS=1 measure "$s ours, history of $depth" env WIRE_TIMEOUT_MS=600000 \
				"$W" "$U" history refs/heads/main "$depth" "$K"
	done
	measure "$s git promote bump" "$BUILD/git-promote" bump svc-0001=2.@ --to dev \
		--forge none --repo "$U"
	unserve
	git -C "$DIR/$services-$commits.git" config uploadpackfilter.allow false
	git -C "$DIR/$services-$commits.git" config uploadpackfilter.tree.allow true
	git -C "$DIR/$services-$commits.git" config uploadpackfilter.tree.maxDepth 0
	git -C "$DIR/$services-$commits.git" config uploadpackfilter.blob:none.allow true
	serve --agent git/github-bench
	bump "$URL/$services-$commits.git" "$s ours, GitHub's filters"
	unserve
	for key in allow tree.allow tree.maxDepth blob:none.allow; do
		git -C "$DIR/$services-$commits.git" config --unset "uploadpackfilter.$key"
	done
done

# auto, with a soak of an hour: on a base that is quiet, and where the version
# that is to go on came 10,000 commits ago.
serve
for ago in 20 10000; do
	make_repo 300 20000 "auto-$ago" --settled --quiet-for $ago
	RUNS=1 measure "300/20000 git promote auto -n, $ago commits ago" \
		"$BUILD/git-promote" auto -n --timeout 10m --forge none --repo "$URL/auto-$ago.git"
done
unserve

big=2000/100000
for s in 300/500 300/20000 $big; do
	holds "$s: 6 requests" "$(field "$s ours" 4) <= 6"
	holds "$s: 8 with GitHub's filters" "$(field "$s ours, GitHub's filters" 4) <= 8"
	holds "$s: 300 services take no more" "$(field "$s ours, 300 services in one run" 4) <= 6"
	holds "$s: never slower than depth 1" "$(field "$s ours" 1) <= $(field "$s clone --depth 1, commit, push" 1)"
	holds "$s: under 24 MiB" "$(field "$s ours" 3) < 24 * 1024"
done
holds "$big: under 64 KiB received" "$(field "$big ours" 5) < 65536"
holds "$big: 5x faster than depth 1" "5 * $(field "$big ours" 1) <= $(field "$big clone --depth 1, commit, push" 1)"
holds "40 times the history: bytes within 1.1x" "$(field "300/20000 ours" 5) <= 1.1 * $(field "300/500 ours" 5)"
holds "40 times the history: wall within 1.1x" "$(field "300/20000 ours" 1) <= 1.1 * $(field "300/500 ours" 1) + 0.02"
