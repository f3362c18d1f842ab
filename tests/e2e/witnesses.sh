#!/bin/bash
# Gates that ask servers outside: metric, http and argocd; whom they may ask,
# and what becomes of no answer. Then a real Prometheus.
. "$(dirname "$0")/../lib.sh"

: >"$T/answers"
: >"$T/asked"
mkfifo "$T/url"
"$PYTHON" -I -S tests/witness.py "$T" >"$T/url" &
lib_pids+=("$!")
exec {fd}<"$T/url"
read -r HOST <&"$fd"
export PROMOTE_FORGE=none PROMOTE_TOKEN=forge-secret PROMOTE_GATE_HOSTS=$HOST

# world GATES: a new repository on disk; staging by push, with these gates.
world() {
	rm -rf "$T/seed" "$T/forge0"
	cp -r examples/kustomize "$T/seed"
	"$PYTHON" - "$T/seed/promote.yaml" "$1" <<'PY'
import sys
p, gates = sys.argv[1:]
s = open(p).read()
s = s.replace('merge: auto                # by pull request, merged by the bot',
              'deliver: push')
s = s.replace('      soak: 30m                # live in dev for half an hour\n',
              ''.join('      %s\n' % g for g in gates.split('\n')))
open(p, 'w').write(s)
PY
	SIM_ROOT=$T/forge0 SIM_URL=x
	at "${START-2026-11-02T08:00:00Z}"
	repo_new team/config "$T/seed"
	export PROMOTE_REPO=$REPO_DIR
	bot bump web=1.4.2 >"$T/out" 2>&1
}
field() { git -C "$REPO_DIR" show "main:apps/web/overlays/$1/kustomization.yaml" |
	sed -n 's/.*newTag: //p'; }
# answer PREFIX STATUS BODY...: from now on
answer() { printf '%s %s %s\n' "$1" "$2" "$3" >"$T/answers"; : >"$T/asked"; }
# asked EXPR: over `r`, the requests since the last answer.
asked() { "$PYTHON" -c 'import json, sys
r = [json.loads(l) for l in open(sys.argv[1])]
print(eval(sys.argv[2]))' "$T/asked" "$1"; }
vector() { echo "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[$1]}}"; }
value() { vector "{\"metric\":{},\"value\":[1,\"$1\"]}"; }
waits() { # NAME PATTERN
	runs "$1" 0 bot auto
	has "$1: it says so" "waiting \\($2"
}

# ---- metric ----
world "metric: {url: 'http://$HOST/prom/', query: 'errors{app=\"{service}\",v=\"{version}\"}', max: 0.01}"
answer /prom/api/v1/query 200 "$(value 0.02)"
waits "a metric above its max" 'metric: 0.02 is above 0.01'
is "one question" "$(asked 'len(r)')" 1
is "as of now, with what stands for the names" "$(asked 'r[0]["path"]')" \
	'/prom/api/v1/query?time=1793606400&query=errors{app="web",v="1.4.2"}'
is "without the forge's token" "$(asked 'r[0]["authorization"]')" ""
answer / 200 "$(value NaN)"
waits "NaN" 'metric: nan is no number'
answer / 200 "$(vector '')"
waits "no data" 'metric: no data'
answer / 200 "$(vector '{"value":[1,"0"]},{"value":[1,"0"]}')"
waits "two series" 'metric: 2 series where one is wanted'
answer / 400 '{"status":"error","errorType":"bad_data","error":"parse error \u001b[2J"}'
waits "a query that is wrong" 'metric: not known: answered 400: parse error .x1b'
answer / 200 '<html>login</html>'
waits "a page instead of JSON" 'metric: not known'
answer / 302 "http://$HOST/elsewhere"
waits "a redirect" 'metric: not known: answered 302'
is "it is not followed" "$(asked 'len(r)')" 1
answer / 503 busy
waits "a server that fails" 'metric: not known: answered 503'
: >"$T/asked"
PROMOTE_GATE_HOSTS='' waits "no host is allowed" 'metric: not known: the operator has not allowed gates to ask http://127'
PROMOTE_GATE_HOSTS=${HOST%:*} waits "nor another port" 'metric: not known: the operator has not allowed'
is "then nobody is asked" "$(asked 'len(r)')" 0
answer / 200 "$(value 0.01)"
PROMOTE_GATE_HOSTS='' runs "the flag allows it, too" 0 bot auto -n --allow-gate-host "$HOST"
has "and it would go" 'would be pushed'
runs "in JSON" 0 bot auto -n --json
is "there is what it rested on" "$("$PYTHON" - "$T/out" <<'PY'
import json, sys
g = [x for x in json.load(open(sys.argv[1]))["results"] if x["service"] == "web"][0]["gates"]
print([(e["name"], e["value"], e["at"]) for x in g if x["gate"] == "metric" for e in x["evidence"]])
PY
)" "[('errors{app=\"{service}\",v=\"{version}\"}', '0.01', '2026-11-02T08:00:00Z')]"
: >"$T/asked"
runs "at its max it goes" 0 bot auto
is "staging has it" "$(field staging)" 1.4.2
is "asked once in a run" "$(asked 'len(r)')" 1

