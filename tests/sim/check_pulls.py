"""Pull requests of the simulator: who may merge what, and when."""
import json
import re

from client import check, git, run

GH, GT = ('github', 'ghes'), ('gitea', 'forgejo')


def creation(f, k):
    f.branch('one')
    new = {'head': 'one', 'base': 'main', 'title': 'One', 'body': 'why'}
    made = f.rest('POST', '/pulls', new)
    check(k + 'opening answers 201', made.status, 201)
    check(k + 'head and base are what was asked', (
        made.json['head']['ref'], made.json['head']['sha'],
        made.json['base']['ref']), ('one', f.at('one'), 'main'))
    again = f.rest('POST', '/pulls', new)
    text = again.text
    check(k + 'the same again is told by code and text', (
        again.status, ('A pull request already exists for team:one.' in text)
        if f.is_github else 'pull request already exists for these targets '
        '[id: 1' in text), (422 if f.is_github else 409, True))
    gone = f.rest('POST', '/pulls', dict(new, head='nowhere'))
    check(k + 'an unknown head', gone.status, 422 if f.is_github else 404)
    git('-C', f.bare, 'branch', 'same', 'main')
    none = f.rest('POST', '/pulls', dict(new, head='same'))
    check(k + 'nothing between head and base', none.status, 422)
    if f.is_github:
        check(k + 'it says so', 'No commits between main and same' in none.text)
    edited = f.rest('PATCH', '/pulls/1', {'title': 'Two', 'body': 'new'})
    check(k + 'title and body can be changed', (
        edited.status, edited.json['title'], edited.json['body']),
        (200 if f.is_github else 201, 'Two', 'new'))
    closed = f.rest('PATCH', '/pulls/1', {'state': 'closed'})
    check(k + 'closing', (closed.status, closed.json['state'],
                          closed.json['merged_at']),
          (200 if f.is_github else 201, 'closed', None))
    check(k + 'opening again after closing makes another',
          f.rest('POST', '/pulls', new).json['number'], 2)


def heads(f, k):
    n = f.new_pr('one')
    f.settled(n)
    second = f.branch('one', one='more\n')
    pr = f.get(n)
    check(k + 'a push moves the head', pr['head']['sha'], second)
    check(k + 'and mergeability is computed anew', pr['mergeable'],
          None if f.is_github else False)
    check(k + 'refs/pull keeps it', f.at('refs/pull/%d/head' % n), second)
    f.trap(stale_head=2)
    third = f.branch('one', one='even more\n')
    check(k + 'trap stale-head: the old head for a while',
          [f.get(n)['head']['sha'] for _ in range(3)].count(third) > 0 and
          f.get(n)['head']['sha'], third)
    git('-C', f.bare, 'branch', '-D', 'one')
    check(k + 'a branch that is gone closes it', f.get(n)['state'], 'closed')


def methods(f, k):
    table = [('merge', 2, True), ('squash', 1, False), ('rebase', 1, False)]
    if not f.is_github:
        table += [('rebase-merge', 2, False), ('fast-forward-only', 1, True)]
    for method, parents, keeps in table:
        head = 'by-' + method
        # base goes on meanwhile, but for a fast-forward
        n = f.new_pr(head)
        if method != 'fast-forward-only':
            f.base(other=method + '\n')
        f.settled(n)
        base, sha = f.at('main'), f.at(head)
        a = f.merge(n, sha, method)
        check(k + method + ' merges', a.status, 200)
        check(k + method + ': parents', len(git(
            '-C', f.bare, 'log', '-1', '--format=%P', 'main').split()), parents)
        check(k + method + ': the old base is below', git(
            '-C', f.bare, 'merge-base', 'main', base), base)
        check(k + method + ': the head commit itself stays or not',
              git('-C', f.bare, 'merge-base', 'main', sha) == sha, keeps)
        check(k + method + ': the content is there', git(
            '-C', f.bare, 'show', 'main:' + head), head)
        pr = f.get(n)
        check(k + method + ': says merged, and by which commit',
              (pr['merged'], pr['merge_commit_sha']), (True, f.at('main')))
        f.sim('POST', 'repo', repo='team/config', allow_squash_merge=True)
    f.sim('POST', 'repo', repo='team/config', allow_squash_merge=False)
    n = f.new_pr('forbidden')
    f.settled(n)
    check(k + 'a method that is not allowed', f.merge(
        n, None, 'squash').status, 405)
    check(k + 'fsck', git('-C', f.bare, 'fsck', '--no-dangling'), '')


