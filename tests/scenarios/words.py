"""What scenarios can say; the functions' first lines say what it means."""
import os
import random
import re
import shlex

from forms import ACTS, act, expect, moment, seconds, setting, stamp, understand
from world import TOKEN, Failed, same

VERDICTS = {'passes': 'pass', 'waits': 'wait', 'refuses': 'refuse'}


# ---- settings ----

@setting('forge NAME')
def forge(w, NAME):
    """gitea (where --forge says nothing else), github, forgejo, or none: on disk,
    staging by push, too"""
    w.forge_kind = NAME
    if NAME == 'none':
        w.configure('staging.merge', None)
        w.configure('staging.deliver', 'push')


@setting('with KEY: TEXT')
def with_(w, KEY, TEXT):
    """promote.yaml has ENV.KEY so, or together.SET, limits.KEY, services"""
    w.configure(KEY, TEXT)


@setting('without KEY')
def without(w, KEY):
    """promote.yaml does not have it"""
    w.configure(KEY, None)


@setting('services LIST')
def services(w, LIST):
    """SERVICE VERSION or ENV/SERVICE VERSION, ...; else web and api, 1.4.0"""
    if not getattr(w, 'told', False):
        w.versions, w.told = {}, True
    for item in LIST.split(','):
        name, version = item.split()
        w.versions[name] = version


@setting('FILE of N KB')
def big_file(w, FILE, N):
    """a file with so much that nobody edits, and no packer makes smaller"""
    w.files[FILE] = random.Random(1).randbytes(int(N) * 512).hex() + '\n'


@setting('FILE:', block=True)
def file(w, FILE, BLOCK):
    """the text of a file, indented below it; promote.yaml may be one"""
    w.files[FILE] = text_of(BLOCK)


def text_of(block):
    indent = min(len(x) - len(x.lstrip()) for x in block)
    return ''.join(x[indent:] + '\n' for x in block)


# ---- the bot ----

@act('git promote ARGS', 'VARIABLE=VALUE git promote ARGS')
def promote(w, ARGS, VARIABLE=None, VALUE=None):
    """the bot; --json goes with bump, to, auto and rollback"""
    w.run(ARGS, {VARIABLE: VALUE} if VARIABLE else {})


@act('again')
def again(w):
    """the same command, once more"""
    w.run(w.args, w.env)


@act('every DURATION, N times: ACT')
def every(w, DURATION, N, ACT):
    """now and each DURATION after it; {n} is 1, 2, 3 ..."""
    for n in range(1, int(N) + 1):
        if n > 1:
            w.clock(w.now + seconds(DURATION))
        do(w, ACT.replace('{n}', str(n)))
        same('exit', w.exit, 0)


def do(w, text):
    form, words = understand(ACTS, text)
    form.does(w, **words)


# ---- people ----

def edit(w, who, branch, files, message, dated=None):
    dated = None if dated is None else moment(dated, w.now)
    branch = branch or 'main'
    w.kept = f'refs/heads/{branch}', w.commit(branch, files, message, who, dated)


@act('WHO sets SPOT VERSION [on BRANCH] [dated TIME]')
def sets(w, WHO, SPOT, VERSION, BRANCH, TIME):
    """a commit by hand: ENV/SERVICE has VERSION; its clock may be wrong"""
    path = w.file(SPOT)
    text = w.show(f'{BRANCH or "main"}:{path}')
    edit(w, WHO, BRANCH, {path: re.sub(r'newTag: \S+', f'newTag: {VERSION}', text)},
         f'{SPOT} {VERSION}', TIME)


@act('WHO bumps SPOT VERSION build N')
def bumps(w, WHO, SPOT, VERSION, N):
    """a commit as the bot makes them, from another pipeline"""
    env, service = SPOT.split('/')
    path = w.file(SPOT)
    text = re.sub(r'newTag: \S+', f'newTag: {VERSION}', w.show(f'main:{path}'))
    edit(w, WHO, None, {path: text}, f'{env}: {service} {VERSION}\n\n'
         f'Promote-Service: {service}\nPromote-Environment: {env}\n'
         f'Promote-Version: {VERSION}\nPromote-Build: {N}\n')


