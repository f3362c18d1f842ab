#!/bin/bash
# The same story over every road to a repository: on disk, HTTP with all
# filters, with GitHub's, with none, without protocol v2, and ssh. What was
# done is judged by git.
. "$(dirname "$0")/../lib.sh"

W=$BUILD/wiretool
K=overlays/dev/kustomization.yaml
SSHD=$(command -v sshd || ls /usr/sbin/sshd 2>/dev/null)

"$PYTHON" tests/wire/make-repo.py 40 120 >"$T/import"

make_repo() { # NAME
	R=$T/$1.git
	git init -q --bare -b main "$R"
	git -C "$R" fast-import --quiet <"$T/import"
	git -C "$R" config http.receivepack true
	git -C "$R" config receive.fsckObjects true
	URL=
}

serve() { # OPTION...: set PORT and LOG
	LOG=$T/log.$RANDOM
	rm -f "$T/port"
	"$PYTHON" tests/wire/httpd.py "$T" "$T/port" --log "$LOG" "$@" 2>/dev/null &
	lib_pids+=($!)
	for _ in {1..100}; do [ -s "$T/port" ] && break; sleep 0.05; done
	PORT=$(cat "$T/port")
}

all_filters() { git -C "$R" config uploadpack.allowFilter true; }
github_filters() {
	all_filters
	git -C "$R" config uploadpackfilter.allow false
	git -C "$R" config uploadpackfilter.tree.allow true
	git -C "$R" config uploadpackfilter.tree.maxDepth 0
	git -C "$R" config uploadpackfilter.blob:none.allow true
}

# No such process, or one that only waits to be counted (a container may have
# nobody who does).
gone() {
	[ -n "$1" ] || return 1
	case $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) in
	'' | Z) return 0 ;;
	esac
	return 1
}