def refusals(f, k):
    n = f.new_pr('one')
    if not f.is_github:
        a = f.merge(n, f.at('one'))
        check(k + 'too early', (a.status, a.json['message']),
              (405, 'Please try again later'))
    f.settled(n)
    a = f.merge(n, f.at('main'))
    check(k + 'another head', (a.status, 'modified' in a.text
                               if f.is_github else a.json['message']),
          (409, True if f.is_github else 'head out of date'))
    f.trap(base_modified=1, try_again=1)
    a = f.merge(n, f.at('one'))
    check(k + 'the race that repeats itself', (a.status, a.json['message']), (
        405, 'Base branch was modified. Review and try the merge again.'
        if f.is_github else 'Please try again later'))
    a = f.merge(n, f.at('one'))
    check(k + 'and then goes through', (a.status, a.text == ''),
          (200, not f.is_github))
    a = f.merge(n, f.at('one'))
    check(k + 'merged already', a.status, 405)
    m = f.new_pr('two', file='ours\n')
    f.base(file='theirs\n')
    pr = f.settled(m)
    check(k + 'a conflict', pr['mergeable'], False)
    check(k + 'is not merged', f.merge(m).status, 405)
    git('-C', f.bare, 'branch', '-D', 'two')
    draft = {'draft': True} if f.is_github else {'title': 'WIP: three'}
    f.branch('three')
    d = f.pr('three', **draft)
    f.settled(d)
    check(k + 'a draft is not merged', f.merge(d).status, 405)


def protection(f, k):
    f.protect(approvals=1, contexts=['ci'], dismiss_stale=True,
              block_push=True)
    git('-C', f.clone, 'checkout', '-q', '-B', 'main', 'origin/main')
    f.commit('main', 'Straight', file='x\n')
    out = f.push('main', fails=True)
    check(k + 'a push to a protected branch', 'GH006: Protected branch update '
          'failed for refs/heads/main' in out if f.is_github else
          'Not allowed to push to protected branch main' in out)
    check(k + 'is counted as refused', sum(
        q.get('git', {}).get('refused', 0) for q in f.requests()), 1)
    n = f.new_pr('one')
    sha = f.at('one')
    pr = f.settled(n)
    if f.is_github:
        check(k + 'mergeable, but blocked', (pr['mergeable'],
              pr['mergeable_state']), (True, 'blocked'))
    a = f.merge(n, sha)
    check(k + 'no approval, no merge', (a.status, 'approv' in a.text),
          (405, True))
    f.sim('POST', 'review', repo='team/config', number=n, user='bob')
    a = f.merge(n, sha)
    check(k + 'no check, no merge', (a.status, 'status check' in a.text),
          (405, True))
    f.rest('POST', '/statuses/' + sha, {'state': 'pending', 'context': 'ci'})
    check(k + 'a pending check', f.merge(n, sha).status, 405)
    if f.is_github:
        f.sim('POST', 'check', repo='team/config', number=n, name='ci',
              conclusion='neutral')
    else:
        f.rest('POST', '/statuses/' + sha, {'state': 'success',
                                            'context': 'ci'})
    sha = f.branch('one', one='again\n')
    f.sim('POST', 'status', repo='team/config', number=n, context='ci',
          state='success')
    f.settled(n)
    a = f.merge(n, sha)
    check(k + 'a push dismisses the approval', (a.status, 'approv' in a.text),
          (405, True))
    states = [r['state'] for r in f.rest('GET', '/pulls/%d/reviews' % n).json]
    check(k + 'the list of reviews', states,
          ['DISMISSED'] if f.is_github else ['APPROVED'])
    f.sim('POST', 'review', repo='team/config', number=n, user='bob')
    check(k + 'approved and green', f.merge(n, sha).status, 200)