@act('WHO edits FILE [on BRANCH]: BEFORE => TEXT')
def edits(w, WHO, FILE, BRANCH, BEFORE, TEXT):
    """a commit that has TEXT where the file had BEFORE"""
    old = w.show(f'{BRANCH or "main"}:{FILE}')
    if BEFORE not in old:
        raise Failed(f'{FILE} has no {BEFORE}')
    edit(w, WHO, BRANCH, {FILE: old.replace(BEFORE, TEXT)}, f'edit {FILE}')


@act('WHO adds to FILE [on BRANCH]: TEXT')
def adds(w, WHO, FILE, BRANCH, TEXT):
    """a commit with one more line at the end of it, or with a new file"""
    old = w.show(f'{BRANCH or "main"}:{FILE}') or ''
    edit(w, WHO, BRANCH, {FILE: f'{old}{TEXT}\n'}, f'edit {FILE}')


@act('WHO removes FILE')
def removes(w, WHO, FILE):
    """a commit without it"""
    edit(w, WHO, None, {FILE: None}, f'remove {FILE}')


@act('WHO moves OLD to NEW')
def moves(w, WHO, OLD, NEW):
    """a commit in which a folder has another name"""
    paths = w.git('ls-tree', '-r', '--name-only', 'main', f'{OLD}/').decode().split()
    files = {p: None for p in paths}
    files.update({NEW + p[len(OLD):]: w.show(f'main:{p}') for p in paths})
    edit(w, WHO, None, files, f'rename {OLD}')


@act('WHO commits nothing [dated TIME]')
def commits_nothing(w, WHO, TIME):
    """a commit that changes no file"""
    edit(w, WHO, None, {}, 'nothing', TIME)


@act('N commits of others land')
def others(w, N):
    """a busy base; what they change is no business of the bot's"""
    w.stream(*(w.commit_text('main', {'README.md': f'{n}\n'}, f'note {n}',
                             parent=None if n else w.refs()['main'])
               for n in range(int(N))))


@act('WHO reverts COMMIT')
def reverts(w, WHO, COMMIT):
    """a commit that takes back what main, main~1 ... did to its first parent"""
    parent = w.parents(COMMIT)[0]
    paths = w.git('diff-tree', '-r', '--name-only', parent, w.sha(COMMIT)).decode()
    edit(w, WHO, None, {p: w.show(f'{parent}:{p}') for p in paths.split()},
         f'Revert "{w.message(COMMIT).splitlines()[0]}"')


@act('WHO configures KEY: TEXT', 'WHO takes KEY out of promote.yaml')
def configures(w, WHO, KEY, TEXT=None):
    """a commit that changes promote.yaml"""
    w.configure(KEY, TEXT)
    edit(w, WHO, None, {'promote.yaml': w.promote_yaml()}, 'promote.yaml')


@act('WHO merges #N [by METHOD] [saying TEXT]')
def merges(w, WHO, N, METHOD, TEXT):
    """merge, squash, rebase ...; with this message instead of the bot's"""
    w.at_forge('merge', number=N, user=WHO, method=METHOD or 'merge', admin=True,
               title=TEXT, message=TEXT and '')


@act('WHO presses merge on #N')
def presses_merge(w, WHO, N):
    """and is bound by branch protection, where that asks for something"""
    try:
        w.at_forge('merge', number=N, user=WHO, method='merge')
    except Failed:
        pass


@act('WHO closes #N')
def closes(w, WHO, N):
    """a person's no"""
    w.at_forge('close', number=N, user=WHO)


@act('WHO reopens #N')
def reopens(w, WHO, N):
    """and the no is taken back"""
    w.at_forge('reopen', number=N, user=WHO)


