#!/bin/bash
# yamledit over the data in $DATA, judged by parsers that are not ours.
set -u
cd "$(dirname "$0")/../.." || exit 1
export DATA=${DATA:-../shared} BUILD=${BUILD:-build} PYTHONDONTWRITEBYTECODE=1
python=/usr/bin/python3
rc=0

prove() { # script, folder in $DATA
	if [ ! -e "$DATA/$2" ]; then
		echo "skip - yamledit over $2 (no $DATA/$2)"
	elif ! $python -c 'import yaml, ruamel.yaml; yaml.CSafeLoader' 2>/dev/null; then
		echo "skip - yamledit over $2 (no python3-yaml, python3-ruamel.yaml)"
	else
		$python "tests/yamledit/$1" || rc=1
	fi
}
prove hostile.py yaml-hostile
prove suite.py yaml-test-suite
prove corpus.py corpus
prove near_numbers.py plain_rule.py
exit $rc