def old_protection(f, k):
    f.protect(approvals=1)
    n = f.new_pr('one')
    f.settled(n)
    a = f.merge(n, f.at('main'))
    check(k + 'before 1.17 the hook refuses', (
        a.status, 'PushRejected' in a.text, 'not ready' in a.text),
        (409, True, True))
    f.sim('POST', 'review', repo='team/config', number=n, user='bob')
    check(k + '1.15 ignores the expected head',
          f.merge(n, '0' * 40).status, 200)
    check(k + 'merged already: 404', f.merge(n).status, 404)
    a = f.rest('DELETE', '/branches/gone')
    check(k + 'a branch that is gone: 500', (a.status, a.json['message']),
          (500, ''))


old_protection.options = ['--server-version', '1.15.11']

ARM = '''mutation($id: ID!, $sha: GitObjectID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: SQUASH,
    expectedHeadOid: $sha, commitHeadline: "Headline"}) {
    pullRequest { number merged autoMergeRequest { mergeMethod enabledBy
      { login } } } } }'''


def auto_merge_github(f, k):
    n = f.new_pr('one')
    pr = f.settled(n)

    def arm(sha=None):
        a = f.graphql(ARM, id=pr['node_id'], sha=sha or f.at('one'))
        check(k + 'GraphQL answers 200', a.status, 200)
        return a.json.get('errors', [{}])[0].get('message', ''), a.json

    check(k + 'not allowed by the repository', 'not allowed' in arm()[0])
    f.sim('POST', 'repo', repo='team/config', allow_auto_merge=True)
    check(k + 'no protection, nothing to wait for',
          'Protected branch rules not configured' in arm()[0])
    f.protect(contexts=['ci'])
    f.sim('POST', 'status', repo='team/config', number=n, context='ci',
          state='success')
    check(k + 'clean', 'clean status' in arm()[0])
    f.sim('POST', 'status', repo='team/config', number=n, context='other',
          state='pending')
    check(k + 'unstable', 'unstable status' in arm()[0])
    f.sim('POST', 'status', repo='team/config', number=n, context='ci',
          state='pending')
    check(k + 'another head', 'modified' in arm('0' * 40)[0])
    message, r = arm()
    check(k + 'armed', (message, r['data']['enablePullRequestAutoMerge']
          ['pullRequest']['autoMergeRequest']),
          ('', {'mergeMethod': 'SQUASH', 'enabledBy': {'login': 'promote-bot'}}))
    check(k + 'REST shows it', f.get(n)['auto_merge']['merge_method'], 'squash')
    f.sim('POST', 'status', repo='team/config', number=n, context='ci',
          state='success')
    check(k + 'it lands when the check is green', f.get(n)['merged'])
    check(k + 'with the headline asked for', git(
        '-C', f.bare, 'log', '-1', '--format=%s', 'main'), 'Headline')


def merge_queue(f, k):
    f.protect(contexts=['ci'], queue=True)
    n = f.new_pr('one')
    pr = f.settled(n)
    f.sim('POST', 'status', repo='team/config', number=n, context='ci',
          state='success')
    a = f.merge(n, f.at('one'))
    check(k + 'a plain merge', (a.status, a.json['message']), (
        405, 'Changes must be made through the merge queue'))
    a = f.graphql('mutation($id: ID!) { enqueuePullRequest(input: '
                  '{pullRequestId: $id}) { mergeQueueEntry { state } } }',
                  id=pr['node_id'])
    check(k + 'enqueued', a.json['data']['enqueuePullRequest']
          ['mergeQueueEntry'], {'state': 'QUEUED'})
    check(k + 'it lands a moment later', f.get(n)['merged'])


