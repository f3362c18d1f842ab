#!/bin/bash
# make bench-wire: what one promotion costs, beside what people do today.
#
# Repositories of 300 services/500 commits to 2,000/100,000 are made on the
# spot (WIRE_BENCH_DIR keeps them for the next time), served over smart HTTP
# through a proxy that holds each byte back for 20 ms each way. One line for
# each way to change one file, each from the same head: wall and CPU seconds
# of the client, its peak memory, requests, bytes, and of the wall the seconds
# in which git worked on the server. The goals are checked at the end.
. "$(dirname "$0")/../lib.sh"

export PROMOTE_TOKEN=none PROMOTE_FORGE=none
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
	# As git does by itself from 2.41 on.
	git -C "$r" -c pack.writeReverseIndex=true repack -adq
	git -C "$r" config http.receivepack true
	git -C "$r" config uploadpack.allowFilter true
	touch "$r/done"
}

wait_for() { for _ in {1..200}; do [ -s "$1" ] && return; sleep 0.05; done; exit 1; }

serve() { # REPO OPTION...: R, URL, LOG, OLD
	LOG=$T/log
	R=$DIR/$1.git
	OLD=$(git -C "$R" rev-parse main)
	rm -f "$T/port" "$T/port2" "$LOG"
	python3 tests/wire/httpd.py "$DIR" "$T/port" --log "$LOG" "${@:2}" 2>/dev/null &
	server=$!
	wait_for "$T/port"
	python3 tests/wire/delay.py "$T/port2" "$(cat "$T/port")" 20 &
	proxy=$!
	wait_for "$T/port2"
	lib_pids+=($server $proxy)
	URL=http://127.0.0.1:$(cat "$T/port2")/$1.git
}

unserve() {
	git -C "$R" update-ref refs/heads/main "$OLD"
	kill $server $proxy
	wait $server $proxy 2>/dev/null
}

github_filters() { # on|off
	local kv
	for kv in allow=false tree.allow=true tree.maxDepth=0 blob:none.allow=true; do
		if [ "$1" = on ]; then
			git -C "$R" config "uploadpackfilter.${kv%=*}" "${kv#*=}"
		else
			git -C "$R" config --unset "uploadpackfilter.${kv%=*}"
		fi
	done
}

# NAME CMD...: the best of RUNS runs, by wall time; @ is another text each time.
# BEFORE is done before each, and not counted.
n=0
BEFORE=:
measure() {
	local name=$1 best= line share= i
	shift
	for ((i = 0; i < RUNS; i++)); do
		n=$((n + 1))
		git -C "$R" update-ref refs/heads/main "$OLD"
		# Nothing is removed before the end: where files have just been
		# deleted, ext4 takes twice as long to create others.
		export WORK=$T/work.$n
		$BEFORE
		: >"$LOG"
		if ! /usr/bin/time -f '%e %U %S %M' -o "$T/time" "${@/@/$RANDOM-$n}" >"$T/out" 2>&1; then
			sed 's/^/  | /' "$T/out"
			not_ok "$name runs"
			return
		fi
		line=$(python3 - "$T/time" "$LOG" <<-'P'
			import sys
			wall, user, system, kib = open(sys.argv[1]).read().split()[-4:]
			rows = [l.split() for l in open(sys.argv[2])]
			git = sum(int(r[-3]) for r in rows) / 1000
			print(wall, "%.2f" % (float(user) + float(system)), kib, len(rows),
			      sum(int(r[-1]) for r in rows), sum(int(r[-2]) for r in rows),
			      "%.2f %.2f" % (git, float(wall) - git))
		P
		)
		if [ -z "$best" ] || [ "$(printf '%s\n' "${line%% *}" "${best%% *}" | sort -g | head -n 1)" != "${best%% *}" ]; then
			best=$line
		fi
		share=$(printf '%s\n' ${share:+"$share"} "${line##* }" | sort -g | head -n 1)
	done
	best=${best% *}
	got[$name]="$best $share"
	printf '%-44s %6s s %5s s cpu %6s KiB %3s req %9s in %7s out %6s s at git\n' "$name" $best
}

bump() { # NAME ARG...
	measure "$1" "$BUILD/git-promote" bump --to dev --timeout 10m --repo "$URL" "${@:2}"
}

K=apps/svc-0001/overlays/dev/kustomization.yaml
# git clone's OPTIONS, and what comes before the edit.
recipe() { # NAME CLONE-OPTIONS [COMMAND]
	cat >"$T/edit.sh" <<-E
		git clone -q $2 "$URL" "\$WORK"
		cd "\$WORK"
		${3-}
		sed -i "s/newTag: .*/newTag: \$RANDOM\$\$/" $K
		git commit -qam bump
	E
	measure "$1" bash -ec '. "$1"; git push -q' - "$T/edit.sh"
}

# The last line of the recipe before: the least that moves a branch.
last_line() { # NAME
	BEFORE=ready
	measure "$1" bash -c 'cd "$WORK" && git push -q'
	BEFORE=:
}
ready() { bash -e "$T/edit.sh"; }

