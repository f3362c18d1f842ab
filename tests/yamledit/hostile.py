#!/usr/bin/python3
"""Every case of yaml-hostile: the bytes wanted, or refused where it says so."""
import json, os
from ye import DATA, Driver, Report, path_of

# Right in another way than the one of several that the case fixes.
MAY_DIFFER = {}

d = Driver()
r = Report("yaml-hostile")
top = os.path.join(DATA, "yaml-hostile")
refused = different = 0


def read(name, file):
    with open(os.path.join(top, name, file), "rb") as f:
        return f.read()


names = sorted(n for n in os.listdir(top) if n[:3].isdigit())
for name in names:
    e = json.loads(read(name, "edit.json"))
    path, value = list(e["path"]), e.get("value")
    # What a case adds is asked for, as a user does with --create.
    create = e["op"] == "append" or "add-" in name or "merge-provides" in name
    if e["op"] == "append":
        path += [{"name": value["name"]}, "newTag"]
        value = value["newTag"]
    op = "delete" if e["op"] == "remove" else "set"
    text = read(name, "in.yaml")
    code, got = d.edit(text, (op, path_of(path), value or ""),
                       document=e.get("doc", 0) + 1, create=create)
    if os.path.exists(os.path.join(top, name, "refuse.txt")):
        refused += 1
        r.ok(code in ("notfound", "unsafe", "data") and
             got.split(b":")[0].isdigit(), name, "not refused:", code, got)
        continue
    want = read(name, "want.yaml")
    if name in MAY_DIFFER and code == "none":
        different += got != want
        r.ok(True, name)
        continue
    r.ok(code == "none" and got == want, name, code, "\n got", got, "\nwant",
         want)
    if code == "none" and op == "set":
        again = d.edit(got, (op, path_of(path), value),
                       document=e.get("doc", 0) + 1)
        r.ok(again == ("none", got), name + ", once more", again)
r.ok(len(names) >= 169, "only %d cases" % len(names))
r.ok(different <= 8, "%d differ" % different)
r.end("%d cases, %d of them refused, %d right in another way"
      % (len(names), refused, different))
