"""What scenarios can expect; the functions' first lines say what it means."""
import re

from forms import expect, moment, stamp, text_of
from world import TOKEN, Failed, same

VERDICTS = {'passes': 'pass', 'waits': 'wait', 'refuses': 'refuse'}


# ---- what the bot said ----

@expect('SPOT [OLD ->] NEW: STATE [#N] [(TEXT)]')
def row(w, SPOT, **_):
    """a result; all that are not `unchanged` have to be there. TEXT is in it"""
    w.spot = SPOT       # rows() has looked at it


def rows(w, below):
    """The results that are expected below a command, all of them together."""
    lines = [x.words for x in below if x.form.does is row]
    got = [r for r in w.rows() if r.action != 'unchanged'
           or any(x['SPOT'] == r.spot for x in lines)]

    def fits(r, x):
        return (r.spot == x['SPOT'] and r.action == x['STATE']
                and (x['OLD'] is None or x['OLD'] == r.old)
                and x['NEW'] == (r.new or r.old or '-')
                and (x['N'] is None or x['N'] == str(r.number))
                and (x['TEXT'] is None or timed(w, x['TEXT']) in r.reason))
    if len(got) != len(lines) or not all(
            any(fits(r, x) for r in got) for x in lines):
        raise Failed('the results are others' + ''.join(
            f'\n  expected: {x.text}' for x in below if x.form.does is row) + ''.join(
            f'\n  came:     {r}' for r in got))


def timed(w, text):
    """Times in messages: {Mon 10:30} is 2026-11-02T10:30:00Z"""
    return re.sub(r'\{([^}]*\d:\d\d[^}]*)\}', lambda m: stamp(moment(m.group(1), w.now)),
                  text)


@expect('NAME VERDICT [until TIME][: TEXT]')
def gate(w, NAME, VERDICT, TIME, TEXT):
    """a gate's verdict in the result above it, with TEXT in the reason"""
    until = TIME and stamp(moment(TIME, w.now))
    for r in w.rows():
        for g in r.gates if r.spot == w.spot else ():
            if ((g['gate'], g['verdict']) == (NAME, VERDICTS[VERDICT])
                    and until in (None, g['until'])
                    and timed(w, TEXT or '') in g['reason']):
                return
    raise Failed(f'{w.spot} has no such verdict')


@expect('nothing')
def nothing(w):
    """every result is `unchanged`, and nothing is written"""
    rows(w, [])
    writes_nothing(w)


@expect('writes nothing')
def writes_nothing(w):
    """no ref moves, and no request but such that read"""
    same('refs', w.refs(), w.before)
    if w.forge:
        same('requests that write', w.writes(), [])


@expect('exit CODE')
def exit_(w, CODE):
    """else 0 is expected"""


@expect('says TEXT')
def says(w, TEXT):
    """in its messages and reasons, or on stdout of status, log, check"""
    if timed(w, TEXT) not in w.all_said():
        raise Failed(f'it does not say: {timed(w, TEXT)}')


@expect('one line says TEXT')
def one_line_says(w, TEXT):
    """exactly one"""
    same('lines', sum(timed(w, TEXT) in x for x in w.all_said().split('\n')), 1)


@expect('never says TEXT')
def never_says(w, TEXT):
    """nowhere"""
    if TEXT in w.out + w.err:
        raise Failed(f'it says: {TEXT}')


@expect('at most N requests')
def at_most(w, N):
    """of any kind, during the last command"""
    if len(w.requests()) > int(N):
        raise Failed(f'{len(w.requests())} requests')


@expect('at most N KB')
def at_most_kb(w, N):
    """of git's, both ways, during the last command"""
    size = sum(q['git'][way] for q in w.requests() if q.get('git')
               for way in ('bytes_in', 'bytes_out') if way in q['git'])
    if size > int(N) * 1024:
        raise Failed(f'{size} bytes')


@expect('not before N seconds')
def not_before(w, N):
    """the last command ended"""
    if w.took < int(N):
        raise Failed(f'{w.took:.1f} s')


@expect('within N seconds')
def within(w, N):
    """the last command ended"""
    if w.took > int(N):
        raise Failed(f'{w.took:.1f} s')


@expect('the host is asked N times')
def host_asked(w, N):
    """since the scenario began; never with the forge's token"""
    same('requests', len(w.host().asked), int(N))
    if any(TOKEN in str(x) for x in w.host().asked):
        raise Failed('the token was sent there')


# ---- what is in the repository ----

@expect('trailers of COMMIT are gone')
def no_trailers(w, COMMIT):
    """its message has none of the bot's"""
    same('trailers', re.findall('^Promote-.*', w.message(COMMIT), re.M), [])


@expect('FILE [on BRANCH] has the line TEXT')
def has_line(w, FILE, BRANCH, TEXT):
    """spaces at both ends do not matter"""
    text = w.show(f'{BRANCH or "main"}:{FILE}') or ''
    if TEXT not in [x.strip() for x in text.split('\n')]:
        raise Failed(f'{FILE} has no such line:\n{text}')


