#!/usr/bin/python3
"""Every image field of every real file in the corpus is set, by itself and
with all others of its file; what libyaml's C composer and PyYAML's own one
(--slow: for each single edit too) see of the result differs in that value
only, and no byte outside it has changed."""
import os, re, sys, yaml
from ye import DATA, Driver, Report, path_of

SLOW = "--slow" in sys.argv
NEW = "9.8.7-new"
STR = "tag:yaml.org,2002:str"
sys.path.insert(0, DATA)
from plain_rule import plain as is_plain_safe  # noqa: E402

TEMPLATE = re.compile(r"[-:] +\{\{")
DIGEST = "sha256:" + 64 * "a"
d = Driver()
r = Report("corpus")
count = dict(files=0, edits=0, trees=0, adds=0, switches=0, refs=0,
             refused=0, unparsed=0)


def documents(text, loader):
    return list(yaml.compose_all(text, Loader=loader))


def plain(node):
    """A tree without marks; an alias is the tree it stands for."""
    if isinstance(node, yaml.MappingNode):
        return [(plain(k), plain(v)) for k, v in node.value]
    if isinstance(node, yaml.SequenceNode):
        return ["list"] + [plain(v) for v in node.value]
    return node and (node.tag, node.value)


def count_nodes(node, seen):
    """How often each node is reached: more than once means an alias."""
    if node is None:
        return
    seen[id(node)] = seen.get(id(node), 0) + 1
    if seen[id(node)] > 1:
        return
    for child in node.value if not isinstance(node, yaml.ScalarNode) else []:
        for c in child if isinstance(child, tuple) else (child,):
            count_nodes(c, seen)


def is_scalar(n):
    return isinstance(n, yaml.ScalarNode)


def fields(node, steps, chain):
    """(path, nodes from the root to the value) of all that names a version."""
    chain = chain + [node]
    if isinstance(node, yaml.SequenceNode):
        for i, v in enumerate(node.value):
            yield from fields(v, steps + [i], chain)
        return
    if not isinstance(node, yaml.MappingNode):
        return
    keys = [k.value for k, v in node.value if is_scalar(k)]
    for k, v in node.value:
        if not is_scalar(k) or k.value == "<<":
            continue
        if is_scalar(v) and (
                k.value in ("image", "newTag") or
                k.value == "tag" and {"repository", "registry", "image"} &
                set(keys)):
            yield steps + [k.value], chain + [v]
        elif k.value == "images" and not steps and \
                isinstance(v, yaml.SequenceNode):
            for i, item in enumerate(v.value):
                if isinstance(item, yaml.MappingNode):
                    name = [x.value for y, x in item.value
                            if y.value == "name"]
                    s = {"name": name[0]} if len(name) == 1 else i
                    yield from fields(item, ["images", s], chain + [v])
        else:
            yield from fields(v, steps + [k.value], chain)


def has_merge_after(chain):
    for m in chain:
        if isinstance(m, yaml.MappingNode) and \
                any(is_scalar(k) and k.value == "<<" for k, v in m.value):
            return True
    return False


def replaced(node, target):
    """The tree that is wanted: TARGET's value is new, and a string."""
    if node is target:
        return (STR, NEW)
    if isinstance(node, yaml.MappingNode):
        return [(plain(k), replaced(v, target)) for k, v in node.value]
    if isinstance(node, yaml.SequenceNode):
        return ["list"] + [replaced(v, target) for v in node.value]
    return plain(node)


def one(name, raw, text, n, roots, path, chain, seen):
    target = chain[-1]
    p = path_of(path)
    where = "%s document %d %s" % (name, n + 1, p)
    code, got = d.edit(raw, ("set", p, NEW), document=n + 1)
    if code != "none":
        # Only what one edit would change in two places, and templates.
        shared = any(seen[id(x)] > 1 for x in chain)
        r.ok(shared or "{{" in target.value or TEMPLATE.search(text) or
             has_merge_after(chain), where, code, got)
        count["refused"] += 1
        return None
    count["edits"] += 1
    new = got.decode("utf-8-sig")
    head, tail = text[:target.start_mark.index], text[target.end_mark.index:]
    old_is_block = target.style in ("|", ">")
    value = new[len(head):len(new) - len(tail)].strip()
    for props in ("&", "!"):
        while value.startswith(props):
            value = value.split(None, 1)[1]
    r.ok(old_is_block or new.startswith(head) and new.endswith(tail) and
         value in (NEW, '"%s"' % NEW, "'%s'" % NEW), where, "bytes", value)
    want = [replaced(x, target) if i == n else plain(x)
            for i, x in enumerate(roots)]
    loaders = [yaml.CSafeLoader] + ([yaml.SafeLoader] if SLOW else [])
    for loader in loaders:
        count["trees"] += 1
        r.ok([plain(x) for x in documents(new, loader)] == want, where, loader)
    same = d.edit(raw, ("set", p, target.value), document=n + 1)
    r.ok(same == ("none", raw), where, "same value", same[0])
    back = d.edit(got, ("set", p, target.value), document=n + 1)
    if target.style in ("'", '"') or target.tag == STR and \
            is_plain_safe(target.value):
        r.ok(back == ("none", raw), where, "not the old file again", back)
    return n, p, target


