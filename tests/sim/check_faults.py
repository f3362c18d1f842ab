"""The simulator's faults: each does what its name says, and no more."""
import concurrent.futures
import http.client
import os
import signal
import socket
import subprocess
import time

from client import check, git, run

CUT = (http.client.HTTPException, ConnectionError)


def outcome(call):
    """A status, "cut" or "silent"."""
    try:
        return call().status
    except socket.timeout:
        return 'silent'
    except CUT:
        return 'cut'


def acted(f, k):
    table = [('status_500_after', 500, True), ('cut_after', 'cut', True),
             ('status_500', 500, False), ('cut', 'cut', False),
             ('silent', 'silent', False), ('status_502', 502, False),
             ('status_503', 503, False), ('status_429', 429, False),
             ('secondary_limit', 403, False), ('primary_limit', 403, False),
             ('html', 200, False), ('cut_body', 'cut', True),
             ('silent_body', 'silent', True), ('reset_after', 'cut', True)]
    for name, want, is_done in table:
        head = 'b-' + name
        git('-C', f.bare, 'branch', head, f.two)
        f.trap(**{name: 1})
        got = outcome(lambda: f.rest(
            'POST', '/pulls', {'head': head, 'base': 'main', 'title': 'x'},
            timeout=0.5 if want == 'silent' else 30))
        end = time.monotonic() + 20
        heads = None
        while heads is None or (is_done and head not in heads and
                                time.monotonic() < end):
            heads = [p['head'] for p in f.sim('GET',
                                              'pulls?repo=team/config')]
        check(k + 'trap %s: answer, and whether it was done' %
              name.replace('_', '-'), (got, head in heads), (want, is_done))
        check(k + 'trap %s is over then' % name.replace('_', '-'),
              f.rest('GET', '/pulls').status, 200)


def acted_prepare(test):
    def wrapped(f, k):
        f.two = f.branch('two')
        test(f, k)
    wrapped.__name__ = test.__name__
    return wrapped


def details(f, k):
    f.trap(html=1)
    a = f.rest('GET', '/pulls')
    check(k + 'html: type and no JSON', (
        a.headers['Content-Type'].split(';')[0], a.json), ('text/html', None))
    f.trap(retry_after=7, status_429=1)
    check(k + '429 has Retry-After', f.rest('GET', '').headers['Retry-After'],
          '7')
    f.trap(retry_after=0, status_429=1)
    check(k + 'unless that is switched off',
          f.rest('GET', '').headers['Retry-After'], None)
    f.trap(slow=1)
    start = time.monotonic()
    f.rest('GET', '/pulls')
    check(k + 'slow takes its time', time.monotonic() - start > 0.09)
    other = 'http://127.0.0.1:1/elsewhere'
    f.sim('POST', 'fault', path='/pulls$', method='GET', status=307,
          headers={'Location': other})
    a = f.rest('GET', '/pulls')
    check(k + 'a redirect to another port', (a.status, a.headers['Location']),
          (307, other))
    f.sim('POST', 'fault', path='/labels$', skip=1, count=2, status=418,
          body={'message': 'teapot'})
    got = [f.rest('GET', '/labels') for _ in range(4)]
    check(k + 'skip and count', [a.status for a in got], [200, 418, 418, 200])
    check(k + 'a body of one\'s own', got[1].json, {'message': 'teapot'})
    f.sim('POST', 'fault', path='/', count=-1, status=500)
    f.sim('DELETE', 'fault')
    check(k + 'faults can be cleared', f.rest('GET', '').status, 200)
    check(k + 'the log names what was spoiled', sum(
        'fault' in q for q in f.requests()), 7 if f.is_github else 7)
    if f.is_github:
        f.trap(retry_after=60, primary_limit=1)
        a = f.rest('GET', '')
        check(k + 'the limit used up', (
            a.headers['X-RateLimit-Remaining'], 'Retry-After' in a.headers,
            int(a.headers['X-RateLimit-Reset']) > time.time()),
            ('0', False, True))
        f.trap(secondary_limit=1)
        a = f.rest('GET', '')
        check(k + 'the secondary one, while much remains', (
            'secondary rate limit' in a.text, a.headers['Retry-After'],
            int(a.headers['X-RateLimit-Remaining']) > 100), (True, '60', True))
        f.trap(content_limit=2)
        got = [f.rest('POST', '/labels', {'name': 'l%d' % i}).status
               for i in range(3)]
        check(k + 'trap content-limit', got, [201, 201, 403])


