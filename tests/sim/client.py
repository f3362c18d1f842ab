"""What the simulator's own tests share: a client, git, and one line a fact."""
import functools
import http.client
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        try:
            self.json = json.loads(text) if text else None
        except ValueError:
            self.json = None

    def __repr__(self):
        return '%s %s' % (self.status, self.text[:300])


class Forge:
    """One running forge-sim: FORGE_SIM is the program."""

    def __init__(self, kind, *options):
        self.kind = kind
        self.is_github = kind in ('github', 'ghes')
        self.api = {'github': '', 'ghes': '/api/v3'}.get(kind, '/api/v1')
        self.dir = tempfile.mkdtemp(dir=os.environ['T'])
        self.log = os.path.join(os.environ['BUILD'], 'simlogs',
                                'check-%s-%d.jsonl' % (kind, os.getpid()))
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        self.process = subprocess.Popen(
            [os.environ['BUILD'] + '/forge-sim', '--kind', kind, '--root',
             self.dir, '--log', self.log, *options], stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().strip()
        self.host = self.url[len('http://'):]

    def stop(self):
        self.process.terminate()
        code = self.process.wait(20)
        self.process.stdout.close()
        return code

    def call(self, method, path, body=None, token='sim-token', timeout=30,
             headers=()):
        c = http.client.HTTPConnection(self.host, timeout=timeout)
        h = dict(headers)
        if token:
            h['Authorization'] = 'token ' + token
        data = None
        if body is not None:
            data = json.dumps(body)
            h['Content-Type'] = 'application/json'
        try:
            c.request(method, path, data, h)
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read().decode())
        finally:
            c.close()

    def rest(self, method, path, body=None, **more):
        """A call below the repository team/config."""
        return self.call(method, self.api + '/repos/team/config' + path, body,
                         **more)

    def graphql(self, query, **variables):
        return self.call('POST', '/graphql' if self.kind == 'github'
                         else '/api/graphql',
                         {'query': query, 'variables': variables})

    def sim(self, method, path, /, **body):
        a = self.call(method, '/_sim/' + path,
                      body if method != 'GET' else None, token=None)
        assert a.status == 200, a
        return a.json

    def repo(self, name):
        """A bare repository with one commit on main."""
        self.bare = os.path.join(self.dir, name + '.git')
        self.remote = 'http://x:sim-token@%s/%s.git' % (self.host, name)
        git('init', '-q', '--bare', '-b', 'main', self.bare)
        git('-C', self.bare, 'config', 'gc.auto', '0')
        self.write('main', None, {'file': 'start\n'})

    @functools.cached_property
    def clone(self):
        path = os.path.join(self.dir, 'clones')
        git('clone', '-q', self.remote, path)
        return path

    def write(self, branch, parent, files):
        text = ['commit refs/heads/%s\ncommitter T <t@example.com> 1700000000 '
                '+0000\ndata %d\nOn %s\n' % (branch, len(branch) + 3, branch)]
        if parent:
            text.append('from refs/heads/%s^0\n' % parent)
        for path, body in files.items():
            text.append('M 100644 inline %s\ndata %d\n%s\n' % (
                path, len(body), body))
        subprocess.run(['git', '-C', self.bare, 'fast-import', '--quiet',
                        '--force'], input=''.join(text), text=True, check=True)

    def commit(self, branch, message, **files):
        for name, text in files.items():
            with open(os.path.join(self.clone, name), 'w') as f:
                f.write(text)
        git('-C', self.clone, 'add', '-A')
        git('-C', self.clone, 'commit', '-q', '-m', message)

    def push(self, branch, *options, fails=False):
        return git('-C', self.clone, 'push', '-q', *options, 'origin', branch,
                   fails=fails)

    def branch(self, name, **files):
        """A branch of one commit on main, put into the repository; its id."""
        self.write(name, 'main', files or {name: name + '\n'})
        return self.at(name)

    def base(self, **files):
        """Somebody pushes to main."""
        git('-C', self.clone, 'fetch', '-q')
        git('-C', self.clone, 'checkout', '-q', '-B', 'main', 'origin/main')
        self.commit('main', 'Meanwhile', **files)
        self.push('main')

    def at(self, name):
        return git('-C', self.bare, 'rev-parse', name)

    def pr(self, head, base='main', **more):
        a = self.rest('POST', '/pulls', dict(
            {'head': head, 'base': base, 'title': 'T ' + head, 'body': 'B'},
            **more))
        assert a.status == 201, a
        return a.json['number']

    def new_pr(self, head, **files):
        self.branch(head, **files)
        return self.pr(head)

    def get(self, number):
        return self.rest('GET', '/pulls/%d' % number).json

    def settled(self, number):
        """Asked often enough for mergeability to be there."""
        self.get(number)
        return self.get(number)

    def merge(self, number, sha=None, method='merge', **more):
        if self.is_github:
            body = {'merge_method': method}
            if sha:
                body['sha'] = sha
            return self.rest('PUT', '/pulls/%d/merge' % number,
                             dict(body, **more))
        body = {'Do': method}
        if sha:
            body['head_commit_id'] = sha
        return self.rest('POST', '/pulls/%d/merge' % number,
                         dict(body, **more))

    def protect(self, **rule):
        self.sim('POST', 'protect', repo='team/config', branch='main', **rule)

    def trap(self, **traps):
        self.sim('POST', 'trap', **{k.replace('_', '-'): v
                                    for k, v in traps.items()})

    def requests(self):
        return self.sim('GET', 'requests')


def git(*args, fails=False):
    r = subprocess.run(['git', *args], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    if bool(r.returncode) != fails:
        raise AssertionError('git %s: %s' % (' '.join(args), r.stdout))
    return r.stdout.strip()


failed = 0


def check(name, got, want=True):
    global failed
    if got == want:
        print('ok - ' + name)
        return
    failed += 1
    print('not ok - %s\n  got:  %r\n  want: %r' % (name, got, want))


def run(*tests):
    """Each test is called with a forge; a crash is a failure by name."""
    global failed
    for test, *kinds in tests:
        for kind in kinds:
            options = getattr(test, 'options', [])
            forge = Forge(kind, *options)
            try:
                forge.repo('team/config')
                test(forge, '%s: ' % kind)
            except Exception as e:  # noqa: a test must name itself
                failed += 1
                print('not ok - %s: %s: %s: %s' % (
                    kind, test.__name__, type(e).__name__, e))
            finally:
                if forge.stop() != 0:
                    failed += 1
                    print('not ok - %s: %s: forge-sim ends cleanly' % (
                        kind, test.__name__))
    sys.exit(failed > 0)
