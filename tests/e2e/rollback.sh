#!/bin/bash
# rollback, on disk and without a forge: back to the version before.
. "$(dirname "$0")/../ondisk.sh"

fresh
chain 9 1.5.0 1.5.1 1.5.2
at 2026-11-02T12:00:00Z
before=$(head_of)
runs "rollback -n" 0 bot rollback staging web -n
has "shows the diff" '^\+    newTag: 1\.5\.1$'
is "and moves no ref" "$(head_of)" "$before"
runs "rollback" 0 bot rollback staging web --reason "errors since noon"
is "goes to the version before" "$(field web staging)" 1.5.1
is "by one commit, one line" "$(git -C "$repo" diff --numstat "$before" main)" \
	"1	1	apps/web/overlays/staging/kustomization.yaml"
is "on the head that was read" "$(git -C "$repo" rev-parse main^)" "$before"
is "it keeps what it left" "$(trailer Promote-Rollback)" 1.5.2
is "and the reason" "$(trailer Promote-Reason)" "errors since noon"
before=$(head_of)
runs "auto after it" 0 bot auto
is "does not undo it" "$(head_of)" "$before"
has "and says what is held" 'held'
at 2026-11-02T12:10:00Z
runs "rollback again" 0 bot rollback staging web
is "goes further back, skipping the held one" "$(field web staging)" 1.5.0
runs "a third time" 0 bot rollback staging web
is "still further" "$(field web staging)" 1.4.1
before=$(head_of)
runs "when there is nothing earlier it is 11" 11 bot rollback staging web
is "and nothing moves" "$(head_of)" "$before"
has "it says how to see what there was" 'git promote log web staging'
runs "log" 0 bot log web staging
has "tells the rollback and why" \
	'^staging +1\.5\.1 .* rolled back from 1\.5\.2: errors since noon$'

# What comes next.
chain 13 1.5.3
is "a newer version goes ahead" "$(field web staging)" 1.5.3
runs "after which rollback" 0 bot rollback staging web
is "goes to what was there before it" "$(field web staging)" 1.4.1

# --to
fresh
chain 9 1.5.0 1.5.1 1.5.2
at 2026-11-02T12:00:00Z
runs "rollback --to a version" 0 bot rollback staging web --to 1.5.0
is "goes there" "$(field web staging)" 1.5.0
before=$(head_of)
runs "the same again is done already" 0 bot rollback staging web --to 1.5.0
is "and makes no commit" "$(head_of)" "$before"
runs "to a version that came later is no rollback" 11 bot rollback staging web --to 1.5.2
has "it names the command that is" 'git promote to staging web=1.5.2'
runs "to one that was never there" 11 bot rollback staging web --to 9.9.9
runs "SERVICE=VERSION is the same" 0 bot rollback staging web=1.4.1
is "and goes there" "$(field web staging)" 1.4.1
runs "to what is no version" 2 bot rollback staging web --to "a b"
runs "in an unknown environment" 2 bot rollback nowhere web
runs "of an unknown service" 14 bot rollback staging nosuch
runs "of nothing" 2 bot rollback staging
is "nothing moved" "$(field web staging)" 1.4.1

# Two steps back in dev: what was passed over does not come back by itself.
fresh
for v in 1 2 3; do
	at 2026-11-02T0$v:00:00Z
	bot bump web=2.0.$v --build $v >/dev/null
done
at 2026-11-02T04:00:00Z
runs "rollback in an entry environment" 0 bot rollback dev web
is "goes back" "$(field web dev)" 2.0.2
runs "a late CI job with the version that is held" 11 bot bump web=2.0.3 --build 3
runs "a newer build goes ahead" 0 bot bump web=2.0.4 --build 4
is "dev has it" "$(field web dev)" 2.0.4

# Brought back by name, and rolled back again.
fresh
chain 9 1.5.0
at 2026-11-02T12:00:00Z
bot rollback staging web >/dev/null
bot to staging web=1.5.0 --reason "it was the network" >/dev/null
is "by name it is back" "$(field web staging)" 1.5.0
runs "rollback of it" 0 bot rollback staging web
is "goes to the version before, again" "$(field web staging)" 1.4.1

# Gates do not stop it.
fresh 's/soak: 30m.*/soak: 30m\n      freeze: [{from: 2026-11-02T12:00:00Z, to: 2026-12-01, reason: audit}]\n      pin: {until: 2026-12-01, reason: audit}/'
at 2026-11-02T09:00:00Z
by_hand web staging 1.4.2
at 2026-11-02T12:30:00Z
runs "rollback in a freeze, pinned" 0 bot rollback staging web
is "goes back" "$(field web staging)" 1.4.1

# A digest that the earlier version did not have is taken out.
fresh
at 2026-11-02T09:00:00Z
d=sha256:$(printf '%064d' 1)
bot bump "web=1.5.0@$d" >/dev/null
runs "rollback to a version without a digest" 0 bot rollback dev web
is "leaves the file as it was" \
	"$(git -C "$repo" diff --stat main~2 main)" ""
at 2026-11-02T09:10:00Z
runs "to what it runs already" 0 bot rollback dev web --to 1.4.1