def silent(f):
    return sum(q.get('fault') == 'silent' for q in f.requests())


def impatient(f, *args):
    """git that is given up as soon as the server has fallen silent."""
    before = silent(f)
    p = subprocess.Popen(['git', *args], stderr=subprocess.DEVNULL,
                         start_new_session=True)
    while p.poll() is None and silent(f) == before:
        time.sleep(0.01)
    if p.returncode is None:
        os.killpg(p.pid, signal.SIGKILL)
    assert p.wait() != 0, args


def pushes(f, k):
    def push(name):
        """Did the client think so, and is it there?"""
        git('-C', f.clone, 'checkout', '-q', '-B', name, 'origin/main')
        f.commit(name, 'x', **{name: 'x\n'})
        mine = git('-C', f.clone, 'rev-parse', name)
        try:
            f.push(name)
            ok = True
        except AssertionError:
            ok = False
        refs = git('-C', f.bare, 'for-each-ref', '--format=%(objectname)',
                   'refs/heads/' + name)
        return ok, refs == mine

    f.trap(cut_push=1)
    check(k + 'cut-push: taken, but the answer is lost', push('one'),
          (False, True))
    f.trap(cut_push_before=1)
    check(k + 'cut-push-before: not taken', push('two'), (False, False))
    f.trap(reset_push=1)
    check(k + 'reset-push: libcurl itself pushes again, and is refused',
          (push('two'), [q['git']['refused'] for q in f.requests()
                         if 'refused' in q.get('git', {})][-2:]),
          ((False, True), [0, 1]))
    f.trap(git_503=1)
    check(k + 'git-503: not taken', push('three'), (False, False))
    check(k + 'and then all is well', push('four'), (True, True))
    # A neighbour's push between the server's deed and the lost answer.
    git('clone', '-q', f.remote, f.dir + '/neighbour')
    script = ('cd "$0" && git pull -q && git checkout -q -B main origin/main &&'
              ' echo n >n && git add n && git -c user.name=n '
              '-c user.email=n@n commit -qm neighbour && git push -q origin main')
    f.sim('POST', 'fault', method='POST', path='/git-receive-pack$',
          when='after', do='cut',
          run=['sh', '-c', script, f.dir + '/neighbour'])
    git('-C', f.clone, 'fetch', '-q')
    git('-C', f.clone, 'checkout', '-q', '-B', 'main', 'origin/main')
    f.commit('main', 'mine', mine='x\n')
    f.push('main', fails=True)
    check(k + 'a hook runs before the cut', git(
        '-C', f.bare, 'log', '-2', '--format=%s', 'main').split('\n'),
        ['neighbour', 'mine'])
    f.trap(silent_push=1)
    git('-C', f.clone, 'checkout', '-q', '-B', 'five', 'origin/main')
    f.commit('five', 'x', five='x\n')
    impatient(f, '-C', f.clone, 'push', '-q', 'origin', 'five')
    check(k + 'silent-push: taken, then nothing', f.at('five'),
          git('-C', f.clone, 'rev-parse', 'five'))
    for name in ('cut_fetch', 'silent_fetch', 'silent_refs'):
        f.trap(**{name: 1})
        impatient(f, 'clone', '-q', f.remote, f.dir + '/half-' + name)
        git('clone', '-q', f.remote, f.dir + '/' + name)
        check(k + name.replace('_', '-') + ': fails once',
              os.path.exists(f.dir + '/' + name + '/file'))


def crowd(f, k):
    """Sixteen at once: all branches land, of one base exactly one."""
    def one(i):
        d = '%s/crowd%d' % (f.dir, i)
        git('clone', '-q', f.remote, d)
        with open(d + '/mine', 'w') as out:
            out.write(str(i))
        git('-C', d, 'add', '-A')
        git('-C', d, 'commit', '-qm', str(i))
        git('-C', d, 'push', '-q', 'origin', 'HEAD:refs/heads/c%d' % i)
        try:
            git('-C', d, 'push', '-q', 'origin', 'HEAD:main')
            return True
        except AssertionError:
            return False

    f.trap(silent=1)
    f.trap(mergeable_polls=0)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        # One is never answered; the others must not wait for it.
        waiting = pool.submit(outcome, lambda: f.rest('GET', '', timeout=2))
        while silent(f) == 0:
            time.sleep(0.01)
        asked = [pool.submit(outcome, lambda: f.rest('GET', '/pulls'))
                 for _ in range(19)]
        won = list(pool.map(one, range(16)))
        check(k + 'of sixteen pushes to main one wins', won.count(True), 1)
        check(k + 'the API answers meanwhile', [
            a.result() for a in asked].count(200), 19)
        check(k + 'and the one still waits', waiting.result(), 'silent')
    check(k + 'every branch landed', len(git(
        '-C', f.bare, 'for-each-ref', 'refs/heads/c*').split('\n')), 16)
    lost = [q for q in f.requests() if q.get('git', {}).get('refused')]
    check(k + 'what a server refused is counted', len(lost) <= 15)
    check(k + 'fsck', git('-C', f.bare, 'fsck', '--no-dangling'), '')


