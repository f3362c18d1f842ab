"""Talks to the driver, and counts. Shared by the checkers beside it."""
import os, subprocess, sys

ERR = ["none", "usage", "wait", "person", "race", "transient", "refused",
       "notfound", "unsafe", "data", "security", "bug"]
DATA = os.environ.get("DATA", "../shared")
BUILD = os.environ.get("BUILD", "build")


class Driver:
    def __init__(self):
        self.p = subprocess.Popen([BUILD + "/ye-driver"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def edit(self, text, *edits, document=0, where="", create=False):
        """(code, text or message); each edit is (operation, path, value)."""
        fields = [text, str(document), where, "1" if create else ""]
        for e in edits:
            fields += e
        out = [b"%d\n" % len(fields)]
        for f in fields:
            f = f if isinstance(f, bytes) else f.encode()
            out.append(b"%d\n" % len(f) + f)
        self.p.stdin.write(b"".join(out))
        self.p.stdin.flush()
        head = self.p.stdout.readline().split()
        if len(head) != 2:
            sys.exit("the driver died on %r %r" % (edits, text[:2000]))
        body = self.p.stdout.read(int(head[1]))
        return ERR[int(head[0])], body


def quote(s):
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"'


def path_of(steps):
    """Keys, indexes and {key: value} as yamledit writes a path."""
    out = ""
    for s in steps:
        if isinstance(s, int):
            out += "[%d]" % s
        elif isinstance(s, dict):
            (k, v), = s.items()
            out += "[%s=%s]" % (quote(k), quote(v))
        else:
            out += ("." if out else "") + quote(s)
    return out or "."


class Report:
    """Counts what was proven; prints one line for it at the end."""
    def __init__(self, name):
        self.name, self.n, self.bad = name, 0, 0

    def ok(self, is_ok, what, *more):
        self.n += 1
        if not is_ok:
            self.bad += 1
            if self.bad <= 20:
                print("# %s: %s" % (self.name, what), *more)

    def end(self, text):
        print("%s - %s: %s" % ("not ok" if self.bad else "ok", self.name, text))
        sys.exit(1 if self.bad else 0)