def graphql(f, k):
    for i in range(5):
        f.new_pr('b%d' % i)
    q = '''query($n: Int = 2, $after: String) {
      repository(owner: "team", name: "config") {
        ...all mergeCommitAllowed
        pullRequests(first: $n, after: $after, states: [OPEN]) {
          totalCount nodes { number headRefName ... on PullRequest { title } }
          pageInfo { hasNextPage endCursor } } } }
      fragment all on Repository { full: nameWithOwner }'''
    seen, after = [], None
    for _ in range(3):
        r = f.graphql(q, after=after).json['data']['repository']
        seen += [x['number'] for x in r['pullRequests']['nodes']]
        after = r['pullRequests']['pageInfo']['endCursor']
    check(k + 'fragments, aliases, defaults', (r['full'],
          r['mergeCommitAllowed'], r['pullRequests']['totalCount']),
          ('team/config', True, 5))
    check(k + 'pages', (seen, r['pullRequests']['pageInfo']['hasNextPage']),
          ([1, 2, 3, 4, 5], False))
    node = f.get(1)['node_id']
    r = f.graphql('query($id: ID!) { node(id: $id) { __typename ... on '
                  'PullRequest { mergeable mergeStateStatus reviewDecision '
                  'statusCheckRollup { state } } } }', id=node).json
    check(k + 'a node by its id', r['data']['node'], {
        '__typename': 'PullRequest', 'mergeable': 'MERGEABLE',
        'mergeStateStatus': 'CLEAN', 'reviewDecision': None,
        'statusCheckRollup': None})
    r = f.graphql('{ repository(owner: "team", name: "config") '
                  '{ nonsense } }').json
    check(k + 'an unknown field voids the query', (
        'data' in r, "doesn't exist on type 'Repository'"
        in r['errors'][0]['message']), (False, True))
    f.trap(no_checks=1)
    r = f.graphql('query($id: ID!) { node(id: $id) { ... on PullRequest '
                  '{ number statusCheckRollup { state } } } }', id=node).json
    check(k + 'a refused field', r['errors'][0]['type'], 'FORBIDDEN')


def auto_merge_gitea(f, k):
    f.protect(contexts=['ci'])
    n = f.new_pr('one')
    f.settled(n)
    a = f.merge(n, f.at('one'), merge_when_checks_succeed=True,
                delete_branch_after_merge=True)
    check(k + 'scheduled', a.status, 201)
    a = f.merge(n, f.at('one'), merge_when_checks_succeed=True)
    check(k + 'scheduled already', a.status, 409)
    check(k + 'cancelled', (f.rest('DELETE', '/pulls/%d/merge' % n).status,
          f.rest('DELETE', '/pulls/%d/merge' % n).status), (204, 404))
    f.merge(n, '0' * 40, merge_when_checks_succeed=True,
            delete_branch_after_merge=True)
    check(k + 'the head is not looked at when scheduling', f.get(n)['merged'],
          False)
    f.sim('POST', 'status', repo='team/config', number=n, context='ci',
          state='success')
    check(k + 'it lands when the check is green', f.get(n)['merged'])
    check(k + 'and its branch is gone', f.rest(
        'GET', '/branches/one').status, 404)
    m = f.new_pr('two')
    f.sim('POST', 'status', repo='team/config', number=m, context='ci',
          state='success')
    f.settled(m)
    check(k + 'with nothing pending it merges at once', f.merge(
        m, f.at('two'), merge_when_checks_succeed=True).status, 200)


def people(f, k):
    n = f.new_pr('one')
    path = '/pulls/%d/requested_reviewers' % n
    a = f.rest('POST', path, {'reviewers': ['alice', 'nobody']})
    check(k + 'one unknown reviewer fails all', (
        a.status, f.get(n)['requested_reviewers'] or []),
        (422 if f.is_github else 404, []))
    a = f.rest('POST', path, {'reviewers': ['alice'],
                              'team_reviewers': ['sre']})
    check(k + 'known ones are asked', a.status, 201)
    check(k + 'and shown', [u['login'] for u in f.get(n)
                            ['requested_reviewers']], ['alice'])
    a = f.rest('POST', path, {'team_reviewers': ['nobody']})
    check(k + 'an unknown team', a.status, 422 if f.is_github else 404)
    a = f.rest('POST', path, {'reviewers': ['promote-bot']})
    check(k + 'not its author', a.status, 422)


def labels_github(f, k):
    n = f.new_pr('one')
    a = f.rest('POST', '/issues/%d/labels' % n, {'labels': ['new', 'prod']})
    check(k + 'missing labels appear', (a.status, [
        (x['name'], x['color']) for x in a.json]),
        (200, [('new', 'ededed'), ('prod', 'ededed')]))
    a = f.rest('POST', '/labels', {'name': 'new'})
    check(k + 'a label that is there', (
        a.status, a.json['errors'][0]['code']), (422, 'already_exists'))


