"""run.py CONFIG DIR WORK: bump and promote all that CONFIG finds in DIR.

DIR goes as it is, with CONFIG as its promote.yaml, into a bare repository in
WORK. fields.py says which services there are; git-promote check must say the
same. Then the entry environment is bumped, and each one behind it promoted to,
all services of an environment in one call. Each commit is held against its
parent: the file with nothing but the planned value replaced, byte for byte.

Prints counts, each refusal with its reason, and a line with "!!" in front for
each thing that is not as planned.
"""
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys

import yaml

sys.path.insert(0, os.path.dirname(__file__))
import fields

config_file, source, work = sys.argv[1:4]
bare, tree = os.path.join(work, "bare.git"), os.path.join(work, "tree")
with open(config_file) as f:
    config = yaml.safe_load(f)
envs = list(config["environments"])

# Tags as registries take them; most are something else to a YAML reader.
TAGS = ["v9.8.7", "1234567", "12e4567", "0x1F", "1_000", "2026-11-21", "9.10",
        "0o17", "true", "null", "1.0.0-12", "rc-9", "1.0e3", "007"]
wrong = []


def git(*args, check=True):
    return subprocess.run(("git", "-C", bare) + args, check=check,
                          stdout=subprocess.PIPE).stdout


def bot(*args):
    p = subprocess.run((os.path.join(os.environ["BUILD"], "git-promote"),) +
                       args + ("--json", "--repo", bare, "--forge", "none"),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        return p.returncode, json.loads(p.stdout)
    except ValueError:
        sys.exit("!! %s: exit %d: %s" % (args[0], p.returncode,
                                         p.stderr.decode()))


def digest(word):
    return "sha256:" + hashlib.sha256(word.encode()).hexdigest()


def new_version(i, service, field):
    """Another version, of the shape that the field has."""
    old_tag, old_digest = field.version()
    tag = TAGS[i % len(TAGS)]
    if tag == old_tag:
        tag = TAGS[(i + 1) % len(TAGS)]
    if old_digest and not old_tag:
        return None, digest(service)
    return tag, digest(service) if old_digest else None


def spell(version):
    tag, dig = version
    return (tag or "") + ("@" + dig if dig else "")


def planned(old, field, version):
    """Every text that PARENT may have become, its other bytes untouched."""
    tag, dig = version
    spans = []
    if field.ref is not None:
        name = field.ref.value.partition("@")[0]
        if field.version()[0]:
            name = name.rpartition(":")[0]
        spans.append((field.ref, name + (":" + tag if tag else "") +
                      ("@" + dig if dig else "")))
    else:
        for node, had, value in zip((field.tag, field.digest), field.version(),
                                    version):
            if (value and node is None) or (had and not value):
                return []       # a line comes or goes
            if value:
                spans.append((node, value))
    texts = []
    for marks in itertools.product(("", '"', "'"), repeat=len(spans)):
        out, at = "", 0
        for (node, value), mark in sorted(
                zip(spans, marks), key=lambda x: x[0][0].start_mark.index):
            out += old[at:node.start_mark.index]
            gap = " " if out[-1:] == ":" else ""    # "tag:" and nothing
            out += gap + mark + value + mark
            at = node.end_mark.index
        texts.append(out + old[at:])
    return texts


def judge_commit(commit, service, env, version, found):
    name = "%s/%s" % (env, service)
    raw = git("diff-tree", "-r", "--no-commit-id", commit).decode().splitlines()
    if len(raw) != 1:
        wrong.append("%s: %d files changed" % (name, len(raw)))
        return
    meta, path = raw[0].split("\t")
    old_mode, new_mode, old, new, kind = meta[1:].split()
    field = found[service][env]
    if path != field.path or kind != "M" or old_mode != new_mode:
        wrong.append("%s: %s %s" % (name, kind, path))
        return
    old, new = (git("cat-file", "blob", b).decode() for b in (old, new))
    # Where it stands now: other commits may have changed the file before.
    now = field.find(old)
    after = field.find(new)
    if after is None or after.version() != version:
        wrong.append("%s: reads as %s, not %s" % (
            name, after and after.version(), version))
    for node in (after.tag, after.digest) if after else ():
        if node is not None and node.value in version and \
           node.tag != "tag:yaml.org,2002:str":
            wrong.append("%s: %s is no string" % (name, node.value))
    if new in planned(old, now, version):
        return
    lines = git("diff", "--numstat", commit + "^", commit).decode().split()[:2]
    shapes.append("%s: %s -> %s, +%s -%s lines" % (
        name, shape(now.version()), shape(version), *lines))
    a, b = old.splitlines(True), new.splitlines(True)
    first, last = now.whole.start_mark.line, now.whole.end_mark.line + 1
    if a[:first] != b[:first] or a[last + 1:] != b[len(b) - len(a) + last + 1:] \
       or int(lines[0]) > 2 or int(lines[1]) > 2:
        wrong.append("%s: changed outside of its entry" % name)


def shape(version):
    return "+".join(w for w, v in zip(("tag", "digest"), version) if v) or "none"


shapes, refusals, counts = [], {}, {}
shutil.copytree(source, tree)
shutil.copy(config_file, os.path.join(tree, "promote.yaml"))
for path, _, files in os.walk(tree):
    os.chmod(path, 0o755)
found = fields.services(tree, config)
subprocess.run(("git", "init", "-q", "--bare", "-b", "main", bare), check=True)
at_tree = ("--work-tree=" + tree, "-c", "core.bare=false")
git(*at_tree, "add", "-A", "-f", ".")
git(*at_tree, "commit", "-q", "-m", "As it is")
start = git("rev-parse", "main").decode().strip()

print("%d services, %d fields" % (len(found), sum(map(len, found.values()))))
code, answer = bot("check")
said = {(p["service"], p["environment"]): p for p in answer["places"]
        if p["deployed"]}
mine = {(s, e): f for s, by_env in found.items() for e, f in by_env.items()}
for key in sorted(set(said) | set(mine)):
    if key not in said or key not in mine:
        wrong.append("check and fields.py differ: %s in %s is %s" % (
            *key, "missing" if key in mine else "too much"))
        continue
    slot = said[key]["fields"][0]
    if said[key]["error"]:
        refusals["check %s in %s" % key] = said[key]["error"]
    elif (slot["file"], slot["tag"], slot["digest"]) != (
            mine[key].path, *mine[key].version()):
        wrong.append("check and fields.py differ: %s in %s: %s, %s" % (
            *key, (slot["tag"], slot["digest"]), mine[key].version()))

if answer["error"]:
    wrong.append("check: " + answer["error"]["message"])

# What each environment has, and what it is to get.
has = {key: field.version() for key, field in mine.items()}
for env in envs:
    source_env = config["environments"][env].get("from")
    before = git("rev-parse", "main").decode().strip()
    here = [s for s in found if env in found[s]]
    if source_env is None:
        want = {s: new_version(i, s, found[s][env])
                for i, s in enumerate(here)}
        args = ("bump", "--to", env) + tuple("%s=%s" % (s, spell(want[s]))
                                             for s in here)
    else:
        want = {s: has.get((s, source_env)) for s in here}
        args = ("to", env) + tuple(here)
    if not here:
        continue
    code, answer = bot(*args)
    done = {r["service"]: r for r in answer["results"]}
    landed = {}
    for chunk in git("log", "--reverse", "--format=%H%x00%P%x00%(trailers:key="
                     "Promote-Service,valueonly,separator=%x2C)%x00%(trailers:"
                     "key=Promote-Environment,valueonly,separator=%x2C)",
                     before + "..main").decode().splitlines():
        commit, parent, service, its_env = chunk.split("\0")
        if its_env != env or service in landed or " " in parent:
            wrong.append("%s: an odd commit %s" % (env, commit[:10]))
        landed[service] = commit
    for service in here:
        r = done.get(service)
        key = "%s %s/%s" % (args[0], env, service)
        if r is None:
            wrong.append(key + ": no word")
        elif r["action"] == "pushed":
            counts[args[0]] = counts.get(args[0], 0) + 1
            if landed.pop(service, None) != r["commit"]:
                wrong.append(key + ": its commit is another")
            else:
                judge_commit(r["commit"], service, env, want[service], found)
                has[service, env] = want[service]
        else:
            refusals[key] = r["reason"] or "is so already"
    for service in landed:
        wrong.append("%s: %s has a commit and no word" % (env, service))
    # The same once more: nothing.
    head = git("rev-parse", "main")
    bot(*args)
    if git("rev-parse", "main") != head:
        wrong.append("%s %s again makes another commit" % (args[0], env))

print("%d bumped, %d promoted" % (counts.get("bump", 0), counts.get("to", 0)))
for line in sorted(shapes):
    print("lines: " + line)
for key, why in sorted(refusals.items()):
    print("not: %s: %s" % (key, re.sub(r"\b[0-9a-f]{64}\b", "HEX", why)))
problems = git("fsck", "--strict", "--no-dangling").decode()
if problems:
    wrong.append("git fsck: " + problems)
for w in wrong:
    print("!! " + w)
