#!/bin/bash
# yamledit, the command: files, links, streams, exit codes, help.
set -u
cd "$(dirname "$0")/../.." || exit 1
yamledit=$(realpath "${BUILD:-build}/yamledit")
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
cd "$t" || exit 1
rc=0
digest=sha256:$(printf 'a%.0s' {1..64})

# check NAME COMMAND...: does it hold?
check() {
	local name=$1
	shift
	if "$@"; then echo "ok - yamledit: $name"; else echo "not ok - yamledit: $name"; rc=1; fi
}
# gives NAME EXIT STDOUT COMMAND...: what it prints and returns
gives() {
	local name=$1 want_rc=$2 want=$3 got got_rc
	shift 3
	got=$("$@" 2>err; echo "x$?")
	got_rc=${got##*x} got=${got%x*}
	if [ "$got" = "$want" ] && [ "$got_rc" = "$want_rc" ]; then
		echo "ok - yamledit: $name"
	else
		echo "not ok - yamledit: $name"
		echo "# exit $got_rc, wanted $want_rc; $(cat err)"
		diff <(echo "$want") <(echo "$got")
		rc=1
	fi
}
says() { # NAME WORDS: the last error message has them
	check "$1" grep -qF -- "$2" err
}
fresh() {
	cat >k.yaml <<-'EOF'
	# the shop
	images:
	  - name: web        # c
	    newTag: v1.4.2
	  - name: api
	    newTag: "7"
	EOF
}
nl=$'\n'

fresh; chmod 640 k.yaml
gives 'set in place, silently' 0 '' "$yamledit" set k.yaml 'images[name=web].newTag' 12e4567
check 'only that line changed' [ "$(sed -n 4p k.yaml)" = '    newTag: "12e4567"' -a "$(wc -l <k.yaml)" = 6 ]
check 'mode is kept' [ "$(stat -c %a k.yaml)" = 640 ]
gives 'get' 0 "12e4567${nl}7$nl" "$yamledit" get k.yaml 'images[name=web].newTag' 'images[1].newTag'

touch -d '2001-01-01' k.yaml; before=$(stat -c '%i %y' k.yaml; cat k.yaml)
gives 'the same value again' 0 '' "$yamledit" set k.yaml 'images[name=web].newTag' 12e4567
check 'leaves the file alone' [ "$before" = "$(stat -c '%i %y' k.yaml; cat k.yaml)" ]
gives 'a path that leads nowhere' 14 '' "$yamledit" set k.yaml 'images[name=web].newTga' 1
says 'names place and nearest' "k.yaml:3:5: no key 'newTga' in images[name=web]; did you mean 'newTag'?"
check 'leaves the file alone, too' [ "$before" = "$(stat -c '%i %y' k.yaml; cat k.yaml)" ]
gives 'several edits, one fails' 14 '' "$yamledit" set k.yaml 'images[0].newTag' a 'images[9].newTag' b
check 'all or nothing' [ "$before" = "$(stat -c '%i %y' k.yaml; cat k.yaml)" ]
gives 'dry run' 0 "--- a/k.yaml
+++ b/k.yaml
@@ -3,4 +3,5 @@
   - name: web        # c
     newTag: \"12e4567\"
   - name: api
-    newTag: \"7\"
+    newTag: \"8\"
+    digest: $digest
" "$yamledit" image -n k.yaml api "8@$digest"
check 'writes nothing' [ "$before" = "$(stat -c '%i %y' k.yaml; cat k.yaml)" ]
git init -q . && "$yamledit" image -n k.yaml api "@$digest" web v2 >d.patch && git apply d.patch && cp k.yaml k2.yaml
fresh; sed -i 's/v1.4.2/"12e4567"/' k.yaml; "$yamledit" image k.yaml api "@$digest" web v2
check 'git apply takes the diff' cmp k.yaml k2.yaml

fresh
gives 'stdin to stdout' 0 "a: w$nl" "$yamledit" set - a w <<<'a: x'
printf 'a: x' >n.yaml
gives 'no line break is added' 0 'a: w' "$yamledit" set - a w <n.yaml
gives 'stdin, dry run' 0 "--- a/stdin
+++ b/stdin
@@ -1 +1 @@
-a: x
+a: w
" "$yamledit" -n set - a w <<<'a: x'
gives 'options may stand anywhere' 0 "--- a/stdin
+++ b/stdin
@@ -1 +1 @@
-a: x
+a: w
" "$yamledit" set - a w -n <<<'a: x'
gives 'an error in stdin' 14 '' "$yamledit" set - a w <<<'b: x'
says 'names it' 'stdin:1:1: '
gives 'a value that begins with a dash' 0 "a: \"-1\"$nl" "$yamledit" set -- - a -1 <<<'a: x'
gives 'without --' 2 '' "$yamledit" set - a -1 <<<'a: x'
says 'is taught' "goes behind '--'"
gives 'create' 0 "a: x${nl}image:$nl  tag: \"1.0\"$nl" "$yamledit" set --create - image.tag 1.0 <<<'a: x'
gives 'helm map' 0 "i: {tag: v2, digest: \"\"}$nl" "$yamledit" helm - i v2 <<<'i: {tag: v1, digest: ""}'
gives 'helm string' 0 "i: r.io:5000/a:v2@$digest$nl" "$yamledit" helm - i "v2@$digest" <<<'i: r.io:5000/a:v1'
gives 'helm digest without a key' 14 '' "$yamledit" helm - i "v2@$digest" <<<'i: {tag: v1}'
says 'teaches --create' 'no key '"'digest'"' in i; there are: tag; --create adds it'
gives 'helm on a tag itself' 14 '' "$yamledit" helm - i.tag v2 <<<'i: {tag: v1}'
gives 'delete' 0 "a: 1$nl" "$yamledit" delete - b <<<"a: 1${nl}b: 2"
gives 'a second document' 0 "kind: A$nl---${nl}kind: B${nl}v: 2$nl" "$yamledit" set - --where kind=B v 2 <<<"kind: A$nl---${nl}kind: B${nl}v: 2"
gives 'by number' 0 "B$nl" "$yamledit" get - --document 2 kind <<<"kind: A$nl---${nl}kind: B"
gives 'which one?' 14 '' "$yamledit" get - kind <<<"kind: A$nl---${nl}kind: B"
says 'is asked' '2 documents; pick one by `where`, as in kind=Deployment,metadata.name=web; see --where and --document'

mkdir in out; fresh; cp k.yaml in/real.yaml; cp k.yaml out/real.yaml
ln -s real.yaml in/link.yaml; ln -s ../out/real.yaml in/away.yaml; ln -s nowhere in/dangling.yaml
gives 'a link inside its folder' 0 '' "$yamledit" image in/link.yaml web v9
check 'is followed and stays' [ -L in/link.yaml -a "$(grep -c v9 in/real.yaml)" = 1 ]
gives 'a link out of its folder' 15 '' "$yamledit" image in/away.yaml web v9
check 'is not followed' cmp k.yaml out/real.yaml
gives 'a link to nowhere' 2 '' "$yamledit" image in/dangling.yaml web v9
gives 'the folder itself' 2 '' "$yamledit" get . a
says 'is no file' 'not a regular file'
gives 'a folder' 2 '' "$yamledit" image in web v9
mkfifo fifo
gives 'a pipe by name does not hang' 2 '' timeout 5 "$yamledit" image fifo web v9
gives 'no such file' 2 '' "$yamledit" get nowhere.yaml a
says 'is said' 'nowhere.yaml: cannot open: No such file'
if [ "$(id -u)" = 0 ]; then
	chown 1234:4321 k.yaml; chmod 4711 k.yaml; "$yamledit" image k.yaml web v9
	check 'owner and mode are kept' [ "$(stat -c '%u %g %a' k.yaml)" = '1234 4321 4711' ]
fi
printf 'a: 1\nsops:\n  mac: x\n' >s.yaml
gives 'SOPS' 14 '' "$yamledit" set s.yaml a 2
gives 'SOPS can be read' 0 "1$nl" "$yamledit" get s.yaml a
# A list of aliases, or of merges, that all lead to one large map.
many() { # ITEM: 300,000 of it, then the one that is asked for
	echo 'big: &b'; seq -f '  k%.0f: 1' 9000; echo 'images:'
	yes -- "$1" | head -300000; printf -- '- name: web\n  newTag: v1\n'
}
many '- *b' >aliases.yaml
many '- {<<: *b}' >merges.yaml
for f in aliases merges; do
	gives "many $f of one map take no minutes" 14 '' timeout 10 "$yamledit" get $f.yaml 'images[name=web].newTag'
done
gives 'no room on standard output' 12 '' bash -c "'$yamledit' get k.yaml 'images[0].name' >/dev/full"
check 'no temporary file is left' [ -z "$(find . -name '.yamledit-*')" ]

gives 'no command' 2 '' "$yamledit"
gives 'an unknown command' 2 '' "$yamledit" frob
gives 'nothing to do' 2 '' "$yamledit" get k.yaml
says 'is said, too' "nothing after 'k.yaml'; usage: yamledit get FILE PATH"
gives 'a list as a value' 14 '' "$yamledit" get k.yaml images
says 'names the way on' 'a list, where one value is expected; add [0] or [name=...]'
gives 'a key of a list' 14 '' "$yamledit" get k.yaml images.web
says 'names the item' 'images is a list, not a map; pick an item: [0], [name=...]'
gives 'a value is missing' 2 '' "$yamledit" set k.yaml a
says 'and usage is shown' 'usage: yamledit set FILE PATH VALUE'
gives 'a bad path' 2 '' "$yamledit" get k.yaml 'a..b'
says 'with the character' "character 3"
gives 'a bad version' 2 '' "$yamledit" image k.yaml web 'a b'
gives 'a bad number' 2 '' "$yamledit" get k.yaml a --document 0
gives 'version' 0 "$("$yamledit" --version)$nl" "$yamledit" --version
check 'version has a number' grep -q '^yamledit [0-9]' <<<"$("$yamledit" --version)"
for c in get set delete image helm; do
	check "$c -h has an example" grep -q "^  \$ yamledit $c" <<<"$("$yamledit" $c -h)"
done
check 'help names exit codes' grep -q '14 the' <<<"$("$yamledit" --help)"
exit $rc