@act('WHO approves #N')
def approves(w, WHO, N):
    """a review of the head as it is"""
    w.at_forge('review', number=N, user=WHO)


@act('WHO merges main into BRANCH')
def merges_main(w, WHO, BRANCH):
    """as the forge's button does that updates a branch"""
    paths = w.git('diff', '--name-only', f'{BRANCH}...main').decode().split()
    w.commit(BRANCH, {p: w.show(f'main:{p}') for p in paths}, 'Merge main', WHO,
             merged=w.refs()['main'])


@act('WHO merges BRANCH into main')
def merges_into_main(w, WHO, BRANCH):
    """a merge commit by hand"""
    paths = w.git('diff', '--name-only', f'main...{BRANCH}').decode().split()
    w.commit('main', {p: w.show(f'{BRANCH}:{p}') for p in paths}, 'Merge', WHO,
             merged=w.refs()[BRANCH])


@act('WHO makes BRANCH from COMMIT')
def makes(w, WHO, BRANCH, COMMIT):
    """a branch"""
    w.git('update-ref', f'refs/heads/{BRANCH}', w.sha(COMMIT), '')


@act('WHO opens BRANCH as if it were VERSION')
def forges(w, WHO, BRANCH, VERSION):
    """a pull request that looks like the bot's for promote/ENV/SERVICE"""
    _, env, service = BRANCH.split('/')
    w.at_forge('pulls', user=WHO, head=BRANCH, base='main',
               title=f'Promote {service} {VERSION} to {env}',
               body=f'<!-- git-promote service={service} environment={env} '
                    f'version={VERSION} by=auto -->')


@act('WHO writes in #N: TEXT')
def writes_in(w, WHO, N, TEXT):
    """its body is that from here on"""
    w.at_forge('edit', number=N, body=TEXT)


@act('WHO deletes BRANCH')
def deletes(w, WHO, BRANCH):
    """a branch is gone"""
    w.git('update-ref', '-d', f'refs/heads/{BRANCH}')


# ---- the forge ----

@act('NAME is STATE on #N', 'NAME is STATE on COMMIT')
def ci(w, NAME, STATE, N=None, COMMIT=None):
    """CI's word (success, failure, pending, error) on a commit"""
    if N:
        w.at_forge('status', number=N, context=NAME, state=STATE)
    else:
        w.at_forge('status', sha=w.sha(COMMIT), context=NAME, state=STATE)


@act('main asks for N approval', 'main asks for LIST')
def protect(w, N=None, LIST=None):
    """branch protection: approvals, or checks by name, comma between them"""
    rule = {'approvals': int(N)} if N else {'contexts': LIST.split(', ')}
    w.at_forge('protect', branch='main', **rule)


@act('main has a merge queue')
def queue(w):
    """GitHub's: what is to be merged lands at some later look"""
    w.at_forge('protect', branch='main', queue=True)
    w.forge.ask('POST', '/_sim/trap', {'queue-polls': 1000})


@act('main takes no push')
def no_push(w):
    """branch protection: only pull requests"""
    w.at_forge('protect', branch='main', block_push=True)


@act('trap NAME=CODE')
def trap(w, NAME, CODE):
    """the forge misbehaves: forge-sim --help"""
    w.forge.ask('POST', '/_sim/trap', {NAME: int(CODE)})


@act('calm')
def calm(w):
    """it behaves again"""
    w.forge.ask('DELETE', '/_sim/trap')


@act('while the next STATE is on its way: ACT')
def neighbour(w, STATE, ACT):
    """push, merge: somebody's commit lands before it"""
    w.keeping = True
    do(w, ACT)
    w.keeping = False
    between(w, 'POST|PUT', {'push': 'git-receive-pack$', 'merge': '/merge$'}[STATE],
            ['git', '--git-dir', w.dir, 'update-ref', *w.kept])


