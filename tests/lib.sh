# For end-to-end scripts: `. tests/lib.sh` first. Gives them
#
#   $T               a folder of their own, also HOME; removed at the end
#   ok NAME, not_ok NAME, skip NAME WHY     one line for each thing proved
#   check NAME CMD...                       ok if CMD succeeds
#   is NAME GOT WANT                        ok if they are the same text
#   proves CMD...                           CMD prints such lines itself
#   expect_exit CODE CMD...                 its output goes to $T/out
#   runs NAME CODE CMD...                   ok if it exits so; its output goes
#                                           to $T/out and $T/err
#   has NAME PATTERN                        ok if the last one said so
#   bot ARG...                              git-promote
#   at TIME                                 what follows happens then
#   sim_start KIND [OPTION...]  a forge: SIM_URL, SIM_ROOT, SIM_TOKEN, SIM_LOG,
#                               SIM_PID; KIND is github, ghes, gitea, forgejo
#   sim_stop                    the newest one
#   repo_new OWNER/NAME [DIR]   a bare repository holding DIR's files on main:
#                               REPO_DIR, REPO_URL (without a token)
#   sim METHOD PATH [JSON]      call it: /_sim/... or an API path, with the
#                               bot's token; prints the body; SIM_TOKEN=...
#                               and SIM_SHOW=status change that
#   sim_get EXPR METHOD PATH [JSON]   the same, prints the Python EXPR over
#                               the answer `r` (and `status`)
#   sim_do METHOD PATH [JSON]         of /_sim/ only, prints nothing; quicker
#   sim_requests EXPR           prints EXPR over `r`, the requests seen; each
#                               has method, path, query, body, status, git...
#   sim_trap NAME=N...          set traps (forge-sim --help)
#   git_url URL [TOKEN]         URL with credentials for git itself
#
# Everything started here is stopped at the end, whatever the end is.
set -u
shopt -s inherit_errexit 2>/dev/null
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$TOP" || exit 1
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
DATA=${DATA:-../shared}
# Debian's own: a shim in front of it may cost more than the call.
PYTHON=/usr/bin/python3
[ -x $PYTHON ] || PYTHON=python3
export BUILD DATA PYTHON LC_ALL=C TZ=UTC

T=$(mktemp -d) || exit 1
lib_fails=0 lib_oks=0 lib_pids=() lib_sims=0
lib_main=$BASHPID

lib_end() {
	local rc=$? pid
	[ "$BASHPID" = "$lib_main" ] || return
	trap - EXIT
	for pid in "${lib_pids[@]}"; do kill "$pid" 2>/dev/null; done
	for pid in "${lib_pids[@]}"; do wait "$pid" 2>/dev/null; done
	rm -rf "$T"
	[ $lib_fails -gt 0 ] && rc=1
	[ $lib_oks -eq 0 ] && [ $rc -eq 0 ] && { echo "nothing was proved"; rc=1; }
	exit $rc
}
trap lib_end EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# Nothing of whoever runs the tests: no settings, no tokens, no CI.
for lib_name in $(compgen -e); do
	case $lib_name in
	PROMOTE_* | GIT_* | CI_* | GITHUB_* | GITLAB_* | GITEA_* | FORGEJO_* | \
	BITBUCKET_* | GH_TOKEN | CI | SSL_CERT_FILE | CURL_CA_BUNDLE | \
	*_proxy | *_PROXY) unset "$lib_name" 2>/dev/null ;;
	esac
done
export HOME=$T/home XDG_CONFIG_HOME=$T/home/.config NO_COLOR=1
mkdir -p "$HOME"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.com
export GIT_COMMITTER_NAME=Tester GIT_COMMITTER_EMAIL=tester@example.com

ok() { echo "ok - $1"; lib_oks=$((lib_oks + 1)); }
not_ok() { echo "not ok - $1"; lib_fails=$((lib_fails + 1)); }
skip() { echo "skip - $1 ($2)"; lib_oks=$((lib_oks + 1)); }

check() {
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}

is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '  got:  %s\n  want: %s\n' "$2" "$3"
	fi
}

# A program that prints such lines itself.
proves() {
	local rc=0
	"$@" >"$T/proves" 2>&1 || rc=$?
	cat "$T/proves"
	lib_oks=$((lib_oks + $(grep -c '^ok - ' "$T/proves")))
	lib_fails=$((lib_fails + $(grep -c '^not ok - ' "$T/proves")))
	[ $rc -eq 0 ] || not_ok "$* (exit $rc)"
}

expect_exit() {
	local want=$1 got=0
	shift
	"$@" >"$T/out" 2>&1 || got=$?
	[ "$got" -eq "$want" ] && return 0
	echo "  exit $got, not $want: $*"
	sed 's/^/  | /' "$T/out"
	return 1
}

bot() { "$BUILD/git-promote" "$@"; }

at() { export PROMOTE_NOW=$1 GIT_COMMITTER_DATE=$1 GIT_AUTHOR_DATE=$1; }

runs() {
	local name=$1 want=$2 got=0
	shift 2
	"$@" >"$T/out" 2>"$T/err" || got=$?
	if [ $got -eq "$want" ]; then
		ok "$name"
	else
		not_ok "$name: exit $got, not $want: $*"
		sed 's/^/  | /' "$T/out" "$T/err"
	fi
}

