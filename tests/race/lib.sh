# What the races share. After tests/lib.sh.

mkdir "$T/said"

# bump SERVICE VERSION [ARG...]: what it answers goes to $T/said
bump() {
	local file=$T/said/$1=$2 rc=0
	bot bump "$1=$2" --json "${@:3}" >"$file.json" 2>"$file.err" || rc=$?
	echo $rc >"$file.rc"
}

# How many pushes of USER's the server refused.
refused_pushes() { # USER
	"$PYTHON" -c '
import json, sys
n = 0
for line in open(sys.argv[1]):
    q = json.loads(line)
    n += bool(q.get("user") == sys.argv[2] and (q.get("git") or {}).get("refused"))
print(n)' "$SIM_LOG" "$1"
}
