#!/usr/bin/env python3
"""A config repository with many services for git fast-import, on stdout.

fleet.py SERVICES PER_COMMIT BY_PULL_REQUEST START

svc-000 ... in dev, staging and production, where all began with 1.0.0. Since
then dev got 1.2.0 and staging 1.1.0, PER_COMMIT services in one commit, one
commit a second from START (seconds since 1970) on. Promotions go by push, but
those of the first BY_PULL_REQUEST services into production by pull request.
"""
import sys

sys.dont_write_bytecode = True
from fastimport import commit, kustomization, put

services, per_commit, by_pull_request, start = map(int, sys.argv[1:])
names = [f"svc-{i:03d}" for i in range(services)]
CONFIG = """version: 1
environments:
  dev: {deliver: push}
  staging: {from: dev, promote: auto, deliver: push, gates: {soak: 30m}}
  production: {from: staging, promote: auto, gates: {soak: 30m}}
services:
"""
BY_PUSH = """  - service: "%s"
    fields:
      - kustomize: apps/{service}/overlays/{dir}/kustomization.yaml
        image: registry.example.com/team/{service}
    environments: {production: {deliver: push}}
"""
REST = """  - kustomize: apps/{service}/overlays/{dir}/kustomization.yaml
    image: registry.example.com/team/{service}
"""


def land(message):
    global start
    commit(start, message)
    start += 1


land("The beginning\n")
put("promote.yaml", CONFIG +
    "".join(BY_PUSH % name for name in names[by_pull_request:]) + REST)
for name in names:
    put(f"apps/{name}/base/deployment.yaml", f"kind: Deployment\n# {name}\n")
    for env in ("dev", "staging", "production"):
        kustomization(name, env, "1.0.0")
for env, tag in ("dev", "1.1.0"), ("staging", "1.1.0"), ("dev", "1.2.0"):
    for i in range(0, services, per_commit):
        some = names[i:i + per_commit]
        land(f"{env}: {some[0]} {tag}\n\nPromote-Service: {some[0]}\n")
        for name in some:
            kustomization(name, env, tag)
