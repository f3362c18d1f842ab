# Killed at any point, the next run converges. tests/e2e/faults_kill_*.sh run
# it, one forge each: KIND.
. tests/faults/lib.sh

kind=$KIND
SERVICES=120
world $kind

# A request to the simulator's own side, cheaper than by python.
control() { # METHOD PATH [JSON]
	local at=${SIM_URL#http://} body=${3-}
	exec 9<>"/dev/tcp/${at%:*}/${at#*:}"
	printf '%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
		"$1" "$2" "$at" ${#body} "$body" >&9
	cat <&9 >"$T/null"
	exec 9>&-
}

cat >"$T/bot" <<'N'
#!/bin/bash
echo $$ >"$PIDFILE"
exec "$BUILD/git-promote" "$@"
N
printf '#!/bin/sh\nkill -9 "$(cat "%s/pid")"\n' "$T" >"$T/kill"
printf '#!/bin/sh\ntr "\\0" " " <"/proc/$(cat "%s/pid")/cmdline"\n' "$T" >"$T/look"
chmod +x "$T/bot" "$T/kill" "$T/look"
export PIDFILE=$T/pid

# killed ARG...: its exit code, 137 if it was
killed() { "$T/bot" "$@" -vv >>"$T/record/said" 2>&1; }

# What is left when the same command has been given again, and once more.
converges() { # COMMAND...
	local first
	"$BUILD/git-promote" "$@" -vv >"$T/again" 2>&1 || echo "exit $? of the second run"
	first=$(refs)
	"$BUILD/git-promote" "$@" -vv >"$T/again2" 2>&1 || echo "exit $? of the third run"
	cat "$T/again" "$T/again2" >>"$T/record/said"
	[ "$first" = "$(refs)" ] || echo "the third run moves refs"
	case $1 in
	bump) echo "$(field $S dev) $(landed $S dev)" ;;
	to) echo "$(field $S staging) $(landed $S staging) $(states) $(refs | grep "heads/.*/$S ")" ;;
	esac
}

# Once for each request that the command makes, killed when it is there. What
# reads does no more when it is acted upon than when it is lost; what writes
# (METHOD, PATH: as in a fault) comes in both kinds.
sweep() { # NAME lost|done METHOD PATH WANT COMMAND... (@ is the service)
	local name=$1 fate=$2 fit="\"method\": \"$3\", \"path\": \"$4\"" want=$5
	local n code got all= do=none
	shift 5
	[ $fate = done ] || do=cut
	for ((n = 0; n < 60; n++)); do
		next
		control POST /_sim/fault "{$fit, \"skip\": $n, \"do\": \"$do\",
			\"run\": [\"$T/kill\"]}"
		code=0
		killed "${@//@/$S}" 2>"$T/null" || code=$?
		control DELETE /_sim/fault
		[ $code -eq 0 ] && break	# it makes no more
		got=$(converges "${@//@/$S}")
		[ $code = 137 ] && [ "$got" = "$want" ] ||
			all+="$n ($S): exit $code; $got"$'\n'
	done
	is "$kind: $name, $fate: killed at each of $n, the next run converges" \
		"$((n > 0)) $all" "1 "
}

# 1.1.0 comes into dev for the services from here on, by a person's hand.
dev_moves() {
	git clone -q "$REPO_DIR" "$T/clone" &&
		sed -i s/1.0.0/1.1.0/ $(seq -f "$T/clone/apps/a%03g/dev/kustomization.yaml" \
			$((service + 1)) $SERVICES) &&
		git -C "$T/clone" commit -q -a -m "1.1.0" &&
		git -C "$T/clone" push -q
}
write='^(POST|PUT|PATCH|DELETE)$'
written='git-receive-pack$|/(pulls|merge|issues|labels|git/refs|branches|statuses)'

if [ $kind = gitea ]; then	# once: git's road is the same for all
	sweep "a bump's requests" lost . . "1.1.0 1" bump @=1.1.0
	sweep "a bump's push" done "$write" "$written" "1.1.0 1" bump @=1.1.0
	dev_moves
	sweep "a promotion's requests" lost . . "1.1.0 1 merged " to staging @
else
	dev_moves
	sweep "a promotion's writes" lost "$write" "$written" "1.1.0 1 merged " \
		to staging @
fi
sweep "a promotion's writes" done "$write" "$written" "1.1.0 1 merged " \
	to staging @

# At random times, where the server does not hear of it.
all=
for i in $(seq 8); do
	next
	killed to staging $S 2>"$T/null" &
	sleep "0.$(printf '%03d' $((RANDOM % 250)))"
	kill -9 $(cat "$T/pid") 2>"$T/null"
	wait $! 2>"$T/null"
	got=$(converges to staging $S)
	[ "$got" = "1.1.0 1 merged " ] || all+="$S: $got"$'\n'
done
is "$kind: a promotion killed at random times: the next run converges" "$all" ""

# On disk, in the middle of a push.
if [ $kind = gitea ]; then
export PROMOTE_REPO=$REPO_DIR PROMOTE_FORGE=none
all=
for i in $(seq 8); do
	next
	killed bump $S=1.2.0 2>"$T/null" &
	sleep "0.$(printf '%03d' $((RANDOM % 60)))"
	kill -9 $(cat "$T/pid") 2>"$T/null"
	wait $! 2>"$T/null"
	got=$(converges bump $S=1.2.0)
	[ "$got" = "1.2.0 2" ] || all+="$S: $got"$'\n'
done
is "$kind: bump on disk killed at random times: the next run converges" "$all" ""
fi
is "$kind: git fsck --strict" "$(git -C "$REPO_DIR" fsck --strict --no-dangling 2>&1)" ""

# What anybody on the machine can read of it while it runs.
export PROMOTE_REPO=$REPO_URL PROMOTE_FORGE=$kind
next
bot bump $S=1.2.0 >"$T/null"
fault "{\"count\": -1, \"do\": \"none\", \"run\": [\"sh\", \"-c\",
	\"$T/look >>$T/record/argv\"]}"
killed bump $S=1.3.0
killed to staging $S
calm
[ ! -r /proc/self/cmdline ] ||
	check "$kind: the command line was seen" grep -q "to staging $S" "$T/record/argv"

git -C "$REPO_DIR" cat-file --batch-all-objects --batch >"$T/record/objects"
sim GET "/_sim/pulls?repo=$REPO" >"$T/record/pulls"
cp "$SIM_LOG" "$T/record/requests"
is "$kind: no token in what was said with -vv, sent, committed, opened, started" \
	"$(grep -raoh -- "$secret" "$T/record" | sort | uniq -c)" ""
