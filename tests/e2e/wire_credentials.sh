#!/bin/bash
# git's credential helpers: asked by flag or on a terminal, only when the
# server wants a credential, only for its own address, and told what became
# of it.
. "$(dirname "$0")/../lib.sh"

"$PYTHON" tests/wire/make-repo.py 3 5 >"$T/import"
R=$T/r.git
git init -q --bare -b main "$R"
git -C "$R" fast-import --quiet <"$T/import"
git -C "$R" config http.receivepack true
git -C "$R" config uploadpack.allowFilter true

serve() { # OPTION...: URL
	rm -f "$T/port"
	"$PYTHON" tests/wire/httpd.py "$T" "$T/port" --log "$T/log" "$@" 2>/dev/null &
	lib_pids+=($!)
	for _ in {1..100}; do [ -s "$T/port" ] && break; sleep 0.05; done
	HOST=127.0.0.1:$(cat "$T/port")
	URL=http://$HOST/r.git
}

# A helper that writes down what it is asked and told.
cat >"$T/helper" <<H
#!/bin/sh
echo "\$1:" >>$T/asked
tee -a $T/asked >/dev/null
[ "\$1" = get ] && [ -s $T/password ] &&
	printf 'username=ann\npassword=%s\n' "\$(cat $T/password)"
exit 0
H
chmod +x "$T/helper"
printf '[credential]\n\thelper = "!%s"\n' "$T/helper" >"$T/gitconfig"
export GIT_CONFIG_GLOBAL=$T/gitconfig PROMOTE_FORGE=none

n=0
bump() { n=$((n + 1)); rm -f "$T/asked"; bot bump "svc-0001=v$n" --repo "$URL" "$@"; }
asked() { cat "$T/asked" 2>/dev/null | grep -v '^capability\|^wwwauth' | paste -sd' '; }
# As on a terminal: what is said there goes to $T/tty.
on_terminal() {
	"$PYTHON" -c 'import os, pty, sys
s = pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 1024), lambda fd: b"")
sys.exit(os.waitstatus_to_exitcode(s))' "$@" </dev/null >"$T/tty" 2>&1
}

serve --auth ann:s3cret-word
echo s3cret-word >"$T/password"
runs "not asked for: exit 13" 13 bump
has "and says what can be done" 'HTTP 401.*--git-credentials'
is "the helper was not asked" "$(asked)" ""

runs "by flag: bumped" 0 bump --git-credentials -vv
is "asked for the server's address, then told that it was taken" "$(asked)" \
	"get: protocol=http host=$HOST store: protocol=http host=$HOST username=ann password=s3cret-word"
check "the password is nowhere in the output" bash -c "! grep -q s3cret '$T/out' '$T/err'"
is "it landed" "$(git -C "$R" show main:apps/svc-0001/overlays/dev/kustomization.yaml | grep -c "newTag: v$n")" 1

runs "GIT_CONFIG_COUNT names a helper" 0 env GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_COUNT=1 \
	GIT_CONFIG_KEY_0=credential.helper GIT_CONFIG_VALUE_0="!$T/helper" \
	"$BUILD/git-promote" bump svc-0001=3 --repo "$URL" --git-credentials

echo s3cret-other >"$T/password"
runs "one that the server does not take: exit 13" 13 bump --git-credentials
has "and says whose it was" 'credential helpers gave.*401'
is "the helper forgets it" "$(asked)" \
	"get: protocol=http host=$HOST erase: protocol=http host=$HOST username=ann password=s3cret-other"
rm "$T/password"
runs "no helper has one: exit 13" 13 bump --git-credentials
has "in git's words" 'credential helpers gave none: fatal: could not read Username'

runs "the user in the URL (%61 is an a), the token apart" 0 \
	env PROMOTE_TOKEN=s3cret-word "$BUILD/git-promote" bump svc-0001=8 \
	--repo "http://%61nn@$HOST/r.git"
