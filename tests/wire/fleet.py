#!/usr/bin/env python3
"""A config repository with many services for git fast-import, on stdout.

fleet.py SERVICES PER_COMMIT BY_PULL_REQUEST START

svc-000 ... in dev, staging and production, where all began with 1.0.0. Since
then dev got 1.2.0 and staging 1.1.0, PER_COMMIT services in one commit, one
commit a second from START (seconds since 1970) on. Promotions go by push, but
those of the first BY_PULL_REQUEST services into production by pull request.
"""
import sys

services, per_commit, by_pull_request, start = map(int, sys.argv[1:])
names = [f"svc-{i:03d}" for i in range(services)]
out = []
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


def data(text):
    raw = text.encode()
    out.append(b"data %d\n%s\n" % (len(raw), raw))


def put(path, text):
    out.append(b"M 100644 inline %s\n" % path.encode())
    data(text)


def version(name, env, tag):
    put(f"apps/{name}/overlays/{env}/kustomization.yaml",
        "resources:\n  - ../../base\nimages:\n"
        f"  - name: registry.example.com/team/{name}\n    newTag: {tag}\n")


def commit(message):
    global start
    out.append(b"commit refs/heads/main\n")
    for who in ("author", "committer"):
        out.append(f"{who} Dev <dev@example.com> {start} +0000\n".encode())
    start += 1
    data(message)


commit("The beginning\n")
put("promote.yaml", CONFIG +
    "".join(BY_PUSH % name for name in names[by_pull_request:]) + REST)
for name in names:
    put(f"apps/{name}/base/deployment.yaml", f"kind: Deployment\n# {name}\n")
    for env in ("dev", "staging", "production"):
        version(name, env, "1.0.0")
for env, tag in ("dev", "1.1.0"), ("staging", "1.1.0"), ("dev", "1.2.0"):
    for i in range(0, services, per_commit):
        some = names[i:i + per_commit]
        commit(f"{env}: {some[0]} {tag}\n\nPromote-Service: {some[0]}\n")
        for name in some:
            version(name, env, tag)
sys.stdout.buffer.write(b"".join(out))
