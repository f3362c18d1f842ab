"""What a race left in a repository, judged by git alone.

    judge.py REPO START PLAN SAID

START is the commit from before the race. PLAN has a line for each change that
somebody set out to make, "bot SERVICE VERSION" or "person MARK VALUE". SAID
has a line for each process, "SERVICE VERSION EXIT ACTION COMMIT": what it
claimed. In the files of the race each line that may change ends in a comment
of its own, "# MARK", which for a tag is the service's name.

Says nothing if, and only if, each change landed exactly once, as a commit with
one parent and one line of one file changed, nothing else landed, every claim
is true, and the files at the end are those of the beginning with the last
values in them, byte for byte.
"""
import re
import subprocess
import sys

repo, start, plan_file, said_file = sys.argv[1:5]
wrong = []


def git(*args):
    return subprocess.run(("git", "-C", repo) + args, check=True,
                          stdout=subprocess.PIPE).stdout


def text(*args):
    return git(*args).decode()


class Objects:
    """Blobs, by one git cat-file --batch."""

    def __init__(self):
        self.p = subprocess.Popen(("git", "-C", repo, "cat-file", "--batch"),
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        self.seen = {}

    def get(self, name):
        if name not in self.seen:
            self.p.stdin.write(name.encode() + b"\n")
            self.p.stdin.flush()
            head = self.p.stdout.readline().split()
            self.seen[name] = self.p.stdout.read(int(head[2]))
            self.p.stdout.read(1)
        return self.seen[name]


objects = Objects()


def line_of(mark):
    """The line with that mark: before, value and after it."""
    return re.compile(rb"(?m)^([ \t]+[-\w ]+: )(\S+)([ \t]+# " +
                      re.escape(mark.encode()) + rb")$")


def put(data, mark, value):
    """DATA with VALUE on the line of MARK; None: no such line, or several."""
    new, n = line_of(mark).subn(
        lambda m: m.group(1) + value.encode() + m.group(3), data)
    return new if n == 1 else None


plan = {}
last_said = {}
for line in open(plan_file):
    who, mark, value = line.split()
    plan[who, mark, value] = plan.get((who, mark, value), 0) + 1
said = [line.rstrip("\n").split(" ") for line in open(said_file)]

if text("rev-list", "--merges", f"{start}..main"):
    wrong.append("there are merges")
if text("merge-base", start, "main").strip() != start:
    wrong.append("the history before the race is gone")

# Every commit, oldest first, by what it does and not by what it says.
landed = {}
files = {}
for entry in text("ls-tree", "-r", start).splitlines():
    meta, path = entry.split("\t")
    files[path] = objects.get(meta.split()[2])
log = text("log", "--reverse", "--first-parent", "--no-renames", "--raw",
           "--no-abbrev", "--format=%x01%H%x02%P%x02%an%x02%s%x02"
           "%(trailers:key=Promote-Service,valueonly,separator=%x2C)%x02"
           "%(trailers:key=Promote-Version,valueonly,separator=%x2C)",
           f"{start}..main")
before = start
for chunk in log.split("\x01")[1:]:
    head, _, raw = chunk.partition("\n")
    commit, parents, author, subject, service, version = head.split("\x02")
    raws = [r for r in raw.splitlines() if r.startswith(":")]
    name = f"{commit[:10]} ({subject})"
    if parents != before:
        wrong.append(f"{name}: its parent is not the commit before it")
    before = commit
    if len(raws) != 1:
        wrong.append(f"{name}: changes {len(raws)} files")
        continue
    meta, path = raws[0].split("\t")
    old_mode, new_mode, old, new, kind = meta[1:].split()
    if kind != "M" or old_mode != new_mode:
        wrong.append(f"{name}: {kind} {old_mode} {new_mode} {path}")
        continue
    if author == "person":
        who, (mark, value) = "person", subject.split(" ")
    else:
        who, mark, value = "bot", service, version
    if put(objects.get(old), mark, value) != objects.get(new):
        wrong.append(f"{name}: {path} is not as before with {mark} {value}")
    landed.setdefault((who, mark, value), []).append(commit)
    files[path] = put(files[path], mark, value) or b""

for (who, mark, value), n in plan.items():
    times = len(landed.get((who, mark, value), []))
    if times != n:
        wrong.append(f"{who}: {mark} {value} landed {times} times, not {n}")
for who, mark, value in landed:
    if (who, mark, value) not in plan:
        wrong.append(f"{who}: {mark} {value} was never planned")

# The end, put together from the beginning: nobody's change was lost later.
at_end = {}
for entry in text("ls-tree", "-r", "main").splitlines():
    meta, path = entry.split("\t")
    at_end[path] = objects.get(meta.split()[2])
if at_end != files:
    wrong.append("the files at the end are not those of the beginning with "
                 "the landed values in them")

for service, version, code, action, commit in said:
    if code != "0":
        wrong.append(f"{service} {version}: exit {code}")
    elif landed.get(("bot", service, version)) != [commit]:
        wrong.append(f"{service} {version}: claims {action} {commit}")

for w in wrong[:20]:
    print("  " + w)
if len(wrong) > 20:
    print(f"  and {len(wrong) - 20} more")
sys.exit(1 if wrong else 0)
