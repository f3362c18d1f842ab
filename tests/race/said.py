"""said.py FILE...: a line for each answer of a bump with --json, named
SERVICE-VERSION.json beside SERVICE-VERSION.rc: "SERVICE VERSION EXIT ACTION
COMMIT", a dash for what it does not say."""
import json
import os
import sys

for path in sys.argv[1:]:
    service, version = os.path.basename(path)[:-len(".json")].split("=")
    rc = open(path[:-len("json")] + "rc").read().strip()
    try:
        r = json.load(open(path))["results"][0]
    except (ValueError, LookupError):
        r = {}
    print(service, version, rc, r.get("action") or "-", r.get("commit") or "-")