def labels_gitea(f, k):
    n = f.new_pr('one')
    a = f.rest('POST', '/labels', {'name': 'prod', 'color': '#ff0000'})
    check(k + 'a label is made', a.status, 201)
    a = f.rest('POST', '/issues/%d/labels' % n, {'labels': [a.json['id'],
                                                            999999]})
    check(k + 'labels go by id', [x['name'] for x in a.json], ['prod'])
    f.sim('POST', 'label', org=True, name='shared')
    a = f.call('GET', f.api + '/orgs/team/labels')
    check(k + 'labels of the organisation', [x['name'] for x in a.json],
          ['shared'])


def statuses(f, k):
    sha = f.at('main')
    a = f.rest('GET', '/commits/%s/status' % sha)
    check(k + 'none at all', (a.json['state'], a.json['total_count'],
                              a.json['statuses']),
          ('pending', 0, []) if f.is_github else ('', 0, None))
    f.rest('POST', '/statuses/' + sha, {'state': 'pending', 'context': 'a'})
    f.rest('POST', '/statuses/' + sha, {'state': 'success', 'context': 'a'})
    a = f.rest('POST', '/statuses/' + sha, {'state': 'failure',
                                            'context': 'b'})
    check(k + 'a status is made', a.status, 201)
    a = f.rest('GET', '/commits/%s/status' % sha)
    key = 'state' if f.is_github else 'status'
    check(k + 'the newest of each counts', (a.json['state'], sorted(
        (s['context'], s[key]) for s in a.json['statuses'])),
        ('failure', [('a', 'success'), ('b', 'failure')]))
    a = f.rest('POST', '/statuses/' + '1' * 40, {'state': 'success'})
    check(k + 'an unknown commit', a.status, 422 if f.is_github else 500)


def pages(f, k):
    git('-C', f.bare, 'config', 'core.logAllRefUpdates', 'false')
    git('-C', f.clone, 'checkout', '-q', '--detach')
    f.commit('x', 'One commit for all', file='y\n')
    git('-C', f.clone, 'push', '-q', 'origin', *(
        'HEAD:refs/heads/b%02d' % i for i in range(60)))
    for i in range(60):
        f.pr('b%02d' % i)
    size = 'per_page' if f.is_github else 'limit'
    a = f.rest('GET', '/pulls?state=open&%s=100' % size)
    check(k + 'what a page holds at most', len(a.json),
          60 if f.is_github else 50)
    a = f.rest('GET', '/pulls?state=open&%s=25&page=2' % size)
    rels = [p.split('rel=')[1].strip('"') for p in
            a.headers['Link'].split(', ')]
    check(k + 'Link', sorted(rels), ['first', 'last', 'next', 'prev'])
    if not f.is_github:
        check(k + 'X-Total-Count', a.headers['X-Total-Count'], '60')
    seen, url = [], '/pulls?state=open&%s=25' % size
    while url:
        a = f.rest('GET', url)
        seen += [p['number'] for p in a.json]
        url = None
        for part in (a.headers['Link'] or '').split(', '):
            if part.endswith('rel="next"'):
                url = '/pulls' + part[1:part.index('>')].split('/pulls')[1]
    check(k + 'following it finds every one, newest first', seen,
          list(range(60, 0, -1)))


def pushed(f):
    """(time, head) of the pushes to main, the newest first, as a client finds
    them: all pages."""
    if not f.is_github:
        rows = f.rest('GET', '/activities/feeds?limit=50').json
        return [(r['created'], json.loads(r['content'])['HeadCommit']['Sha1'])
                for r in rows if r['op_type'] == 'commit_repo' and
                r['ref_name'] == 'refs/heads/main' and r['content']]
    seen, at = [], '/activity?ref=refs%2Fheads%2Fmain&per_page=2'
    while at:
        a = f.rest('GET', at)
        seen += [(r['timestamp'], r['after']) for r in a.json]
        found = re.search('after=([^&>]*)>; rel="next"', a.headers['Link'] or '')
        at = found and '/activity?ref=main&per_page=2&after=' + found[1]
    return seen