has() {
	if cat "$T/out" "$T/err" | grep -qE -- "$2"; then
		ok "$1"
	else
		not_ok "$1: nothing matches '$2' in"
		sed 's/^/  | /' "$T/out" "$T/err"
	fi
}

sim_start() {
	local kind=$1 fd
	shift
	lib_sims=$((lib_sims + 1))
	mkdir -p "$BUILD/simlogs"
	SIM_KIND=$kind
	SIM_ROOT=$T/forge$lib_sims
	SIM_LOG=$BUILD/simlogs/$(basename "$0" .sh)-$lib_sims-$kind.jsonl
	SIM_TOKEN=sim-token
	rm -f "$SIM_LOG"
	mkdir -p "$SIM_ROOT"
	# Not <(...): /dev/fd is missing where /proc is, as in a bare chroot.
	mkfifo "$SIM_ROOT.url"
	"$BUILD/forge-sim" --kind "$kind" --root "$SIM_ROOT" --log "$SIM_LOG" \
		"$@" >"$SIM_ROOT.url" &
	SIM_PID=$!
	exec {fd}<"$SIM_ROOT.url"
	lib_pids+=("$SIM_PID")
	SIM_URL=
	read -r SIM_URL <&"$fd"
	exec {fd}<&-
	[ -n "$SIM_URL" ] || { not_ok "forge-sim $kind starts"; exit 1; }
}

sim_stop() {
	kill "$SIM_PID" 2>/dev/null
	wait "$SIM_PID" 2>/dev/null
}

repo_new() {
	local files=${2-} work
	REPO_DIR=$SIM_ROOT/$1.git
	REPO_URL=$SIM_URL/$1.git
	mkdir -p "$(dirname "$REPO_DIR")"
	git init -q --bare -b main "$REPO_DIR" || return 1
	# No collection in the background while a test looks at the objects,
	# and nothing has to outlive the machine.
	cat >>"$REPO_DIR/config" <<-'C'
		[core]
		fsync = none
		[gc]
		auto = 0
		[receive]
		autogc = false
		[uploadpack]
		allowFilter = true
		allowAnySHA1InWant = true
	C
	[ -n "$files" ] || return 0
	work=$(mktemp -d "$T/work.XXXXXX") || return 1
	git --git-dir="$REPO_DIR" --work-tree="$files" \
		-c core.bare=false -c core.autocrlf=false -c core.fileMode=false \
		add -A -f . &&
		git --git-dir="$REPO_DIR" --work-tree="$files" \
			-c core.bare=false commit -q -m "Start"
	rm -rf "$work" "$REPO_DIR/index"
}

git_url() { echo "http://x:${2-$SIM_TOKEN}@${1#http://}"; }

sim_get() {
	"$PYTHON" -I -S - "$SIM_URL" "$SIM_KIND" "${SIM_TOKEN-}" "$@" <<'PY'
# By hand over a socket: to load urllib takes longer than all the rest.
import json, socket, sys
url, kind, token, expr, method, path = sys.argv[1:7]
body = sys.argv[7].encode() if len(sys.argv) > 7 else None
root = ''
if not path.startswith('/_sim/') and not path.startswith('/api/'):
    root = {'github': '', 'ghes': '/api/v3'}.get(kind, '/api/v1')
host, port = url.removeprefix('http://').rstrip('/').split(':')
head = [f'{method} {root}{path} HTTP/1.0', f'Host: {host}:{port}']
if token and not path.startswith('/_sim/'):
    head.append('Authorization: token ' + token)
if body is not None:
    head += ['Content-Type: application/json', f'Content-Length: {len(body)}']
with socket.create_connection((host, int(port)), 60) as s:
    s.sendall('\r\n'.join(head + ['', '']).encode() + (body or b''))
    with s.makefile('rb') as f:
        status = int(f.readline().split()[1])
        text = f.read().partition(b'\r\n\r\n')[2]
try:
    r = json.loads(text) if text else None
except ValueError:
    r = text.decode('utf-8', 'replace')
out = eval(expr)
if isinstance(out, bool) or out is None or isinstance(out, (dict, list)):
    print(json.dumps(out))
else:
    print(out)
PY
}

sim_do() {
	local address=${SIM_URL#http://} body=${3-} fd status=
	address=${address%/}
	exec {fd}<>"/dev/tcp/${address%:*}/${address#*:}" || return 1
	printf '%s %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
		"$1" "$2" "${#body}" "$body" >&"$fd"
	read -r _ status _ <&"$fd"
	exec {fd}<&-
	[ "${status:0:1}" = 2 ] || { echo "$1 $2 ${3-}: $status"; return 1; }
}

sim() { sim_get "${SIM_SHOW-r}" "$@"; }
sim_requests() { sim_get "$1" GET /_sim/requests; }

sim_trap() {
	local t
	for t; do
		[ "$(sim_get status POST /_sim/trap \
			"{\"${t%%=*}\": ${t#*=}}")" = 200 ] ||
			{ echo "no trap $t"; return 1; }
	done
}
