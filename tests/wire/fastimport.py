"""A config repository for git fast-import, on stdout: what its makers share.

    commit(WHEN, MESSAGE, WHO="Dev <dev@example.com>")    on main
    put(PATH, TEXT)                     a file in the commit before
    kustomization(SERVICE, ENV, TAG)    an overlay with this version
"""
import sys

out = sys.stdout.buffer


def data(text):
    raw = text.encode()
    out.write(b"data %d\n%s\n" % (len(raw), raw))


def commit(when, message, who="Dev <dev@example.com>"):
    out.write(b"commit refs/heads/main\n")
    for role in ("author", "committer"):
        out.write(f"{role} {who} {when} +0000\n".encode())
    data(message)


def put(path, text):
    out.write(b"M 100644 inline %s\n" % path.encode())
    data(text)


def kustomization(service, env, tag):
    put(f"apps/{service}/overlays/{env}/kustomization.yaml",
        f"apiVersion: kustomize.config.k8s.io/v1beta1\n"
        f"kind: Kustomization\nnamespace: {env}\nresources:\n"
        f"  - ../../base\nimages:\n"
        f"  - name: registry.example.com/team/{service}\n"
        f"    newTag: {tag}\n")