def activity(f, k):
    f.rest('GET', '')
    check(k + 'what was there at the first look is older than its memory',
          pushed(f), [])
    times, heads = ['2026-11-0%dT08:00:00Z' % i for i in range(1, 7)], []
    for time in times[:3]:
        f.sim('POST', 'now', now=time)
        f.base(file=time)
        heads.append(f.at('main'))
    f.sim('POST', 'now', now=times[3])
    f.write('main', 'main', {'file': 'in the repository itself\n'})
    heads.append(f.at('main'))
    f.sim('POST', 'now', now=times[4], repo='team/config')
    n = f.new_pr('one', other='1\n')
    f.settled(n)
    f.merge(n)
    heads.append(f.at('main'))
    f.sim('POST', 'now', now=times[5])
    check(k + 'pushes and merges, each when it was', pushed(f),
          list(zip(times, heads))[::-1])
    if f.is_github:
        a = f.rest('GET', '/activity?per_page=100').json
        check(k + 'all that moved', [r['activity_type'] for r in a],
              ['pr_merge', 'branch_creation'] + 4 * ['push'])
        check(k + 'from where to where', (a[2]['before'], a[2]['after']),
              (heads[2], heads[3]))
        check(k + 'a page number is none', f.rest(
            'GET', '/activity?per_page=1&page=2').json[0]['id'], a[0]['id'])
    else:
        a = f.rest('GET', '/activities/feeds').json
        check(k + 'all that happened', sorted({r['op_type'] for r in a}),
              ['commit_repo', 'create_pull_request', 'merge_pull_request'])
        check(k + 'where from is in the address only', [
            json.loads(r['content'])['CompareURL'] for r in a
            if r['created'] == times[2]],
            ['team/config/compare/%s...%s' % (heads[1], heads[2])])
    f.trap(no_activity=1)
    check(k + 'trap no-activity', f.rest('GET', '/activity' if f.is_github
                                         else '/activities/feeds').status, 404)


def filters(f, k):
    f.new_pr('one')
    f.new_pr('two')

    def found(q):
        return [p['head']['ref'] for p in f.rest('GET', '/pulls' + q).json]

    if f.is_github:
        check(k + 'head with an owner', found('?head=team:one'), ['one'])
        check(k + 'head without one is dropped', found('?head=one'),
              ['two', 'one'])
        f.trap(head_filter_ignored=1)
        check(k + 'trap head-filter-ignored', found('?head=team:one'),
              ['two', 'one'])
    else:
        f.rest('PATCH', '/pulls/1', {'state': 'closed'})
        f.pr('one')
        a = f.rest('GET', '/pulls/main/one')
        check(k + 'by branches: the first row wins, open or not',
              (a.json['number'], a.json['state']), (1, 'closed'))
    check(k + 'base', found('?state=open&base=nothing'),
          [] if f.is_github or f.kind == 'forgejo' else ['one', 'two'])


def by_hand(f, k):
    f.sim('POST', 'now', now='2026-11-21T09:00:00Z')
    n = f.new_pr('one')
    f.sim('POST', 'now', now='2026-11-22T10:30:00Z')
    f.sim('POST', 'merge', repo='team/config', number=n, method='squash',
          user='carol', title='By hand', message='')
    pr = f.get(n)
    check(k + 'a person merges', (pr['merged'], pr['merged_by']['login'],
                                  pr['created_at'], pr['merged_at']),
          (True, 'carol', '2026-11-21T09:00:00Z', '2026-11-22T10:30:00Z'))
    check(k + 'the commit carries the forge\'s time', git(
        '-C', f.bare, 'log', '-1', '--format=%ct %B', 'main'),
        '1795343400 By hand')
    m = f.new_pr('two')
    f.sim('POST', 'close', repo='team/config', number=m)
    check(k + 'a person closes', f.get(m)['closed_at'], '2026-11-22T10:30:00Z')
    f.sim('POST', 'reopen', repo='team/config', number=m)
    check(k + 'and reopens', (f.get(m)['state'], f.get(m)['closed_at']),
          ('open', None))
    f.sim('POST', 'edit', repo='team/config', number=m, title='Changed')
    check(k + 'and edits', f.get(m)['title'], 'Changed')
    git('clone', '-q', '--bare', f.bare, f.dir + '/other/config.git')
    f.sim('POST', 'pulls', repo='team/config', head='two', base='main',
          head_repo='other/config', title='Fork', user='carol')
    check(k + 'a fork\'s is told by its head repository', f.get(m + 1)
          ['head']['repo']['full_name'], 'other/config')


