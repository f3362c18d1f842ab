#!/bin/bash
# Real config repositories, as they are: tests/corpus/NAME.yaml is what a team
# would write for the repository NAME, NAME.want what then is to be found,
# bumped, promoted and refused. UPDATE=1 writes the latter anew.
. "$(dirname "$0")/../lib.sh"

export GIT_AUTHOR_DATE=2026-11-01T08:00:00Z GIT_COMMITTER_DATE=2026-11-01T08:00:00Z
export PROMOTE_NOW=2026-11-02T08:00:00Z PYTHONDONTWRITEBYTECODE=1
if ! /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	skip "real repositories" "no python3-yaml"
	exit
fi
for config in ${1:-tests/corpus/*.yaml}; do
	name=$(basename "$config" .yaml)
	from=$DATA/corpus/${name%%+*}	# NAME+OTHER.yaml: another view of NAME
	if [ ! -d "$from" ]; then
		skip "$name" "no $from"
		continue
	fi
	mkdir "$T/$name"
	/usr/bin/python3 tests/corpus/run.py "$config" "$from" "$T/$name" \
		>"$T/$name/got" 2>&1
	if [ -n "${UPDATE-}" ]; then
		cp "$T/$name/got" "tests/corpus/$name.want"
	fi
	is "$name" "$(cat "$T/$name/got")" "$(cat "tests/corpus/$name.want")"
	check "$name: nothing is unplanned" \
		sh -c '! grep -E "^!!|Traceback" "$1"' - "$T/$name/got"
done
