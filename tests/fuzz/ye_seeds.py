#!/usr/bin/python3
"""ye_seeds.py FOLDER: what the fuzzers start from, out of $DATA."""
import os, random, sys

data, out = os.environ.get("DATA", "../shared"), sys.argv[1]
n = 0


def put(target, seed):
    global n
    os.makedirs(os.path.join(out, target), exist_ok=True)
    with open(os.path.join(out, target, "%05d" % n), "wb") as f:
        f.write(seed)
    n += 1


for s in (b"images[name=app].newTag", b'a."b.c/d"[2]', b'[name="x]"].y', b".",
          b"kind=Deployment,metadata.name=web"):
    put("ye_path", s)
for s in (b"registry:5000/team/app:1.2", b"a@sha256:" + 64 * b"0", b"v1",
          b"x=r.io/y:1"):
    put("ye_ref", s)
rng = random.Random(1)
for i in range(100):
    put("ye_odd", bytes(rng.randrange(256) for _ in range(20 + 4 * i)))
for folder, _, files in sorted(os.walk(data)):
    if "yaml-hostile" in folder or "yaml-test-suite" in folder or \
            "corpus" in folder:
        for name in files:
            path = os.path.join(folder, name)
            if not name.endswith(".yaml") or os.path.getsize(path) > 1500:
                continue
            if "corpus" in folder and n % 7:
                n += 1
                continue
            with open(path, "rb") as f:
                text = f.read()
            for op in ((0, 1, 66), (64, 33, 67), (96, 1, 2))[n % 3]:
                put("ye_edit", bytes([op, 0, (n * 7) % 40, n % 256]) + text)