# Process lists and logs show URLs.
runs "a password in the URL" 2 bot bump svc-0001=7 --repo "http://ann:s3cret-word@$HOST/r.git"
has "where it belongs" "PROMOTE_TOKEN_FILE and write http://ann@$HOST/r.git"
runs "in the variable" 2 env PROMOTE_REPO="http://ann:s3cret-word@$HOST/r.git" \
	"$BUILD/git-promote" status
runs "for ssh" 2 bot status --repo "ssh://ann:s3cret-word@127.0.0.1/r.git"
has "that is said of it, too" 'write ssh://ann@127.0.0.1/r.git'
check "the password is nowhere in the output" bash -c "! grep -q s3cret '$T/out' '$T/err'"
git init -q "$T/checkout"
git -C "$T/checkout" remote add origin "http://ann:s3cret-word@$HOST/r.git"
in_checkout() { (cd "$T/checkout" && "$@"); }
runs "in a checkout's origin it is a credential" 0 in_checkout bot bump svc-0001=6 -v
check "and nowhere in the output" bash -c "! grep -q s3cret '$T/out' '$T/err'"
runs "a token that is given counts more" 13 in_checkout env PROMOTE_TOKEN=s3cret-token \
	"$BUILD/git-promote" bump svc-0001=5
git -C "$T/checkout" remote set-url origin "http://ann@$HOST/r.git"
runs "and goes with its user" 0 in_checkout env PROMOTE_TOKEN=s3cret-word \
	"$BUILD/git-promote" bump svc-0001=5
for origin in ftp://ann:s3cret%2Dword@h/r.git HTTPS://s3cret-word@h/r.git; do
	git -C "$T/checkout" remote set-url origin "$origin"
	runs "${origin%%:*} cannot be read" 2 in_checkout bot status
	has "what is said of it" "'${origin%%:*}://h/r.git': only https"
	check "has no secret in it" bash -c "! grep -q s3cret '$T/out' '$T/err'"
done

serve --auth x-access-token:s3cret-word
runs "a token in the user's place: not where it was named" 13 bot bump svc-0001=4 \
	--repo "http://s3cret-word@$HOST/r.git"
has "that is said" 'HTTP 401.*PROMOTE_TOKEN'
git -C "$T/checkout" remote set-url origin "http://s3cret-word@$HOST/r.git"
runs "but in a checkout's origin" 0 in_checkout bot bump svc-0001=4
check "the token is nowhere in the output" bash -c "! grep -q s3cret '$T/out' '$T/err'"

serve --auth ann:s3cret-word
echo s3cret-word >"$T/password"
runs "a token counts more" 13 env PROMOTE_TOKEN=s3cret-token "$BUILD/git-promote" \
	bump svc-0001=9 --repo "$URL" --git-credentials
if "$PYTHON" -c "import pty; pty.openpty()" 2>/dev/null; then
	rm -f "$T/asked"
	check "on a terminal: without the flag" on_terminal "$BUILD/git-promote" \
		bump svc-0001=v-4 --repo "$URL"
	is "the helper was asked" "$(asked | cut -d' ' -f1)" get:
	is "it landed" "$(git -C "$R" show main:apps/svc-0001/overlays/dev/kustomization.yaml | grep -c "v-4")" 1
	rm "$T/password"
	on_terminal "$BUILD/git-promote" bump svc-0001=5 --repo "$URL"
	is "git asks nothing there where GIT_TERMINAL_PROMPT is 0" \
		"$(grep -c 'Username for\|terminal prompts disabled' "$T/tty") $(grep -c '^Username for' "$T/tty")" "1 0"
else
	skip "on a terminal" "no terminals here, as in a bare chroot"
fi

serve
runs "a server that wants none" 0 bump --git-credentials
is "asks nobody" "$(asked)" ""
serve --lie redirect --other http://localhost:1
runs "a redirect elsewhere: exit 15" 15 bump --git-credentials
is "asks nobody either" "$(asked)" ""