@expect('BRANCH has LIST')
def has(w, BRANCH, LIST):
    """ENV/SERVICE VERSION, ... (digests: TAG@sha256:...), as written there"""
    for item in LIST.split(', '):
        spot, version = item.split()
        same(f'{spot} on {BRANCH}', w.version(BRANCH, spot), version)


@expect('BRANCH stands')
def stands(w, BRANCH):
    """it is where it was before the last command"""
    same(BRANCH, w.refs().get(BRANCH), w.before.get(BRANCH))


@expect('BRANCH is gone')
def gone(w, BRANCH):
    """there is no such branch"""
    same(BRANCH, w.refs().get(BRANCH), None)


@expect('BRANCH is N commit on main', 'BRANCH is N commits on main')
def on_main(w, BRANCH, N):
    """so many of its own, the first one on main's head"""
    at = BRANCH
    for _ in range(int(N)):
        at = w.parents(at)[0]
    same(f'{BRANCH}~{N}', at, w.refs()['main'])


@expect('main gets N commit[: TEXT]', 'main gets N commits[: TEXT]')
def gets(w, N, TEXT):
    """by the last command; these files change, comma between them"""
    old, new = w.before['main'], w.refs()['main']
    walked, at = 0, new
    while at != old:
        walked, at = walked + 1, w.parents(at)[0]
    same('commits on main', walked, int(N))
    if TEXT:
        changed = w.git('diff', '--name-only', old, new).decode().split()
        same('files', changed, sorted(TEXT.split(', ')))


@expect('COMMIT changes only LIST')
def changes_only(w, COMMIT, LIST):
    """against its first parent: files, comma between them"""
    changed = w.git('diff', '--name-only', f'{COMMIT}~1', COMMIT).decode().split()
    same('files', changed, sorted(LIST.split(', ')))


@expect('COMMIT is by WHO')
def author(w, COMMIT, WHO):
    """the author's name, as the commit says it"""
    same('author', re.findall('^author (\\S+)', w.show(COMMIT), re.M), [WHO])


@expect('BRANCH changes:', block=True)
def changes(w, BRANCH, BLOCK):
    """the lines, - and +, in which it differs from where it was, or from main"""
    old = w.before.get(BRANCH) or w.refs()['main']
    if BRANCH != 'main':
        old = w.refs()['main']
    diff = w.git('diff', '-U0', old, w.refs()[BRANCH]).decode().split('\n')
    got = [x for x in diff if re.match(r'[-+](?!--|\+\+)', x)]
    same('the diff', '\n'.join(got) + '\n', text_of(BLOCK))


@expect('trailer NAME of COMMIT is TEXT')
def trailer(w, NAME, COMMIT, TEXT):
    """in the message of main, main~1, promote/..."""
    same(NAME, re.findall(rf'^{NAME}: (.*)$', w.message(COMMIT), re.M), [TEXT])


@expect('the tree of COMMIT is that of NAME')
def same_tree(w, COMMIT, NAME):
    """not a byte differs"""
    same('trees', *(w.show(f'{x}^{{tree}}') for x in (COMMIT, NAME)))


# ---- pull requests ----

@expect('pull requests LIST', 'no pull request')
def pull_requests(w, LIST=None):
    """all of them, as in: #1 merged, #2 open"""
    same('pull requests', ', '.join(f'#{p["number"]} {p["state"]}' for p in w.pulls()),
         LIST or '')


@expect('#N is titled TEXT')
def titled(w, N, TEXT):
    """exactly"""
    same('title', w.pull(N)['title'], TEXT)


@expect('#N says TEXT')
def pr_says(w, N, TEXT):
    """in its body, the hidden marker included"""
    if timed(w, TEXT) not in w.pull(N)['body']:
        raise Failed(f'the body of #{N} does not say: {TEXT}\n{w.pull(N)["body"]}')


@expect('#N never says TEXT')
def pr_never_says(w, N, TEXT):
    """nowhere in title and body"""
    if TEXT in w.pull(N)['title'] + w.pull(N)['body']:
        raise Failed(f'#{N} says: {TEXT}')


@expect('#N is armed')
def armed(w, N, on=True):
    """the forge is to merge it by itself as soon as it may"""
    same('armed', w.pull(N)['armed'], on)


@expect('#N is not armed')
def not_armed(w, N):
    """it is not"""
    armed(w, N, False)


@expect('#N has the label NAME')
def label(w, N, NAME):
    """among others"""
    same('labels', NAME in w.pull(N)['labels'], True)


@expect('NAME on #N is STATE[: TEXT]')
def status_on(w, NAME, N, STATE, TEXT):
    """the newest commit status of that name on its head; TEXT is in it"""
    said = {s['context']: s for s in w.api(
        f'commits/{w.pull(N)["head_sha"]}/status')['statuses'] or []}.get(NAME, {})
    same('status', said.get('state') or said.get('status'), STATE)
    if TEXT and timed(w, TEXT) not in said['description']:
        raise Failed(f'the status says: {said["description"]}')
