#!/usr/bin/env python3
"""A config repository for git fast-import, on stdout.

make-repo.py SERVICES COMMITS [--quiet-for N] [--seed N] [--settled | --ours]

apps/svc-NNNN/overlays/{dev,staging,production}/kustomization.yaml; each commit
changes one of them, its time a minute after the one before. svc-0000 is left
alone in the last N commits.

--settled: the versions are the same everywhere, the commits change other
files; only svc-0000 got a new version in dev before the last N commits, and
may go to staging after an hour.

--ours: the commits say what git promote would, builds and sources included.
"""
import argparse
import random
import sys

sys.dont_write_bytecode = True
from fastimport import commit, kustomization, put

opt = argparse.ArgumentParser()
opt.add_argument("services", type=int)
opt.add_argument("commits", type=int)
opt.add_argument("--quiet-for", type=int, default=0)
opt.add_argument("--seed", type=int, default=1)
opt.add_argument("--settled", action="store_true")
opt.add_argument("--ours", action="store_true")
opt = opt.parse_args()
rng = random.Random(opt.seed)
envs = ["dev", "staging", "production"]


def land(n, message):
    commit(1600000000 + 60 * n, message,
           f"Dev {n % 40} <dev{n % 40}@example.com>")


land(0, "the beginning\n")
put("promote.yaml", "version: 1\nenvironments:\n  dev: {deliver: push}\n" +
    ("  staging: {from: dev, promote: auto, deliver: push, "
     "gates: {soak: 1h}}\n" if opt.settled else "") +
    "services:\n  - kustomize: apps/{service}/overlays/{dir}/"
    "kustomization.yaml\n    image: registry.example.com/team/{service}\n")
put("README.md", "what runs where\n")
for i in range(opt.services):
    svc = f"svc-{i:04d}"
    put(f"apps/{svc}/base/deployment.yaml",
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {svc}\n"
        f"spec:\n  replicas: {rng.randrange(1, 9)}\n")
    for env in envs:
        kustomization(svc, env, "1.0.0")
for n in range(1, opt.commits):
    quiet = n >= opt.commits - opt.quiet_for
    i = rng.randrange(1 if quiet else 0, opt.services)
    env = rng.choice(envs)
    svc = f"svc-{i:04d}"
    if opt.settled and n == opt.commits - opt.quiet_for:
        land(n, "svc-0000: 1.1.0 in dev\n")
        kustomization("svc-0000", "dev", "1.1.0")
        continue
    if opt.settled:
        land(n, f"{svc}: replicas\n")
        put(f"apps/{svc}/base/deployment.yaml",
            f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n"
            f"  name: {svc}\nspec:\n  replicas: {n}\n")
        continue
    if opt.ours:
        land(n, f"{env}: {svc} 1.{n}.0\n\nWas 1.0.0.\n\n"
               f"Promote-Service: {svc}\nPromote-Environment: {env}\n"
               f"Promote-Version: 1.{n}.0\n" +
               (f"Promote-Source: https://git.example.com/team/{svc}/commit/"
                f"{rng.getrandbits(160):040x}\nPromote-Build: {n}\n"
                if env == "dev" else "Promote-From: dev\n"))
    else:
        land(n, f"{svc}: 1.{n}.0 in {env}\n\nSigned-off-by: Dev {n % 40}\n")
    kustomization(svc, env, f"1.{n}.0")