@act('while the next METHOD PATH is on its way: git promote ARGS')
def another(w, METHOD, PATH, ARGS):
    """another run of the bot, from begin to end"""
    env = [f'{k}={v}' for k, v in w.bot_env().items()]
    between(w, METHOD, PATH, [
        'env', '-i', *env, f'{w.build}/git-promote', *shlex.split(ARGS), '-q'])


@act('the next command is killed WHEN METHOD PATH')
def killed(w, WHEN, METHOD, PATH):
    """kill -9, before or after the forge did what such a request asks for"""
    w.pid = f'{w.folder}.pid'
    between(w, METHOD, PATH, ['sh', '-c', f'kill -9 $(cat {w.pid})'], when=WHEN,
            do='cut' if WHEN == 'before' else 'none')


def between(w, method, path, run, **more):
    """RUN is started in the middle of that request; it has to come."""
    w.awaited = f'{w.folder}.between'
    open(w.awaited, 'w').close()
    fault(w, **{'do': 'none', **more}, method=method, path=path,
          run=['sh', '-c', 'rm "$0" && exec "$@"', w.awaited, *run])


@act('the next push is taken and not answered; somebody lands on top of it')
def lost_answer(w):
    """as with a connection that breaks while the base is busy"""
    base = f'git --git-dir {w.dir}'
    between(w, 'POST', 'git-receive-pack$', [
        'sh', '-c', f'{base} -c user.name=bob -c user.email=bob@example.com '
        f'commit-tree -p main -m busy main^{{tree}} | xargs {base} update-ref '
        'refs/heads/main'], when='after', do='cut')


@act('the forge answers METHOD PATH with STATUS: TEXT')
def answers_with(w, METHOD, PATH, STATUS, TEXT):
    """and does nothing of what it is asked, until `calm`"""
    fault(w, method=METHOD, path=PATH, do='answer', status=int(STATUS), count=-1,
          body=TEXT)


@act('the forge sends METHOD PATH to $HOST')
def redirects(w, METHOD, PATH):
    """with a redirect, until `calm`"""
    fault(w, method=METHOD, path=PATH, do='answer', status=302, count=-1,
          headers={'Location': f'{w.host().url}/elsewhere'}, body='')


def fault(w, **what):
    w.forge.ask('POST', '/_sim/fault', what)


@act('the server refuses pushes, saying TEXT')
def refuses_pushes(w, TEXT):
    """in a hook; $TOKEN in it is the bot's"""
    hook = f'{w.dir}/hooks/pre-receive'
    with open(hook, 'w') as f:
        f.write(f"#!/bin/sh\ncat >&2 <<'E'\n{TEXT.replace('$TOKEN', TOKEN)}\nE\nexit 1\n")
    os.chmod(hook, 0o755)


@act('the server takes pushes')
def takes_pushes(w):
    """again"""
    os.remove(f'{w.dir}/hooks/pre-receive')


# ---- what gates ask; in promote.yaml it is $HOST ----

@act('the host answers PATH with status N', 'the host answers PATH: TEXT')
def answers(w, PATH, N=200, TEXT=''):
    """to all requests with PATH in their path or query from here on"""
    w.host().answer(PATH, TEXT, int(N))


@act('prometheus says VALUE [to PATH]')
def prometheus(w, VALUE, PATH):
    """one series with that value; PATH is a part of the query"""
    w.host().answer(PATH or 'query=', '{"status": "success", "data": {"resultType": '
                    '"vector", "result": [{"metric": {}, "value": [1, "%s"]}]}}' % VALUE)


@act('argo cd says NAME is SYNC at COMMIT and HEALTH')
def argocd(w, NAME, SYNC, COMMIT, HEALTH):
    """an Application: Synced or not, to main, main~1 ..., Healthy or not"""
    w.host().answer(f'/applications/{NAME}', '{"status": {"sync": {"status": "%s", '
                    '"revision": "%s"}, "health": {"status": "%s"}}}'
                    % (SYNC, w.sha(COMMIT), HEALTH))


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