# What was not measured is no number, and holds nothing.
field() {
	local nan='float("nan")'
	cut -d' ' -f"$2" <<<"${got[$1]-$nan $nan $nan $nan $nan $nan $nan $nan}"
}
wall() { field "$1" 1; }
kib() { field "$1" 3; }
requests() { field "$1" 4; }
bytes() { field "$1" 5; }
# The wall less what git takes there, of the run where that is least: among
# 100,000 commits it takes longer to see that what was pushed is complete,
# whoever pushed it.
ours() { field "$1" 8; }
holds() { # NAME PYTHON-EXPRESSION
	check "$1 ($2)" python3 -c "import sys; sys.exit(not ($2))"
}

many=()
for i in {0..299}; do many+=("$(printf 'svc-%04d' "$i")=3.@"); done

for s in 300-500 300-20000 2000-500 2000-100000 2000-100000-ours; do
	IFS=- read -r services commits ours <<<"$s"
	make_repo "$services" "$commits" "$s" ${ours:+--ours}
	serve "$s"
	bump "$s" svc-0001=2.@
	bump "$s, --build" svc-0001=2.@ --build 1000000
	if [ -n "$ours" ]; then
		busy=$(git -C "$R" log -1 --skip 5 --format='%(trailers:key=Promote-Service,valueonly)' \
			--grep 'Promote-Environment: dev' main | head -n 1)
		bump "$s, --build, busy" "$busy=2.@" --build 1000000
	else
		recipe "$s, clone --depth 1" "--depth 1"
		last_line "$s, its git push"
		recipe "$s, sparse clone" "--filter=blob:none --depth 1 --sparse" \
			"git sparse-checkout set $(dirname $K)"
		RUNS=1 recipe "$s, full clone" ""
	fi
	RUNS=1 bump "$s, 300 services in one run" "${many[@]}"
	unserve
	github_filters on
	serve "$s" --agent git/github-bench
	bump "$s, GitHub" svc-0001=2.@
	bump "$s, GitHub, --build" svc-0001=2.@ --build 1000000
	unserve
	github_filters off
done

# auto, with a soak of an hour: nothing to do, and where the version that is to
# go on came so many commits ago.
for s in 20000-20000 20000-20 20000-10000 60000-50000; do
	make_repo 300 ${s%-*} "auto-$s" --settled --quiet-for ${s#*-}
	serve "auto-$s"
	RUNS=1 measure "auto-$s" "$BUILD/git-promote" auto --timeout 10m --repo "$URL"
	unserve
done

big=2000-100000
for s in 300-500 300-20000 2000-500 $big $big-ours; do
	depth1=${s%-ours}", clone --depth 1"
	holds "$s: 6 requests" "$(requests "$s") <= 6"
	holds "$s: 8 with GitHub's filters" "$(requests "$s, GitHub") <= 8"
	holds "$s: one more to look for a number" \
		"$(requests "$s, --build") <= 7 and $(requests "$s, GitHub, --build") <= 9"
	holds "$s: 300 services take no more" "$(requests "$s, 300 services in one run") <= $(requests "$s")"
	for how in "" ", --build" ", GitHub" ", GitHub, --build"; do
		holds "$s$how: not slower than depth 1" "$(wall "$s$how") <= $(wall "$depth1")"
		holds "$s$how: under 24 MiB" "$(kib "$s$how") < 24 * 1024"
	done
done
for s in $big $big-ours; do
	holds "$s: under 64 KiB received" "max($(bytes "$s"), $(bytes "$s, GitHub")) < 65536"
	holds "$s: under 192 KiB to look for a number" \
		"max($(bytes "$s, --build"), $(bytes "$s, GitHub, --build")) < 192 * 1024"
	# The first is the goal as it was set, and is missed: the recipe's own
	# last line takes nearly a fifth of it, which leaves less than one
	# round trip for all that comes before.
	b=$(wall "$s") r=$(wall "$big, clone --depth 1") p=$(wall "$big, its git push")
	holds "$s: 5x faster than depth 1" "5 * $b <= $r"
	holds "$s: up to the push 5x faster than depth 1" "5 * ($b - $p) <= $r - $p"
	holds "$s: 2.5x faster with it" "2.5 * $b <= $r"
	holds "$s: within twice a push that needs no reading" "$b <= 2 * $p"
done
holds "the number of a busy service: nothing more" \
	"$(requests "$big-ours, --build, busy") <= 6 and $(bytes "$big-ours, --build, busy") < 65536"
for pair in "300-500 300-20000" "2000-500 $big"; do
	holds "$pair: bytes within 1.1x" "$(bytes "${pair#* }") <= 1.1 * $(bytes "${pair% *}")"
	holds "$pair: wall within 1.1x, less git's there" \
		"$(ours "${pair#* }") <= 1.1 * $(ours "${pair% *}") + 0.02"
done
holds "auto, nothing to do: no history" "$(requests auto-20000-20000) <= 4"
holds "auto, 10,000 commits ago" "$(requests auto-20000-10000) <= 16 and $(bytes auto-20000-10000) < 8 << 20"
holds "auto, 50,000 commits ago" "$(requests auto-60000-50000) <= 26 and $(bytes auto-60000-50000) < 24 << 20"
