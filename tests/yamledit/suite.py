#!/usr/bin/python3
"""yaml-test-suite: in every case that libyaml parses, each scalar that a path
leads to is set to each of a list of values that want quoting; the events of
the result differ in that scalar only. Every other case is refused."""
import os, sys, yaml
from ye import DATA, Driver, Report, path_of
sys.path.insert(0, DATA)
from plain_rule import plain as is_plain_safe  # noqa: E402

VALUES = ["v2", "12e4567", "true", "~", "", "a: b", "a #b", "- x", "it's",
          "\"\\", "a\nb\n", "\t", " x ", "\u00e9\u2028\u0085", "[a]", "{a",
          "*a", "&a", "!a", "%a", "@a", "|", "?", "---", "...", "=", "<<",
          "\x07", "\ufeffx", "\U0001f600", "x" * 1100]
# Refused, though a path leads there, for what libyaml does with the rest.
ODD = {
    "DK95/05": "a tab below a plain scalar, an error below a quoted one",
    "EB22": "a directive behind a text without '...', which is an error",
    "MUS6/01": "the same behind an empty document",
    "DFF7": "a '?' with no key behind it",
}
STR = "tag:yaml.org,2002:str"
d = Driver()
r = Report("yaml-test-suite")
count = dict(cases=0, edits=0, paths=0, unreachable=0, shared=0, tagged=0,
             odd=0, refused=0)


def events(text):
    return list(yaml.parse(text, Loader=yaml.CSafeLoader))


def view(e):
    """An event without its marks."""
    return (type(e), getattr(e, "value", None), getattr(e, "anchor", None),
            getattr(e, "tag", None), getattr(e, "flow_style", None),
            getattr(e, "style", None), getattr(e, "explicit", None),
            getattr(e, "implicit", None))


class Node:
    def __init__(self, i, e):
        self.i, self.e, self.children, self.target = i, e, [], None


def tree(ev):
    """The documents as nodes; aliases point at what they stand for."""
    docs, stack, anchors = [], [], {}
    for i, e in enumerate(ev):
        if isinstance(e, yaml.DocumentStartEvent):
            anchors = {}
        if not isinstance(e, yaml.NodeEvent):
            if isinstance(e, yaml.CollectionEndEvent):
                stack.pop()
            continue
        n = Node(i, e)
        if isinstance(e, yaml.AliasEvent):
            n.target = anchors.get(e.anchor)
            if n.target:
                n.target.shared = True
        elif e.anchor:
            anchors[e.anchor] = n
        (stack[-1].children if stack else docs).append(n)
        n.shared = False
        if isinstance(e, yaml.CollectionStartEvent):
            stack.append(n)
    return docs


def targets(n, steps, why):
    """(path, node, why it may be refused) of each scalar that is a value."""
    if n.shared:
        why = why or "shared"
    if isinstance(n.e, yaml.ScalarEvent):
        if n.e.tag not in (None, STR, "!"):
            why = why or "tagged"
        yield steps, n, why
    elif isinstance(n.e, yaml.SequenceStartEvent):
        for i, c in enumerate(n.children):
            yield from targets(c, steps + [i], why)
    elif isinstance(n.e, yaml.MappingStartEvent):
        keys = [(k.target or k).e for k in n.children[::2]]
        texts = [getattr(k, "value", None) for k in keys]
        for k, v in zip(n.children[::2], n.children[1::2]):
            text = getattr(k.e, "value", None)
            bad = why
            if k.target or text is None or "\0" in text:
                bad = bad or "unreachable"
            elif texts.count(text) > 1:
                bad = bad or "unreachable"
            yield from targets(v, steps + [text or ""], bad)


def check(name, raw, text, ev, doc, steps, n, why):
    p = path_of(steps)
    old = n.e.value
    code, got = d.edit(raw, ("set", p, old), document=doc)
    if not why and name not in ODD:
        r.ok(("none", raw) == (code, got), name, p, "same value", code, got)
    for value in VALUES:
        if value == old:
            continue
        code, got = d.edit(raw, ("set", p, value), document=doc)
        where = "%s %s = %r" % (name, p, value)
        if code != "none":
            why = why or (name in ODD and "odd")
            r.ok(code in ("unsafe", "notfound") and why,
                 where, code, got, raw)
            count[why or "odd"] += 1
            return
        r.ok(not why, where, "not refused", why)
        count["edits"] += 1
        new = events(got)
        want = [view(e) for e in ev]
        seen = [view(e) for e in new]
        is_same = len(new) == len(ev) and new[n.i].value == value and \
            new[n.i].anchor == n.e.anchor and new[n.i].tag == n.e.tag and (
                new[n.i].style in ("'", '"') or is_plain_safe(value))
        if is_same:
            want[n.i] = seen[n.i] = None
        r.ok(is_same and want == seen, where, raw, got)
        if n.e.style not in ("|", ">"):
            s, e = n.e.start_mark.index, n.e.end_mark.index
            new_text = got.decode("utf-8-sig")
            r.ok(s == e or new_text.startswith(text[:s]) and
                 new_text.endswith(text[e:]), where, "bytes", raw, got)
        if n.e.style in ("'", '"') and old.isprintable() and \
                "\n" not in text[n.e.start_mark.index:n.e.end_mark.index] and \
                (n.e.style == "'" or '\\' not in
                 text[n.e.start_mark.index:n.e.end_mark.index]) or \
                n.e.style is None and is_plain_safe(old) and not n.e.tag:
            back = d.edit(got, ("set", p, old), document=doc)
            if value.isprintable() or n.e.style != "'":
                r.ok(back == ("none", raw), where, "back", back, raw)
    count["paths"] += 1


top = os.path.join(DATA, "yaml-test-suite")
for folder, _, files in sorted(os.walk(top)):
    if "in.yaml" not in files:
        continue
    name = os.path.relpath(folder, top)
    with open(os.path.join(folder, "in.yaml"), "rb") as f:
        raw = f.read()
    count["cases"] += 1
    try:
        ev = events(raw)
    except yaml.YAMLError:
        count["refused"] += 1
        r.ok(d.edit(raw, ("set", ".", "v"))[0] == "data", name, "parses?")
        continue
    text = raw.decode("utf-8-sig")
    for doc, root in enumerate(tree(ev)):
        for steps, n, why in targets(root, [], None):
            check(name, raw, text, ev, doc + 1, steps, n, why)
r.ok(count["cases"] >= 400 and count["edits"] >= 10000, "too few")
r.end(", ".join("%d %s" % (v, k) for k, v in count.items()))
