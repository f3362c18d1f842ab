"""What can be set and done; the functions' first lines say what it means."""
import json
import os
import random
import re
import shlex
import sys

from forms import ACTS, act, moment, seconds, setting, text_of, understand
from world import TOKEN, Failed, same


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


@act('WHO moves BRANCH forward to COMMIT')
def forward(w, WHO, BRANCH, COMMIT):
    """as git push origin COMMIT:BRANCH does; no commit is made"""
    w.git('update-ref', f'refs/heads/{BRANCH}', w.sha(COMMIT))


@act('WHO makes BRANCH from COMMIT')
def makes(w, WHO, BRANCH, COMMIT):
    """a branch"""
    w.git('update-ref', f'refs/heads/{BRANCH}', w.sha(COMMIT), '')


@act('WHO opens BRANCH as if it were VERSION')
def forges(w, WHO, BRANCH, VERSION):
    """a pull request that looks like the bot's for promote/ENV/SERVICE"""
    *_, env, service = BRANCH.split('/')
    w.at_forge('pulls', user=WHO, head=BRANCH, base='main',
               title=f'Promote {service} {VERSION} to {env}',
               body=f'<!-- git-promote service={service} environment={env} '
                    f'version={VERSION} by=auto -->')


@act('N pull requests of others come and go')
def others_go(w, N):
    """and one stays; they are no business of the bot's"""
    w.git('update-ref', 'refs/heads/others', w.sha('main'))
    w.at_forge('pulls', user='bob', head='others', base='main', title='Notes',
               after=int(N))


@act('WHO makes #N a draft')
def drafts(w, WHO, N):
    """by its title, where the forge has no other drafts"""
    title = w.pull(N)['title']
    w.at_forge('edit', number=N, draft=True, title=title if w.forge_kind == 'github'
               else f'WIP: {title}')


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


@act('while the next METHOD PATH is on its way: WHO closes #N')
def closed_meanwhile(w, METHOD, PATH, WHO, N):
    """a person's no, in the very moment"""
    between(w, METHOD, PATH, [
        sys.executable, '-c', 'import sys, urllib.request as u\n'
        'u.urlopen(sys.argv[1], sys.argv[2].encode())',
        f'{w.forge.url}/_sim/close', json.dumps({'repo': w.name, 'number': int(N)})])


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