# By pull request there has to be a forge; it says so.
fresh 's/deliver: push$/deliver: pull-request/'
at 2026-11-02T09:00:00Z
by_hand web staging 1.4.2
runs "by pull request, without a forge" 2 bot rollback staging web
is "nothing moved" "$(field web staging)" 1.4.2
fresh 's/\(  *\)deliver: push$/\1deliver: pull-request\n\1rollback: {deliver: push}/'
at 2026-11-02T09:00:00Z
by_hand web staging 1.4.2
runs "with rollback: {deliver: push}" 0 bot rollback staging web
is "it needs none" "$(field web staging)" 1.4.1

# Several at once: one bad one stops no other.
fresh
at 2026-11-02T09:00:00Z
by_hand web staging 1.4.2
by_hand api staging 1.4.2
runs "several services" 14 bot rollback staging web nosuch api
is "all that can go back do" "$(field web staging) $(field api staging)" "1.4.1 1.4.1"

# Two people at once. The hook is the other one, whose push lands first.
other() { # VERSION: what the other one brings to staging
	fresh
	chain 9 1.5.0 1.5.1 1.5.2
	at 2026-11-02T12:00:00Z
	before=$(head_of)
	by_hand web staging "$1"
	export OTHER OLD
	OTHER=$(head_of) OLD=$before
	git -C "$repo" update-ref refs/heads/main "$before"
	cat >"$repo/hooks/pre-receive" <<'H'
#!/bin/sh
unset GIT_QUARANTINE_PATH
git update-ref refs/heads/main "$OTHER" "$OLD" 2>/dev/null
exit 0
H
	chmod +x "$repo/hooks/pre-receive"
}
other 1.5.1
runs "rollback that loses the race to the same rollback" 0 bot rollback staging web -v
has "it did lose it" 'reading the new head'
is "goes back once, not twice" "$(field web staging)" 1.5.1
is "and the other's commit stands" "$(head_of)" "$OTHER"
other 1.6.0
runs "rollback that loses the race to a newer version" 11 bot rollback staging web
has "says that somebody was there" 'somebody brought staging to 1\.6\.0 meanwhile'
is "and leaves it" "$(field web staging)" 1.6.0
other 1.5.1
git -C "$repo" update-ref refs/heads/main "$OLD"
OTHER=$(git -C "$repo" commit-tree -p "$OLD" -m "something else" "$OLD^{tree}")
runs "rollback that loses the race to something else" 0 bot rollback staging web -v
has "it did lose it" 'reading the new head'
is "goes back, on the new head" "$(field web staging) $(git -C "$repo" rev-parse main^)" "1.5.1 $OTHER"

# A server whose own history is cut.
fresh
chain 9 1.5.0 1.5.1
at 2026-11-02T12:00:00Z
git clone -q --bare --depth 2 "file://$repo" "$T/cut.git"
runs "rollback with a history that is cut" 0 bot rollback staging web --repo "$T/cut.git" -n
has "takes what is there" 'staging/web 1\.5\.1 -> 1\.5\.0: would be pushed'
runs "where it is cut too early" 11 bot rollback dev web --repo "$T/cut.git"
has "says so" 'as far back as the repository'
runs "to a version beyond that" 11 bot rollback dev web --to 1.4.1 --repo "$T/cut.git"
runs "log of it" 0 bot log web dev --limit 100 --repo "$T/cut.git"
has "says that there is no more" 'before 2026-11-02T10:00:00Z .*further back is not there'
runs "auto with it" 0 bot auto --repo "$T/cut.git"
runs "to with it" 11 bot to production-eu web=1.4.9 --repo "$T/cut.git"
runs "status with it" 0 bot status --repo "$T/cut.git"

# Several images, and what they ran together.
fresh 's|^services:|&\n  - service: shop\n    fields:\n      - {kustomize: "apps/web/overlays/{dir}/kustomization.yaml", image: registry.example.com/team/web}\n      - {kustomize: "apps/api/overlays/{dir}/kustomization.yaml", image: registry.example.com/team/api}|'
at 2026-11-02T09:00:00Z
bot bump shop:web=1.5.0 --to dev >"$T/out"
at 2026-11-02T10:00:00Z
bot bump shop=2.0.0 --to dev >"$T/out"
at 2026-11-02T11:00:00Z
bot bump shop=2.0.1 --to dev >"$T/out"
runs "log" 0 bot log shop dev
has "tells what ran together" 'web=1.5.0,api=1.4.1'
runs "rollback --to as it is written there" 0 bot rollback dev shop --to web=1.5.0,api=1.4.1
is "brings both back" "$(field web dev) $(field api dev)" "1.5.0 1.4.1"
runs "rollback --to what was never there" 11 bot rollback dev shop --to web=1.5.0,api=2.0.0
has "that is said" 'never had web=1.5.0,api=2.0.0; .git promote log shop dev. shows'
runs "rollback --to other images" 2 bot rollback dev shop --to worker=1.5.0
has "that is said, too" "'worker=1.5.0' is not what shop runs; .git promote log shop dev. shows"
