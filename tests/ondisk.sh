# A config repository on disk, without a forge: dev, staging, production-eu,
# all by push unless promote.yaml is changed. `. tests/ondisk.sh` first.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

repo=$T/config.git
export PROMOTE_REPO=$repo PROMOTE_FORGE=none

head_of() { git -C "$repo" rev-parse "${1:-main}"; }
field() { git -C "$repo" show "main:apps/$1/overlays/$2/kustomization.yaml" |
	sed -n 's/.*newTag: //p'; }
trailer() { git -C "$repo" log -1 --format="%(trailers:key=$1,valueonly)" main |
	sed '/^$/d'; }
# fresh [SED-EXPRESSION]: anew; the expression changes promote.yaml.
fresh() {
	at 2026-11-01T08:00:00Z
	rm -rf "$repo" "$T/seed"
	cp -r examples/kustomize "$T/seed"
	sed -i 's/merge: auto.*/deliver: push/; s/vars: {dir: prod-eu}.*/&\n    deliver: push/' \
		"$T/seed/promote.yaml"
	[ -z "${1-}" ] || sed -i "$1" "$T/seed/promote.yaml"
	git init -q -b main "$T/seed"
	git -C "$T/seed" add -A
	git -C "$T/seed" commit -qm 'as it was'
	git clone -q --bare "$T/seed" "$repo"
}
# A person commits FILE (from stdin; without one, removes it) onto main.
person() { # FILE MESSAGE
	rm -rf "$T/work"
	git clone -q "$repo" "$T/work" && mkdir -p "$(dirname "$T/work/$1")" &&
		cat >"$T/work/$1" && git -C "$T/work" add -A &&
		git -C "$T/work" commit -qm "$2" &&
		git -C "$T/work" push -q origin HEAD:main
}
# A person sets the version of SERVICE in the overlay DIR by hand.
by_hand() { # SERVICE DIR VERSION
	git -C "$repo" show "main:apps/$1/overlays/$2/kustomization.yaml" |
		sed "s/newTag: .*/newTag: $3/" >"$T/by_hand"
	person "apps/$1/overlays/$2/kustomization.yaml" "by hand" <"$T/by_hand"
}
# json EXPR: over `r`, what the last `runs ... --json` printed.
json() { "$PYTHON" -I -S -c 'import json, sys
r = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$T/out" "$1"; }
# A history of web: hm VERSION... bumps each and lets dev and staging have it.
chain() { # HOUR VERSION...
	local hour=$1 v
	shift
	for v; do
		at "2026-11-02T$(printf %02d "$hour"):00:00Z"
		bot bump "web=$v" >/dev/null
		at "2026-11-02T$(printf %02d "$hour"):30:00Z"
		bot auto >/dev/null
		hour=$((hour + 1))
	done
}