world "metric: {url: 'http://$HOST', query: e, max: 1, samples: {query: n, min: 100}}"
printf '%s %s %s\n' '/api/v1/query?time=1793606400&query=e' 200 "$(value 0.5)" \
	'/api/v1/query?time=1793606400&query=n' 200 "$(value 99)" >"$T/answers"
waits "ten requests do not decide" 'metric: 99 samples, 100 needed'
sed -i 's/"99"/"100"/' "$T/answers"
runs "a hundred do" 0 bot auto
is "it goes" "$(field staging)" 1.4.2

# A version that has left: what is live now is another's doing.
world "metric: {url: 'http://$HOST', query: e, max: 1}
soak: 1h"
at 2026-11-02T10:00:00Z
bot bump web=1.4.3 >"$T/out"
at 2026-11-02T10:30:00Z
answer / 200 "$(value 0)"
runs "a busy service" 0 bot auto
is "goes as it was when it left" "$(field staging) $(asked 'r[0]["path"]')" \
	"1.4.2 /api/v1/query?time=1793613600&query=e"

# ---- addresses that are never asked ----
for host in 169.254.169.254:80 '[fe80::1]:80' '[::ffff:169.254.169.254]:80' 2852039166:80 0.0.0.0:80; do
	world "http: {url: 'http://$host/latest/meta-data'}"
	PROMOTE_GATE_HOSTS="http://$host" waits "never $host" \
		'http: not known: .*link-local or metadata address, which is never asked'
done
world "http: {url: 'http://plain.example/'}"
PROMOTE_GATE_HOSTS=plain.example:80 waits "plain http only where it was said" \
	'http: not known: .*(plain http|not allowed)'

# ---- http ----
world "http: {url: 'http://$HOST/ok/{service}/{version}', path: 'data.list[1].state', value: passed}"
answer /ok/web/1.4.2 200 '{"data": {"list": [{}, {"state": "running"}]}}'
waits "another value" 'http: data.list\[1\].state is running, not passed'
answer /ok/web/1.4.2 200 '{"data": {"list": [{}]}}'
waits "no value" 'http: its answer has no data'
answer /ok/web/1.4.2 500 '{"data": {"list": [{}, {"state": "passed"}]}}'
waits "the value in an error" 'http: answered 500'
answer /ok/web/1.4.2 200 '{"data": {"list": [{}, {"state": "passed"}]}}'
runs "the value" 0 bot auto
is "goes" "$(field staging)" 1.4.2