start_sshd() {
	SSHPORT=$("$PYTHON" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$T/hostkey"
	ssh-keygen -q -t ed25519 -N '' -f "$T/key"
	cp "$T/key.pub" "$T/authorized"
	cat >"$T/sshd_config" <<-E
		ListenAddress 127.0.0.1
		Port $SSHPORT
		HostKey $T/hostkey
		PidFile $T/sshd.pid
		AuthorizedKeysFile $T/authorized
		UsePAM no
		StrictModes no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin yes
		AcceptEnv GIT_PROTOCOL
	E
	"$SSHD" -D -e -f "$T/sshd_config" >"$T/sshd.log" 2>&1 &
	lib_pids+=($!)
	for _ in {1..100}; do
		(: </dev/tcp/127.0.0.1/"$SSHPORT") 2>/dev/null && break
		sleep 0.05
	done
	echo "[127.0.0.1]:$SSHPORT $(cut -d' ' -f1,2 "$T/hostkey.pub")" >"$T/known"
	export GIT_SSH_COMMAND="ssh -F /dev/null -i $T/key -o IdentitiesOnly=yes -o UserKnownHostsFile='$T/known' -o BatchMode=yes"
}

# One commit each on two services, read back; history; ancestry; a lost race;
# a hook that says no. ROAD and REQUESTS are what -v would say.
story() { # NAME ROAD REQUESTS
	local name=$1 road=$2 requests=$3 old cost
	old=$(git -C "$R" rev-parse main)
	expect_exit 0 "$W" "$URL" bump refs/heads/main \
		"apps/svc-0003/$K=one" "apps/svc-0017/$K=two" ||
		{ not_ok "$name: two services bumped"; return; }
	cost=$(grep '^cost: ' "$T/out")
	is "$name: two services bumped, exactly those" \
		"$(git -C "$R" diff --raw --abbrev=1 "$old" main | cut -f2)" \
		"$(printf 'apps/svc-0003/%s\napps/svc-0017/%s' $K $K)"
	is "$name: a commit each on the head that was read" \
		"$(git -C "$R" rev-list "$old..main" --count) $(git -C "$R" rev-parse main~2)" "2 $old"
	is "$name: the road" "$(sed 's/.*sent, //' <<<"$cost")" "$road"
	is "$name: the requests" "$(sed 's/cost: //; s/ requests.*//' <<<"$cost")" "$requests"
	if [ -n "${LOG-}" ]; then
		is "$name: as many as the server saw" "$(wc -l <"$LOG")" "$requests"
	fi
	expect_exit 0 "$W" "$URL" history refs/heads/main 1000 "apps/svc-0003/$K"
	is "$name: the history is git's" \
		"$(sed -n 's/^.* \([0-9a-f]\{40\}\) .*/\1/p' "$T/out")" \
		"$(git -C "$R" log --first-parent --format= --raw --no-abbrev main -- "apps/svc-0003/$K" | cut -d' ' -f4)"
	check "$name: and complete" grep -q 'in 122 commits, complete' "$T/out"
	expect_exit 0 "$W" "$URL" reaches refs/heads/main "$old"
	is "$name: the old head is reached" "$(head -n 1 "$T/out")" reached
	expect_exit 0 "$W" "$URL" list refs/heads/main apps
	is "$name: services listed" "$(grep -c '^svc-' "$T/out")" 40
	printf '#!/bin/sh\necho not on a Friday >&2\nexit 1\n' >"$R/hooks/pre-receive"
	chmod +x "$R/hooks/pre-receive"
	check "$name: a hook's no is exit 13" expect_exit 13 "$W" "$URL" bump refs/heads/main "apps/svc-0003/$K=three"
	check "$name: with the hook's words" grep -q 'not on a Friday' "$T/out"
	rm "$R/hooks/pre-receive"
	check "$name: git fsck" git -C "$R" fsck --strict --no-dangling --no-progress
}

make_repo disk
URL=$R
story "on disk" "protocol v2, tree filter" 6

make_repo filters && all_filters
serve
URL=http://127.0.0.1:$PORT/filters.git
story "HTTP, all filters" "protocol v2, tree filter" 6
check "HTTP needs no git here" expect_exit 0 env PATH=/nowhere "$W" "$URL" \
	bump refs/heads/main "apps/svc-0004/$K=alone"

make_repo github && github_filters
serve --agent git/github-test
URL=http://127.0.0.1:$PORT/github.git
story "HTTP, GitHub's filters" "protocol v2, tree filter level by level" 8

make_repo likegithub && github_filters
serve
URL=http://127.0.0.1:$PORT/likegithub.git
story "HTTP, GitHub's filters by another name" "protocol v2, tree filter level by level" 9

make_repo nofilter
serve
URL=http://127.0.0.1:$PORT/nofilter.git
story "HTTP, no filters" "protocol v2, depth 1" 5

make_repo old
# The refs were asked for in v2 meanwhile, in vain.
serve --no-v2
URL=http://127.0.0.1:$PORT/old.git
story "HTTP, no protocol v2" "protocol v0, depth 1" 5

make_repo ancient
serve --no-v2 --swap " shallow = sh4llow "
URL=http://127.0.0.1:$PORT/ancient.git
story "HTTP, no shallow fetches" "protocol v0, depth 1" 5

make_repo nothin && all_filters
serve --swap " quiet atomic = no-thin none "
URL=http://127.0.0.1:$PORT/nothin.git
story "HTTP, no thin packs" "protocol v2, tree filter" 6

make_repo token && all_filters
serve --auth git:s3cret-token
URL=http://127.0.0.1:$PORT/token.git
export WIRE_TOKEN=s3cret-token
story "HTTP, with a token" "protocol v2, tree filter" 6
is "the token is sent at once: nothing but 200" "$(awk '{print $3}' "$LOG" | sort | uniq)" 200
unset WIRE_TOKEN LOG
# Last: of two requests at once that are turned down, one may be counted late.
check "no token: exit 13" expect_exit 13 "$W" "$URL" refs refs/heads/
check "a wrong token: exit 13" expect_exit 13 env WIRE_TOKEN=other "$W" "$URL" refs refs/heads/

if [ -n "$SSHD" ] && command -v ssh >/dev/null; then
	start_sshd
	make_repo ssh && all_filters
	URL=ssh://$(id -un)@127.0.0.1:$SSHPORT$R
	story "ssh" "protocol v2, tree filter" 6
	check "ssh: nobody listening is exit 12" expect_exit 12 "$W" "ssh://127.0.0.1:1/x" refs refs/heads/
	sed -i /AcceptEnv/d "$T/sshd_config"
	kill -HUP "$(cat "$T/sshd.pid")"
	make_repo ssh0
	URL=ssh://$(id -un)@127.0.0.1:$SSHPORT$R
	for _ in {1..100}; do
		"$W" "$URL" show refs/heads/main promote.yaml 2>/dev/null |
			grep -q 'v0' && break
	done
	story "ssh, no protocol v2" "protocol v0, depth 1" 4
	export GIT_SSH_COMMAND="$GIT_SSH_COMMAND -p $SSHPORT"
	check "ssh: user@host:path" expect_exit 0 "$W" "$(id -un)@127.0.0.1:$R" refs refs/heads/
	check "ssh: no such repository is exit 13" expect_exit 13 "$W" "ssh://127.0.0.1/nowhere" refs refs/heads/
else
	skip "ssh" "no sshd here"
fi
for bad in ssh://-oProxyCommand=x/y "-oProxyCommand=x:y" ssh://a@-b/c; do
	check "an option for ssh in place of a host is exit 15: $bad" \
		expect_exit 15 "$W" "$bad" refs refs/heads/
done
check "a GIT_SSH_COMMAND that wants a shell is exit 2" expect_exit 2 \
	env GIT_SSH_COMMAND='ssh; touch x' "$W" a@b:c refs refs/heads/
printf '#!/bin/sh\necho $$ >%s/ssh.pid\nexec sleep 600\n' "$T" >"$T/silent"
chmod +x "$T/silent"
check "an ssh that says nothing ends at the deadline: exit 12" expect_exit 12 \
	env -u GIT_SSH_COMMAND GIT_SSH="$T/silent" WIRE_TIMEOUT_MS=2000 \
	"$W" a@b:c refs refs/heads/
check "and is not left behind" gone "$(cat "$T/ssh.pid")"

# A hook that hangs: the deadline comes, and the hook goes with git.
make_repo hangs
printf '#!/bin/sh\necho $$ >%s/hook.pid\nsleep 600\n' "$T" >"$R/hooks/pre-receive"
chmod +x "$R/hooks/pre-receive"
check "a hook that hangs: exit 12" expect_exit 12 env WIRE_TIMEOUT_MS=4000 \
	"$W" "$R" bump refs/heads/main "apps/svc-0003/$K=x"
check "and is not left behind" gone "$(cat "$T/hook.pid")"

check "no such directory: exit 13" expect_exit 13 "$W" "$T/nowhere" refs refs/heads/
mkdir "$T/plain"
check "no repository in it: exit 13" expect_exit 13 "$W" "$T/plain" refs refs/heads/
check "said in git's words" grep -q "does not appear to be a git repository" "$T/out"
if [ "$(id -u)" -eq 0 ]; then
	make_repo foreign
	chown -R nobody "$R"
	check "somebody else's repository: exit 13" expect_exit 13 "$W" "$R" refs refs/heads/
	check "with the reason" grep -q "dubious ownership" "$T/out"
else
	skip "somebody else's repository" "only root can make one"
fi
