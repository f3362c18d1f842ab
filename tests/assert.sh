# What end-to-end scripts share: a folder of their own, a git that reads no
# configuration of the user's, and assertions that print one line each.
# Source it first; the script's exit code says whether all of them held.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
TMP=$(mktemp -d) || exit 1
FAILED=0
BUILD=$(realpath "${BUILD:-build}")
BOT=$BUILD/git-promote
DATA=${DATA:-../shared}
export HOME=$TMP GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C TZ=UTC
export GIT_AUTHOR_NAME=Tess GIT_AUTHOR_EMAIL=tess@example.com
export GIT_COMMITTER_NAME=Tess GIT_COMMITTER_EMAIL=tess@example.com
export NO_COLOR=1
unset PROMOTE_REPO PROMOTE_BASE PROMOTE_FORGE PROMOTE_FORGE_URL PROMOTE_TOKEN \
	PROMOTE_TOKEN_FILE PROMOTE_AUTHOR PROMOTE_NOW GITHUB_TOKEN GH_TOKEN \
	GITEA_TOKEN FORGEJO_TOKEN http_proxy https_proxy ALL_PROXY

# Functions named in AT_EXIT are called before the folder goes.
AT_EXIT=()
finish() {
	local rc=$? f
	for f in "${AT_EXIT[@]+"${AT_EXIT[@]}"}"; do "$f"; done
	rm -rf "$TMP"
	[ $rc -eq 0 ] && [ "$FAILED" -ne 0 ] && rc=1
	exit $rc
}
trap finish EXIT
trap 'exit 143' TERM INT

bot() { "$BOT" "$@"; }
ok() { echo "ok - $*"; }
not_ok() { echo "not ok - $*"; FAILED=1; }
skip() { echo "skip - $*"; }

# at TIME: everything after it happens then.
at() { export PROMOTE_NOW=$1 GIT_COMMITTER_DATE=$1 GIT_AUTHOR_DATE=$1; }

# is NAME GOT WANT
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '  got:  %s\n  want: %s\n' "${2//$'\n'/$'\n        '}" \
			"${3//$'\n'/$'\n        '}"
	fi
}

# runs NAME EXIT-CODE COMMAND...: its output is in $TMP/out and $TMP/err.
runs() {
	local name=$1 want=$2 rc
	shift 2
	"$@" >"$TMP/out" 2>"$TMP/err"
	rc=$?
	if [ $rc -eq "$want" ]; then
		ok "$name"
	else
		not_ok "$name: exit $rc, want $want: $*"
		sed 's/^/  | /' "$TMP/out" "$TMP/err"
	fi
}

# has NAME PATTERN: the last command said so, on either stream.
has() {
	if cat "$TMP/out" "$TMP/err" | grep -qE -- "$2"; then
		ok "$1"
	else
		not_ok "$1: nothing matches '$2' in"
		sed 's/^/  | /' "$TMP/out" "$TMP/err"
	fi
}
