#!/bin/bash
# Servers that lie, fail and fall silent. Each run ends in time, with the exit
# code that tells a pipeline what to do, and claims nothing that is not so.
. "$(dirname "$0")/../lib.sh"

W=$BUILD/wiretool
K=apps/svc-0003/overlays/dev/kustomization.yaml
export WIRE_TIMEOUT_MS=30000

"$PYTHON" tests/wire/make-repo.py 5 10 >"$T/import"
git init -q --bare -b main "$T/r.git"
git -C "$T/r.git" fast-import --quiet <"$T/import"
git -C "$T/r.git" config http.receivepack true
git -C "$T/r.git" config uploadpack.allowFilter true

serve() { # OPTION...: set URL
	rm -f "$T/port"
	"$PYTHON" tests/wire/httpd.py "$T" "$T/port" --log "$T/log" "$@" 2>/dev/null &
	lib_pids+=($!)
	for _ in {1..100}; do [ -s "$T/port" ] && break; sleep 0.05; done
	URL=http://127.0.0.1:$(cat "$T/port")/r.git
}

no_escapes() { ! grep -q $'[\x1b\x07\x9b]' "$T/out"; }

# LIE EXIT WORDS: an untruth that is told to whoever reads.
lie() {
	local was
	serve --lie "$1"
	was=$(git -C "$T/r.git" rev-parse main)
	if ! expect_exit "$2" "$W" "$URL" bump refs/heads/main "$K=$1"; then
		not_ok "$1: exit $2"
	elif ! grep -q "$3" "$T/out"; then
		sed 's/^/  | /' "$T/out"
		not_ok "$1: says '$3'"
	elif ! no_escapes; then
		not_ok "$1: nothing but text on the terminal"
	else
		ok "$1: exit $2, '$3'"
	fi
	[ "${4-}" = moves ] ||
		is "$1: nothing was changed" "$(git -C "$T/r.git" rev-parse main)" "$was"
}

lie truncated-pack	14 "pack that is none"
lie corrupt-pack	14 "pack that is none"
lie not-a-pack		14 "pack that is none"
lie empty-pack		14 "did not send the commit"
lie wrong-object	14 "did not send the commit"
lie huge-object		14 "cannot be read"
lie huge-count		14 "4000000000 objects"
lie delta-bomb		14 "pack that is none"
lie band-9		14 "side band 9"
lie not-packets		14 "not git's protocol"
lie says-err		14 "go away"
lie bad-ref		14 "whose name is none"
lie flood-of-refs	14 "more than"
lie html		13 "no git repository answers there"
lie redirect-here	13 "redirects to /elsewhere"
lie fatal		12 "out of disk"
lie cut-off		12 "."
lie endless-progress	14 "more than the"
lie endless-pack	14 "more than the"
WIRE_TIMEOUT_MS=1500 lie silent 12 "."
WIRE_TIMEOUT_MS=1500 lie drip 12 "."

# It said no, and meant it.
printf '#!/bin/sh\nexit 1\n' >"$T/r.git/hooks/pre-receive"
chmod +x "$T/r.git/hooks/pre-receive"
lie escapes		13 "no.*hello"
lie payload-too-large	13 "HTTP 413.*limit.* is 1 MB"
rm "$T/r.git/hooks/pre-receive"

# The refs are asked for beside what the server speaks, and what receive-pack
# can do beside the files. What goes wrong there is asked again.
lie in-pairs 0 "push: ok" moves
for lie in {refs,greeting}-{500,dies,cut,html}-once; do
	lie $lie 0 "push: ok" moves
	is "$lie: it had landed" "$(git -C "$T/r.git" show "main:$K")" "$lie"
done
lie refs-500	12 "HTTP 500: overloaded"
lie refs-403	13 "HTTP 403.*read only"
lie refs-cut	12 "cut off"
WIRE_TIMEOUT_MS=1500 lie refs-silent 12 "."
lie greeting-500	12 "HTTP 500: overloaded"
lie greeting-403	13 "HTTP 403.*read only"
lie greeting-cut	12 "cut off"
WIRE_TIMEOUT_MS=1500 lie greeting-silent 12 "."

# Nothing is said about the push that can be believed: what the ref holds is.
for lost in lost-reply lost-reply-500 half-report other-ref; do
	lie $lost 0 "push: ok" moves
	is "$lost: it had landed" \
		"$(git -C "$T/r.git" show "main:$K")" "$lost"
done
WIRE_TIMEOUT_MS=3000 lie silent-push 12 "push: unknown" moves

# A neighbour lands on top before the ref is read again.
printf '#!/bin/sh\n%s\n%s\n' \
	'c=$(git -c user.name=N -c user.email=n@e commit-tree -p main -m neighbour main^{tree})' \
	'git update-ref refs/heads/main $c' >"$T/r.git/hooks/post-receive"
chmod +x "$T/r.git/hooks/post-receive"
lie lost-reply-500 0 "push: ok" moves
is "a neighbour on top of ours: still there" \
	"$(git -C "$T/r.git" show -s --format=%s main)" neighbour
rm "$T/r.git/hooks/post-receive"

# A credential goes to the origin it is for, and nowhere else.
"$PYTHON" - "$T" <<-'E' &
	import http.server, sys
	class H(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        open(sys.argv[1] + "/trapped", "a").write(str(self.headers))
	        self.send_error(404)
	    do_POST = do_GET
	    def log_message(self, *a): pass
	s = http.server.HTTPServer(("127.0.0.1", 0), H)
	open(sys.argv[1] + "/trap", "w").write(str(s.server_address[1]))
	s.serve_forever()
E
lib_pids+=($!)
for _ in {1..100}; do [ -s "$T/trap" ] && break; sleep 0.05; done
export WIRE_TOKEN=s3cret-token
for other in "http://127.0.0.1:$(cat "$T/trap")" "http://localhost:$(cat "$T/trap")"; do
	serve --lie redirect --other "$other"
	check "a redirect to $(sed 's/:[0-9]*$//' <<<"$other"), another port: exit 15" \
		expect_exit 15 "$W" "$URL" refs refs/heads/
	check "and nothing was asked there" test ! -e "$T/trapped"
	check "the token is nowhere in the output" bash -c "! grep -q s3cret '$T/out'"
done
unset WIRE_TOKEN

# Nothing is left behind, not even by a run that is ended in the middle.
export TMPDIR=$T/tmp
mkdir "$TMPDIR"
serve --lie drip
"$W" "$URL" show refs/heads/main promote.yaml >/dev/null 2>&1 &
pid=$!
for _ in {1..100}; do grep -q upload-pack "$T/log" && break; sleep 0.05; done
kill -TERM $pid
wait $pid 2>/dev/null
is "nothing is left in TMPDIR" "$(ls "$TMPDIR")" ""