# ---- argocd ----
world "argocd: '{service}-{from}'"
landed=$(git -C "$REPO_DIR" rev-parse main)
before=$(git -C "$REPO_DIR" rev-parse main^)
app() { answer /argo/api/v1/applications/web-dev 200 "{\"status\": {\"sync\": {\"status\": \"$1\", \"revision\": \"$2\"}, \"health\": {\"status\": \"$3\"}}}"; }
app Synced "$landed" Healthy
waits "nobody said where Argo CD is" 'argocd: web-dev: not known: where Argo CD is was not told'
export PROMOTE_ARGOCD_URL=http://$HOST/argo/ PROMOTE_ARGOCD_TOKEN=argo-secret
app OutOfSync "$landed" Healthy
waits "not synced" 'argocd: web-dev is OutOfSync'
is "it is asked with its own token" "$(asked 'r[0]["authorization"]')" "Bearer argo-secret"
app Synced "$before" Healthy
waits "synced to what was before" "argocd: web-dev is synced to ${before:0:10}, which does not have"
app Synced 1234567890123456789012345678901234567890 Healthy
waits "synced to what nobody knows" 'argocd: web-dev is synced to 1234567890, which does not'
app Synced "$landed" Degraded
waits "degraded" 'argocd: web-dev is Degraded'
answer /argo 403 '{"message": "permission denied"}'
waits "Argo CD refuses" 'argocd: web-dev: not known: Argo CD answered 403: permission denied'
git clone -q "$REPO_DIR" "$T/later"
git -C "$T/later" commit -q --allow-empty -m later
git -C "$T/later" push -q origin HEAD:main
app Synced "$(git -C "$T/later" rev-parse HEAD)" Healthy
runs "synced to a later commit" 0 bot auto -v
is "goes" "$(field staging)" 1.4.2
is "no secret is said" "$(cat "$T/out" "$T/err" | grep -c -- '-secret')" 0

# ---- a real Prometheus ----
if ! command -v prometheus >/dev/null; then
	skip "a real Prometheus" "Debian's package prometheus is not installed"
	exit
fi
unset PROMOTE_NOW GIT_COMMITTER_DATE GIT_AUTHOR_DATE
PORT=$("$PYTHON" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$T/prometheus.yml" <<YAML
global: {scrape_interval: 250ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: self
    static_configs: [{targets: ["127.0.0.1:$PORT"]}]
YAML
prometheus --config.file="$T/prometheus.yml" --storage.tsdb.path="$T/tsdb" \
	--web.listen-address="127.0.0.1:$PORT" >"$T/prometheus.log" 2>&1 &
lib_pids+=("$!")
export PROMOTE_GATE_HOSTS=127.0.0.1:$PORT
for _ in $(seq 150); do
	up=$("$PYTHON" - "$PORT" <<'PY'
import json, sys, time, urllib.request
try:
    o = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    r = json.load(o.open('http://127.0.0.1:%s/api/v1/query?query=up&time=%d' % (sys.argv[1], time.time()), timeout=5))
    print(r['data']['result'][0]['value'][1])
except Exception:
    pass
PY
)
	[ "$up" = 1 ] && break
	sleep 0.2
done
START=$(date -u +%Y-%m-%dT%H:%M:%SZ)
real() { world "metric: {url: 'http://127.0.0.1:$PORT', $1}"; unset PROMOTE_NOW; }
real "query: 'up{job=\"self\"}', max: 0"
waits "Prometheus: above its max" 'metric: 1 is above 0'
real "query: 'up{job=\"{service}\"}', max: 1"
waits "Prometheus: no data" 'metric: no data'
real "query: 'vector(0)/0', max: 1"
waits "Prometheus: NaN" 'metric: -?nan is no number'
real "query: 'sum(', max: 1"
waits "Prometheus: a query that is wrong" 'metric: not known: answered 400: .*parse error'
real "query: 'prometheus_build_info or up', max: 1"
waits "Prometheus: two series" 'metric: 2 series where one is wanted'
real "query: 'up{job=\"self\"}', min: 1, samples: {query: 'count_over_time(up[1h])', min: 100000}"
waits "Prometheus: too few samples" 'metric: [0-9]+ samples, 100000 needed'
real "query: 'up{job=\"self\"}', min: 1, samples: {query: 'count_over_time(up[1h])', min: 1}"
runs "Prometheus: all is well" 0 bot auto
is "Prometheus: it goes" "$(field staging)" 1.4.2
real "query: 'scalar(max(up))', min: 1"
runs "Prometheus: a scalar" 0 bot auto
is "Prometheus: a scalar goes" "$(field staging)" 1.4.2
