"""The fields that a promote.yaml leads to, found by PyYAML and re alone.

services(top, config) -> {service: {environment: Field}}, in the order of the
environments. It knows what the configurations in this folder use: one pattern
an entry, kustomize or helm, with {service} in the path, in the image's name or
in the key.
"""
import functools
import os
import re

import yaml

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"


class Field:
    """Where a version stands: the scalar nodes of a text, and what they say."""

    def __init__(self, path, text, tag, digest, ref, whole):
        self.path = path
        self.text = text
        self.tag, self.digest, self.ref = tag, digest, ref
        self.whole = whole      # the node of the entry or map around them
        self.find = None        # the same field in another text

    def version(self):
        if self.ref is not None:
            name, _, digest = self.ref.value.partition("@")
            head, colon, tag = name.rpartition(":")
            if not colon or "/" in tag:
                tag = None
            return tag or None, digest or None
        return tuple(None if n is None or n.tag.endswith(":null") or
                     n.value == "" else n.value
                     for n in (self.tag, self.digest))


@functools.lru_cache(maxsize=100)   # a file holds many services
def compose(text):
    try:
        return list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return []


def get(node, key):
    if isinstance(node, yaml.MappingNode):
        for k, v in node.value:
            if isinstance(k, yaml.ScalarNode) and k.value == key:
                return v
    return None


def scalar(node):
    return node if isinstance(node, yaml.ScalarNode) else None


def entry_field(path, text, image):
    for doc in compose(text):
        images = get(doc, "images")
        for e in images.value if images else []:
            if get(e, "name") is not None and get(e, "name").value == image:
                return Field(path, text, scalar(get(e, "newTag")),
                             scalar(get(e, "digest")), None, e)
    return None


def key_field(path, text, key):
    docs = compose(text)
    node = docs[0] if docs else None
    for part in key.split("."):
        node = get(node, part)
    if isinstance(node, yaml.ScalarNode):
        return Field(path, text, None, None, node, node)
    if isinstance(node, yaml.MappingNode) and (get(node, "tag") is not None or
                                               get(node, "digest") is not None):
        return Field(path, text, scalar(get(node, "tag")),
                     scalar(get(node, "digest")), None, node)
    return None


def expand(template, env, name, service=None):
    out = template.replace("{environment}", env)
    for key, value in {"dir": env, **name}.items():
        out = out.replace("{%s}" % key, value)
    return out if service is None else out.replace("{service}", service)


def pattern(template):
    a, _, b = template.partition("{service}")
    return re.compile(re.escape(a) + "(%s)" % NAME + ".*".join(
        map(re.escape, b.split("{service}"))) + "$")


def read(top, path):
    full = os.path.join(top, path)
    if not os.path.isfile(full):
        return None
    with open(full, encoding="utf-8", newline="") as f:
        return f.read()


def names(top, kind, file, within):
    if "{service}" in file:
        for d, _, fs in os.walk(top):
            for f in fs:
                path = os.path.relpath(os.path.join(d, f), top)
                m = pattern(file).match(path)
                if m and file.replace("{service}", m.group(1)) == path:
                    yield m.group(1)
        return
    text = read(top, file)
    for doc in compose(text) if text else []:
        if kind == "kustomize":
            images = get(doc, "images")
            for e in images.value if images else []:
                m = get(e, "name") and pattern(within).match(get(e, "name").value)
                if m:
                    yield m.group(1)
        else:
            *above, last = within.partition("{service}")[0].split(".")
            node = doc
            for part in above:
                node = get(node, part)
            for k, _ in node.value if isinstance(node, yaml.MappingNode) else []:
                if re.fullmatch(NAME, k.value):
                    yield k.value


def services(top, config):
    found = {}
    for spec in config["services"]:
        kind = "kustomize" if "kustomize" in spec else "helm"
        within = spec["image" if kind == "kustomize" else "key"]
        here = {}
        for env, rules in config["environments"].items():
            extra = (rules or {}).get("vars", {})
            file = expand(spec[kind], env, extra)
            for service in sorted(set(names(top, kind, file,
                                            expand(within, env, extra)))):
                path = expand(spec[kind], env, extra, service)
                at = expand(within, env, extra, service)
                text = read(top, path)
                look = entry_field if kind == "kustomize" else key_field
                field = look(path, text, at)
                if field:
                    field.find = (lambda new, look=look, path=path, at=at:
                                  look(path, new, at))
                    here.setdefault(service, {})[env] = field
        for service, envs in here.items():
            found.setdefault(service, envs)
    return found