def moved(f, k):
    """The base moves while the forge merges: it must not be overwritten."""
    n = f.new_pr('one')
    f.settled(n)
    hook = f.bare + '/hooks/reference-transaction'
    with open(hook, 'w') as out:
        out.write('#!/bin/sh\ngrep -q refs/heads/main || exit 0\n'
                  '[ "$1" = prepared ] && exit 1\nexit 0\n')
    os.chmod(hook, 0o755)
    before = f.at('main')
    a = f.merge(n, f.at('one'))
    os.unlink(hook)
    check(k + 'a merge that lost the race', (a.status, (
        'Base branch was modified' in a.text) if f.is_github else
        'out of date' in a.text, f.at('main')),
        (405 if f.is_github else 409, True, before))


def gitea_traps(f, k):
    n = f.new_pr('one')
    pr = f.get(n)
    check(k + 'empty lists are null', (pr['assignees'], pr['assignee']),
          (None, None))
    f.trap(nulls=0)
    check(k + 'trap nulls=0', f.get(n)['assignees'], [])
    f.trap(push_rejected=1)
    a = f.merge(n, f.at('one'))
    check(k + 'trap push-rejected', (a.status, 'PushRejected' in a.text),
          (409, True))
    check(k + 'cookies and chunks come with every answer', (
        'i_like_gitea' in a.headers.get('Set-Cookie', ''),
        a.headers.get('Transfer-Encoding')), (True, 'chunked'))
    check(k + 'a branch that is gone', f.rest(
        'DELETE', '/branches/gone').status, 404)
    f.trap(gone_branch_500=1)
    check(k + 'trap gone-branch-500', f.rest(
        'DELETE', '/branches/gone').status, 500)
    f.trap(unknown_commit_500=0)
    check(k + 'trap unknown-commit-500=0', f.rest(
        'GET', '/commits/%s/status' % ('1' * 40)).status, 404)
    m = f.new_pr('two', file='ours\n')
    f.base(file='theirs\n')
    f.settled(m)
    f.trap(conflict_500=1)
    check(k + 'trap conflict-500: once 500, then 405 for ever',
          [f.merge(m).status for _ in range(3)], [500, 405, 405])
    f.trap(page_cap=1)
    check(k + 'trap page-cap', len(f.rest('GET', '/pulls?limit=50').json), 1)
    f.trap(ignore_head=1)
    f.settled(n)
    check(k + 'trap ignore-head', f.merge(n, '0' * 40).status, 200)


def slow_mergeability(f, k):
    f.trap(mergeable_polls=0, mergeable_ms=150)
    n = f.new_pr('one')
    unknown = None if f.is_github else False
    first = f.get(n)['mergeable']
    start = time.monotonic()
    while f.get(n)['mergeable'] is unknown and time.monotonic() < start + 10:
        time.sleep(0.01)
    check(k + 'trap mergeable-ms: not yet, then yes',
          (first, f.get(n)['mergeable']), (unknown, True))


def armed_race(f, k):
    f.sim('POST', 'repo', repo='team/config', allow_auto_merge=True)
    f.protect(contexts=['ci'])
    n = f.new_pr('one')
    pr = f.settled(n)
    f.trap(clean_race=1)
    got = [f.graphql('mutation { enablePullRequestAutoMerge(input: '
                     '{pullRequestId: "%s"}) { clientMutationId } }' %
                     pr['node_id']).json for _ in range(2)]
    check(k + 'trap clean-race', ('clean status' in str(got[0].get('errors')),
                                  'errors' in got[1]), (True, False))


run((acted_prepare(acted), 'github', 'gitea'), (details, 'github', 'gitea'),
    (pushes, 'github'), (crowd, 'gitea'), (moved, 'github', 'gitea'),
    (gitea_traps, 'gitea'), (slow_mergeability, 'github', 'gitea'),
    (armed_race, 'github'))