def all_at_once(name, raw, roots, done):
    text = raw
    for n in sorted({n for n, p, t in done}):
        code, text = d.edit(text, *[("set", p, NEW) for m, p, t in done
                                    if m == n], document=n + 1)
        r.ok(code == "none", name, "all at once", text)
    targets = {id(t) for n, p, t in done}

    def want(node):
        if id(node) in targets:
            return (STR, NEW)
        if isinstance(node, yaml.MappingNode):
            return [(plain(k), want(v)) for k, v in node.value]
        if isinstance(node, yaml.SequenceNode):
            return ["list"] + [want(v) for v in node.value]
        return plain(node)
    count["trees"] += 1
    loader = yaml.SafeLoader if SLOW or len(raw) < 3000 else yaml.CSafeLoader
    r.ok([plain(x) for x in documents(text.decode("utf-8-sig"), loader)] ==
         [want(x) for x in roots], name, "all at once")


def tree(text):
    return [plain(x) for x in documents(text.decode("utf-8-sig"),
                                        yaml.CSafeLoader)]


def only_inserted(old, new):
    """Is NEW the OLD text with one piece put in?"""
    head = os.path.commonprefix([old, new])
    tail = os.path.commonprefix([old[::-1], new[::-1]])
    return len(head) + len(tail) >= len(old)


def item_wants(name, raw, text, n, image, version, keys):
    """`image` sets VERSION: the entry has KEYS, the rest is as it was."""
    code, got = d.edit(text, ("image", image, version), document=n + 1,
                       create=True)
    r.ok(code == "none", name, image, version, got)
    if code != "none":
        return None
    count["trees"] += 1
    old, new = tree(raw), tree(got)

    def split(t):
        """The root without images, images without the entry, the entry."""
        images = [v for k, v in t if k == (STR, "images")]
        items = images[0][1:] if images and isinstance(images[0], list) else []
        mine = [i for i in items if (("name", image) in
                                     [(k[1], v[1]) for k, v in i])]
        return ([x for x in t if x[0] != (STR, "images")],
                [i for i in items if i not in mine], mine)
    o, w = split(old[n]), split(new[n])
    r.ok(old[:n] + old[n + 1:] == new[:n] + new[n + 1:] and o[:2] == w[:2],
         name, image, "something else changed")
    was = [(k, v) for k, v in (o[2][0] if o[2] else [((STR, "name"),
                                                     (STR, image))])
           if k[1] not in ("newTag", "digest")]
    r.ok(len(w[2]) == 1 and sorted(map(str, w[2][0])) ==
         sorted(map(str, was + [((STR, k), (STR, v)) for k, v in keys])),
         name, image, version, w[2])
    return got


def switches(name, raw, n, image):
    """From whatever stands there to each of the three forms of a version."""
    text = raw
    for version, keys in (("1.0@" + DIGEST,
                           [("newTag", "1.0"), ("digest", DIGEST)]),
                          ("@" + DIGEST, [("digest", DIGEST)]),
                          ("v2", [("newTag", "v2")])):
        text = item_wants(name, raw, text, n, image, version, keys)
        if text is None:
            return
        count["switches"] += 1


def kustomization(name, raw, n, root):
    for k, v in root.value:
        if k.value == "images" and isinstance(v, yaml.SequenceNode):
            for item in v.value:
                for key, x in item.value:
                    if key.value == "name":
                        switches(name, raw, n, x.value)
    got = item_wants(name, raw, raw, n, "example.com/new", "1e5",
                     [("newTag", "1e5")])
    count["adds"] += 1
    r.ok(got and only_inserted(raw, got) or b"images: []" in raw, name,
         "added", got)
    if got:
        code, gone = d.edit(got, ("delete", 'images[name="example.com/new"]',
                                  ""), document=n + 1)
        r.ok(code == "unsafe" or gone == raw, name, "added and removed", gone)


REF = re.compile(r"([A-Za-z0-9.:/_-]+?)(:[\w.+-]+)?(@sha256:[0-9a-f]{64})?$")


def reference(name, raw, n, path, old):
    """A whole image reference: the version in it changes, not the name."""
    m = REF.match(old)
    if not m or path[-1] != "image" or not old[0].isalnum() or "//" in old:
        return      # ko://package is what ko builds; a//b is a mistake
    code, got = d.edit(raw, ("helm", path_of(path), "5.6@" + DIGEST),
                       document=n + 1)
    count["refs"] += 1
    code, value = d.edit(got, ("get", path_of(path), ""), document=n + 1)
    r.ok(value.decode() == m.group(1) + ":5.6@" + DIGEST, name, old, value)


top = os.path.join(DATA, "corpus")
with open(os.path.join(top, "INDEX.tsv"), encoding="utf-8") as f:
    index = [line.rstrip("\n").split("\t") for line in f][1:]
for name, _, _, tags in index:
    with open(os.path.join(top, name), "rb") as f:
        raw = f.read()
    count["files"] += 1
    try:
        text = raw.decode("utf-8-sig")
        roots = documents(text, yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        # composing also trips over duplicate anchors, which are legal
        if "duplicate anchor" in str(e):
            continue
        count["unparsed"] += 1
        r.ok(d.edit(raw, ("set", "a", "b"))[0] == "data", name, "parses?")
        continue
    done = []
    for n, root in enumerate(roots):
        seen = {}
        count_nodes(root, seen)
        for path, chain in fields(root, [], []):
            got = one(name, raw, text, n, roots, path, chain, seen)
            if got:
                done.append(got)
                reference(name, raw, n, path, got[2].value)
        if "kust" in tags.split(",") and isinstance(root, yaml.MappingNode) \
                and len(roots) == 1:
            kustomization(name, raw, n, root)
    if done:
        all_at_once(name, raw, roots, done)
r.ok(count["edits"] >= 1000, "too few edits")
r.end(", ".join("%d %s" % (v, k) for k, v in count.items()))
