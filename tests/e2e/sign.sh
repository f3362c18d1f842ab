#!/bin/bash
# PROMOTE_SIGNING_KEY: commits that git and forges find verified, or none.
. "$(dirname "$0")/../ondisk.sh"

command -v ssh-keygen >/dev/null || { skip "signing" "no ssh-keygen here"; exit; }

verifies() { check "git verifies $1" git -C "$repo" verify-commit "$1" 2>/dev/null; }
fresh
ssh-keygen -q -t ed25519 -N '' -C bot@example.com -f "$T/key"
printf 'bot@example.com %s\n' "$(cut -d' ' -f1,2 "$T/key.pub")" >"$T/allowed"
git -C "$repo" config gpg.ssh.allowedSignersFile "$T/allowed"
git -C "$repo" config receive.fsckObjects true
at 2026-11-02T09:00:00Z
export PROMOTE_SIGNING_KEY=ssh:$T/key
runs "bump, signed by ssh" 0 bot bump web=1.5.0 api=1.5.0 --to dev
verifies main~1
verifies main
is "its message is as any other's" "$(trailer Promote-Service)" api
at 2026-11-02T10:00:00Z
runs "auto" 0 bot auto
has "reads what is signed" 'staging/web 1\.4\.1 -> 1\.5\.0: pushed'
verifies main

before=$(head_of)
unsigned() { # NAME KEY PATTERN
	PROMOTE_SIGNING_KEY=$2 runs "$1" 2 bot bump web=1.7.0 --to dev
	has "$1: said" "$3"
	is "$1: nothing moved" "$(head_of)" "$before"
}
unsigned "a key that is not there" "ssh:$T/nosuch" "ssh-keygen does not sign with '$T/nosuch': .*No such file"
unsigned "a key that is none" "ssh:$T/allowed" "ssh-keygen does not sign"
unsigned "neither ssh nor openpgp" "$T/key" "PROMOTE_SIGNING_KEY is ssh:FILE or openpgp:KEY-ID, not '$T/key'"
unsigned "no key" "ssh:" "PROMOTE_SIGNING_KEY is ssh:FILE"
mkdir "$T/bin"
printf '#!/bin/sh\nenv >"%s"\nexec %s "$@"\n' "$T/its-env" "$(command -v ssh-keygen)" \
	>"$T/bin/ssh-keygen"
chmod +x "$T/bin/ssh-keygen"
runs "whatever signs" 0 env PATH="$T/bin:$PATH" PROMOTE_TOKEN=s3cret-token \
	PROMOTE_ARGOCD_TOKEN=s3cret-argocd "$BUILD/git-promote" bump web=1.5.1 --to dev
check "runs in our environment" grep -q "^PROMOTE_SIGNING_KEY=" "$T/its-env"
check "less the tokens" bash -c "! grep s3cret '$T/its-env'"
before=$(head_of)
rm "$T/bin/ssh-keygen"
ln -s "$(command -v git)" "$T/bin"
runs "no such program" 2 env PATH="$T/bin" "$BUILD/git-promote" bump web=1.7.0 --to dev
has "that is said" "cannot start ssh-keygen"
is "and nothing moved" "$(head_of)" "$before"

if command -v gpg >/dev/null; then
	export GNUPGHOME=$T/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg -q --batch --passphrase '' --quick-gen-key bot@example.com ed25519 sign 2>/dev/null
	export PROMOTE_SIGNING_KEY=openpgp:bot@example.com
	runs "bump, signed by gpg" 0 bot bump web=1.6.0 --to dev
	verifies main
	before=$(head_of)
	unsigned "a key that nobody has" openpgp:nobody@example.com "gpg does not sign with 'nobody@example.com': .*No secret key"
	gpgconf --kill gpg-agent 2>/dev/null
else
	skip "signed by gpg" "no gpg here"
fi