def access(f, k):
    root = f.api + '/user'
    check(k + 'who am I', f.call('GET', root).json['login'], 'promote-bot')
    check(k + 'a wrong token', (f.call('GET', root, token='wrong').status,
          f.rest('GET', '', token='wrong').status),
          (401, 401 if f.is_github else 404))
    check(k + 'no token', (f.call('GET', root, token=None).status,
                           f.rest('GET', '', token=None).status), (401, 404))
    f.branch('one')
    f.trap(read_only=1)
    new = {'head': 'one', 'base': 'main', 'title': 'x'}
    check(k + 'trap read-only', (f.rest('POST', '/pulls', new).status,
          '403' in f.push('main:two', fails=True)), (403, True))
    f.trap(read_only=0, no_pulls=1)
    check(k + 'trap no-pulls', f.rest('POST', '/pulls', new).status,
          403 if f.is_github else 404)
    f.sim('DELETE', 'trap')
    f.sim('POST', 'repo', repo='team/config', archived=True)
    check(k + 'archived', f.rest('POST', '/pulls', new).status,
          403 if f.is_github else 423)
    f.sim('POST', 'repo', repo='team/config', archived=False)
    if f.is_github:
        f.trap(app_token=1, hide_allows=1)
        check(k + 'trap app-token', f.call('GET', root).status, 403)
        check(k + 'trap hide-allows', [x for x in f.rest('GET', '').json
                                       if x.startswith('allow_')], [])
        n = f.pr('one')
        sha = f.settled(n)['merge_commit_sha']
        check(k + 'before a merge its commit is on no branch', (
            f.get(n)['merged'], len(sha)), (False, 40))
        git('-C', f.bare, 'cat-file', '-e', sha, fails=True)
        f.trap(no_checks=1)
        a = f.rest('GET', '/commits/main/check-runs')
        check(k + 'trap no-checks names the permission', (
            a.status, a.headers['X-Accepted-GitHub-Permissions']),
            (403, 'checks=read'))
    secret = [q for q in f.requests() if 'sim-token' in str(q)]
    check(k + 'the log has no token in it', secret, [])
    check(k + 'but says how one came', sorted(set(
        q['auth'] for q in f.requests())), ['basic', 'none', 'token'])


def creation_traps(f, k):
    f.branch('one')
    new = {'head': 'one', 'base': 'main', 'title': 'x'}
    f.trap(head_sha_blank=1, no_commits_between=1, refs_unreadable=1)
    got = [f.rest('POST', '/pulls', new) for _ in range(4)]
    check(k + 'the 422s after a push, then it works', (
        [a.status for a in got], "Head sha can't be blank" in got[0].text,
        'not all refs are readable' in got[1].text,
        'No commits between' in got[2].text),
        ([422, 422, 422, 201], True, True, True))


run((creation, *GH, *GT), (heads, 'github', 'gitea'), (methods, 'github',
    'gitea'), (refusals, 'github', 'gitea'), (protection, 'github', 'gitea'),
    (old_protection, 'gitea'), (auto_merge_github, *GH),
    (merge_queue, 'github'), (graphql, *GH), (auto_merge_gitea, *GT),
    (people, 'github', 'gitea'), (labels_github, 'github'),
    (labels_gitea, *GT), (statuses, 'github', 'gitea'),
    (pages, 'github', 'gitea'), (filters, 'github', 'gitea', 'forgejo'),
    (by_hand, 'github', 'gitea'), (access, 'github', 'gitea'),
    (creation_traps, 'github'), (activity, *GH, *GT))
