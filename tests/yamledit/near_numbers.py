#!/usr/bin/python3
"""Near-numbers set into plain fields read back as strings, by PyYAML (1.1)
and by ruamel.yaml (1.2); and quotes stand exactly where the rule says.
COUNT values (default 100000), from SEED (default: a fixed one)."""
import random, re, sys
import yaml
from ruamel.yaml import YAML
from ye import DATA, Driver, Report
sys.path.insert(0, DATA)
import plain_rule

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 20260101)
ALPHABETS = ["0123456789", "01", "0123456789abcdef", "0123456789e", "01_",
             "0123456789:", "0123456789.", "0123456789+-.eE_:xob",
             "-+.0", "tTrRuUeEfFaAlLsS", "yYnNoOfF", ".iInNfFaA", "~=<>",
             "0123456789-tTzZ:. ", "v.0123456789-", "#:-? a", "[]{},& *!|>'\"%@`",
             "\u00e9\u00a0\u2028\u0085\t\nx\\"]
WORDS = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~",
         ".inf", "-.inf", ".nan", "nan", "inf", "0x", "0o", "0b", "0X1", "1e5",
         "12e4567", "1_000", "12:30:45", "2024-01-02", "0o17", "08", "=", "<<",
         "2024-1-2 ", "0b+0", "0o-7", "2001-12-14t21:59:43.10-05:00", "", "-", "--", "---",
         "...", "+", ".", "_", "0_", "._", "1.", ".e1", "e1", "+.5", "sha256:1"]


def value():
    w = rng.random()
    if w < 0.1:
        s = rng.choice(WORDS)
        return "".join(rng.choice((c.upper(), c.lower())) for c in s)
    s = "".join(rng.choices(rng.choice(ALPHABETS), k=rng.randint(1, 12)))
    if w < 0.3:
        s = rng.choice(["0x", "0o", "0b", "+", "-", ".", "_"]) + s
    if w > 0.9:
        i = rng.randint(0, len(s))
        s = s[:i] + rng.choice(WORDS) + s[i:]
    return s


d = Driver()
r = Report("typing")
# In [ ] ruamel's C parser refuses every plain a:b, so its own one reads those.
ruamel = [YAML(typ="safe"), YAML(typ="safe", pure=True)]
for y in ruamel:
    y.version = (1, 2)
plain = 0
BATCH = 5000
for start in range(0, COUNT, BATCH):
    flow = start // BATCH % 10 == 9
    values = [value() for i in range(min(BATCH, COUNT - start))]
    n = len(values)
    text = "v: [%s]\n" % ", ".join(n * ["x"]) if flow else "v:\n" + n * "- x\n"
    code, got = d.edit(text, *[("set", "v[%d]" % i, v)
                               for i, v in enumerate(values)])
    r.ok(code == "none", got)
    if code != "none":
        continue
    for name, read in (("PyYAML", yaml.load(got, yaml.CSafeLoader)["v"]),
                       ("ruamel.yaml", ruamel[flow].load(got.decode())["v"])):
        for v, back in zip(values, read):
            r.ok(type(back) is str and back == v, name, repr(v), repr(back))
        r.ok(len(read) == n, name, "length")
    nodes = yaml.compose(got, yaml.CSafeLoader).value[0][1].value
    for v, node in zip(values, nodes):
        is_plain = not node.style
        plain += is_plain
        # It lets pass a line break at the end, and what is a number for
        # go-yaml only: a sign behind 0b and 0o.
        rule = plain_rule.plain(v, flow) and "\n" not in v and not \
            re.match("[-+]?0(b[-+][01]*|o[-+][0-7]*|x[-+][0-9a-f]*)$",
                     v.replace("_", ""), re.I)
        r.ok(is_plain == (rule or v == "x"), "rule", repr(v), node.style)
r.end("%d values, %d of them left plain, all strings for YAML 1.1 and 1.2"
      % (COUNT, plain))
