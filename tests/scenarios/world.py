"""The world of one scenario: a repository at a simulated forge, a clock, the
bot, and what it left behind. A Forge serves one scenario at a time."""
import functools
import http.client
import json
import os
import re
import shlex
import subprocess
import time

from forms import moment, stamp

TOKEN = 'tok-5d1e7a90c3f24b68'      # must never be seen anywhere
ZERO = '0' * 40
GIT = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'TZ': 'UTC',
       'GIT_CONFIG_GLOBAL': '/dev/null', 'GIT_CONFIG_NOSYSTEM': '1'}

# The configuration that `with KEY: VALUE` changes.
STANDARD = {
    'version': '1',
    'environments': {
        'dev': {'deliver': 'push'},
        'staging': {'from': 'dev', 'promote': 'auto', 'merge': 'auto',
                    'gates': {'soak': '30m'}},
    },
    'services': '\n  - kustomize: apps/{service}/{dir}/kustomization.yaml\n'
                '    image: registry.example.com/team/{service}',
}
KUSTOMIZATION = '''\
# {service} in {env}: people write here, too
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
images:
  - name: registry.example.com/team/{service}
    newTag: {tag}   # by git-promote
commonLabels: {{tier: "{env}"}}
'''


class Failed(Exception):
    """What was expected, and what came."""


def keys_of(tree):
    """All keys of a JSON tree."""
    if isinstance(tree, dict):
        return set(tree).union(*map(keys_of, tree.values()))
    return set().union(*map(keys_of, tree)) if isinstance(tree, list) else set()


@functools.cache
def words_of_help(build):
    return set(re.findall('[A-Za-z]+', subprocess.run(
        [f'{build}/git-promote', 'help', 'json'], check=True,
        capture_output=True, text=True).stdout))


def same(what, got, want):
    if got != want:
        raise Failed(f'{what}\n  expected: {want}\n  came:     {got}')


class Forge:
    """A running forge-sim."""
    running = []

    def __init__(self, kind, build, root):
        self.kind, self.root = kind, root
        os.makedirs(root)
        self.process = subprocess.Popen(
            [f'{build}/forge-sim', '--kind', kind, '--root', root, '--token',
             TOKEN, '--trap', 'mergeable-polls=0'],
            stdout=subprocess.PIPE, text=True)
        self.running.append(self)
        self.repos = 0
        self.url = self.process.stdout.readline().strip()
        self.http = http.client.HTTPConnection(self.url[len('http://'):], timeout=60)

    def ask(self, method, path, body=None):
        self.http.request(method, path, json.dumps(body) if body else None,
                          {'Authorization': f'token {TOKEN}'})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise Failed(f'the simulator says {answer.status} to {path} {body}: '
                         f'{text.decode(errors="replace")}')
        return json.loads(text)

    def stop(self):
        self.process.kill()
        self.process.wait()


class World:
    def __init__(self, build, folder, forges, kind):
        self.build, self.folder, self.forges = build, folder, forges
        self.config = json.loads(json.dumps(STANDARD))
        self.files, self.versions = {}, {'web': '1.4.0', 'api': '1.4.0'}
        self.forge_kind, self.now = kind, moment('2026-11-01 08:00', 0)
        self.forge = self.dir = self.cat = None
        self.args, self.env, self.pid, self.keeping = None, {}, None, False
        self.exit, self.out, self.err, self.json = 0, '', '', {}
        self.before, self.awaited = {}, None

    # ---- the beginning ----

    def promote_yaml(self):
        def put(value, indent):
            if isinstance(value, str):
                return (' ' if value and value[0] != '\n' else '') + value + '\n'
            return '\n' + ''.join(f'{indent}{k}:' + put(v, indent + '  ')
                                  for k, v in value.items())
        text = put(self.config, '')[1:]
        return text.replace('$HOST', self.host().url) if '$HOST' in text else text

    def host(self):
        """The server beside the forge; made when it is first spoken of."""
        from host import Host       # takes its time to load
        if 'host' not in self.forges:
            self.forges['host'] = Host()
        return self.forges['host']

    def configure(self, key, value):
        *path, last = key.split('.')
        at = self.config
        if path or last not in ('forge', 'together', 'limits', 'services'):
            if path[:1] not in (['together'], ['limits']):
                at = at['environments']
        for part in path:
            at = at.setdefault(part, {})
        if value:
            at[last] = value
        else:
            at.pop(last, None)

    def begin(self):
        """The repository, with its first commit; once everything is set."""
        if self.dir:
            return
        name = 'team/config'
        if self.forge_kind == 'none':
            self.dir = f'{self.folder}/{name}.git'
        else:
            if self.forge_kind not in self.forges:
                self.forges[self.forge_kind] = Forge(
                    self.forge_kind, self.build,
                    f'{self.folder}.{self.forge_kind}')
            self.forge = self.forges[self.forge_kind]
            self.forge.repos += 1
            name += str(self.forge.repos)
            self.dir = f'{self.forge.root}/{name}.git'
        self.name = name
        for folder in ('objects', 'refs/heads', 'refs/tags', 'hooks', 'info'):
            os.makedirs(f'{self.dir}/{folder}')
        for file, text in (('HEAD', 'ref: refs/heads/main\n'), ('config', '''\
[core]
	repositoryformatversion = 0
	bare = true
	fsync = none
[gc]
	auto = 0
[receive]
	autogc = false
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
''')):
            with open(f'{self.dir}/{file}', 'w') as f:
                f.write(text)
        files = {'promote.yaml': self.promote_yaml(), 'README.md': 'ours\n'}
        for name, version in self.versions.items():
            env, _, service = name.rpartition('/')
            for env in [env] if env else self.config['environments']:
                files[self.file(f'{env}/{service}')] = KUSTOMIZATION.format(
                    service=service, env=env, tag=version)
        files.update(self.files)
        self.clock(self.now)
        if self.forge_kind == 'github':
            self.at_forge('repo', allow_auto_merge=True)
        self.commit('main', {k: v for k, v in files.items() if v is not None},
                    'As it was')

    def clock(self, at):
        self.now = at
        if self.forge:
            self.forge.ask('POST', '/_sim/now', {'now': stamp(at), 'repo': self.name})

    def end(self):
        if self.cat:
            self.cat.stdin.close()
            self.cat.wait()
            self.cat.stdout.close()
        if self.forge:
            self.forge.ask('DELETE', '/_sim/trap')
        if 'host' in self.forges:
            self.host().forget()

    # ---- what is in the repository ----

    @staticmethod
    def file(spot):
        env, service = spot.split('/')
        return f'apps/{service}/{env}/kustomization.yaml'

    def refs(self):
        found = {}
        for folder, _, files in os.walk(f'{self.dir}/refs/heads'):
            for name in files:
                path = f'{folder}/{name}'
                if not name.endswith('.lock'):
                    with open(path) as f:
                        found[path[len(self.dir) + 12:]] = f.read().strip()
        return found

    def git(self, *args, stdin=None):
        done = subprocess.run(['git', '--git-dir', self.dir, *args], env=GIT,
                              input=stdin, capture_output=True)
        if done.returncode:
            raise Failed(f'git {shlex.join(args)}: {done.stderr.decode()}')
        return done.stdout

    def show(self, name):
        """An object by any of its names: main, main~1, main:FILE; None."""
        if not self.cat:
            self.cat = subprocess.Popen(
                ['git', '--git-dir', self.dir, 'cat-file', '--batch'], env=GIT,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.cat.stdin.write(name.encode() + b'\n')
        self.cat.stdin.flush()
        said = self.cat.stdout.readline().split()
        if said[-1] == b'missing' or len(said) != 3:
            return None
        text = self.cat.stdout.read(int(said[2]) + 1)[:-1]
        return text.decode('utf-8', 'surrogateescape') if said[1] != b'tree' else text

    def sha(self, name):
        found = self.refs().get(name) or self.git('rev-parse', name).decode().strip()
        return found

    def parents(self, name):
        text = self.show(name)
        if text is None:
            raise Failed(f'there is no commit {name}')
        return re.findall(r'^parent (\w+)$', text.split('\n\n')[0], re.M)

    def message(self, name):
        return self.show(name).split('\n\n', 1)[1]

    def version(self, branch, spot):
        """TAG[@DIGEST] that BRANCH holds for ENV/SERVICE, as written."""
        text = self.show(f'{branch}:{self.file(spot)}')
        if text is None:
            return 'nothing'
        found = dict(re.findall(r'^ +(newTag|digest): (\S+)', text, re.M))
        return found.get('newTag', '') + ('@' + found['digest']
                                          if 'digest' in found else '')

    def commit(self, branch, files, message, who='alice', dated=None, merged=None):
        """A commit by somebody; FILES: text, None where it goes. Returns its id.
        While `keeping`, BRANCH does not move."""
        ref = 'refs/scenario/kept' if self.keeping else f'refs/heads/{branch}'
        if self.refs() and branch not in self.refs():
            raise Failed(f'there is no branch {branch}')
        self.stream(self.commit_text(branch, files, message, who, dated,
                                     self.refs().get(branch), merged, ref))
        with open(f'{self.dir}/{ref}') as f:
            return f.read().strip()

    def commit_text(self, branch, files, message, who='alice', dated=None,
                    parent=None, merged=None, ref=None):
        """As git fast-import reads it; no PARENT: onto the one before it."""
        ref = ref or f'refs/heads/{branch}'
        person = (f'{who} <{who}@example.com> '
                  f'{self.now if dated is None else dated} +0000')
        text = [f'commit {ref}\nauthor {person}\ncommitter {person}\n',
                f'data {len(message.encode())}\n{message}\n',
                f'from {parent}\n' if parent else '',
                f'merge {merged}\n' if merged else '']
        for path, content in files.items():
            if content is None:
                text.append(f'D {path}\n')
            else:
                n = len(content.encode('utf-8', 'surrogateescape'))
                text.append(f'M 100644 inline {path}\ndata {n}\n{content}\n')
        return ''.join(text)

    def stream(self, *commits):
        self.git('fast-import', '--quiet', '--force', stdin=''.join(commits).encode(
            'utf-8', 'surrogateescape'))

    # ---- the bot ----

    def bot_env(self):
        env = {**GIT, 'HOME': self.folder, 'NO_COLOR': '1',
               'PROMOTE_NOW': stamp(self.now), 'PROMOTE_TOKEN': TOKEN,
               'PROMOTE_FORGE': self.forge_kind, 'PROMOTE_REPO': self.dir}
        if self.forge:
            env['PROMOTE_REPO'] = f'{self.forge.url}/{self.name}.git'
            env['PROMOTE_FORGE_URL'] = f'{self.forge.url}/'
        if 'host' in self.forges:
            at = self.host().url
            env.update(PROMOTE_GATE_HOSTS=at, PROMOTE_ARGOCD_URL=at)
        return env

    def run(self, args, env=()):
        """git promote ARGS; then what must hold after any command."""
        self.args, self.env = args, dict(env)
        args = shlex.split(args)
        if args[:1] and args[0] in ('bump', 'to', 'auto', 'rollback'):
            args.append('--json')
        env = {**self.bot_env(), **self.env}
        if self.forge:
            self.forge.ask('DELETE', '/_sim/requests')
        self.before = self.refs()
        argv = [f'{self.build}/git-promote', *args]
        if self.pid:
            argv = ['sh', '-c', f'echo $$ >{self.pid}; exec "$@"', 'sh', *argv]
        start = time.monotonic()
        done = subprocess.run(argv, env=env, capture_output=True, timeout=60,
                              cwd='/')
        self.exit, self.took = done.returncode, time.monotonic() - start
        self.out = done.stdout.decode(errors='replace')
        self.err = done.stderr.decode(errors='replace')
        try:
            self.json = json.loads(self.out)
        except ValueError:
            self.json = {}
        if self.pid:
            self.pid = None
            self.forge.ask('DELETE', '/_sim/fault')
        if self.awaited and os.path.exists(self.awaited):
            raise Failed('it never made the request in the middle of which '
                         'something was to happen')
        if '--json' in args and self.out:
            self.check_json()
        self.check_always()

    def check_json(self):
        """The same keys each time, and the help knows them all."""
        same('keys', list(self.json), ['base', 'dryRun', 'results', 'faults',
                                       'error', 'exitCode'])
        same('keys of results', {tuple(r) for r in self.json['results']} - {(
            'service', 'environment', 'action', 'oldVersion', 'newVersion',
            'reason', 'readyAt', 'gates', 'exitCode', 'commit', 'branch',
            'pullRequest', 'notes', 'touched', 'diff')}, set())
        same('keys that nobody explains',
             keys_of(self.json) - words_of_help(self.build), set())

    def check_always(self):
        for where in (self.out, self.err):
            if TOKEN in where:
                raise Failed('the token is in what the bot printed')
        after = self.refs()
        for branch in {**self.before, **after}:
            old, new = self.before.get(branch, ZERO), after.get(branch, ZERO)
            if old == new:
                continue
            ours = re.match('(promote|rollback)/', branch)
            if not ours and ZERO in (old, new):
                raise Failed(f'{branch} came or went: {old} -> {new}')
            if new != ZERO:
                self.check_commits(branch, old, new, bool(ours))
        if self.forge and after != self.before:
            heads = [p['head'] for p in self.pulls() if p['state'] == 'open']
            same('one open pull request for a branch', len(heads), len(set(heads)))

    def check_commits(self, branch, old, new, ours):
        """Base only goes forward; commits of ours change planned fields only."""
        base = self.before['main'] if ours else old
        walked, at = [], new
        while at != base and len(walked) < 200:
            walked.append(at)
            parents = self.parents(at)
            if not parents:
                break
            if len(parents) == 1:
                self.check_fields(at)
            at = parents[0]
        if at != base and not ours:
            raise Failed(f'{branch} was forced from {old} to {new}')

    def check_fields(self, commit):
        found = re.findall(r'^Promote-Version: (.*)$', self.message(commit), re.M)
        if not found:
            return              # a person's, or the forge's
        values = set(re.split(r'[@,=]', found[0]))
        diff = self.git('diff-tree', '-U0', '-p', '--no-commit-id', commit).decode()
        for line in diff.split('\n'):
            emptied = re.match(r'\+ *(tag|digest): ""', line)
            if line[:1] == '+' and line[:4] != '+++ ' and not emptied and not any(
                    v in line for v in values):
                raise Failed(f'a commit of ours changes more than a version:\n{diff}')

    # ---- the forge ----

    def api(self, path):
        root = '' if self.forge_kind == 'github' else '/api/v1'
        return self.forge.ask('GET', f'{root}/repos/{self.name}/{path}')

    def pulls(self):
        return self.forge.ask('GET', f'/_sim/pulls?repo={self.name}')

    def pull(self, number):
        for p in self.pulls():
            if p['number'] == int(number):
                return p
        raise Failed(f'there is no pull request #{number}')

    def at_forge(self, what, **fields):
        if 'number' in fields:
            fields['number'] = int(fields['number'])
        self.forge.ask('POST', f'/_sim/{what}', {
            'repo': self.name, **{k: v for k, v in fields.items() if v is not None}})

    def writes(self):
        return [f'{q["method"]} {q["path"]}' for q in self.requests()
                if q['method'] != 'GET' and 'upload-pack' not in q['path']
                and 'graphql' not in q['path']]

    def requests(self):
        return self.forge.ask('GET', '/_sim/requests')

    def rows(self):
        """The results, each as the line that says it."""
        return [Row(r) for r in self.json.get('results', [])]

    def output(self, whole):
        """The last command's, in short unless WHOLE."""
        text = self.out
        if self.json and not whole:
            text = ''
            for r in self.rows():
                text += f'{r}\n' + ''.join(
                    f'    {g["gate"]} {g["verdict"]}: {g["reason"]}\n'
                    for g in r.gates)
        return f'git promote {self.args}: exit {self.exit}\n{text}{self.err}'

    def all_said(self):
        """What people can read of it: stderr, and stdout or the JSON's texts."""
        found = [self.err]

        def gather(j):
            if isinstance(j, str):
                found.append(j)
            for x in j.values() if isinstance(j, dict) else j if isinstance(j, list) else ():
                gather(x)
        gather(self.json or self.out)
        return '\n'.join(found)


class Row:
    def __init__(self, r):
        self.spot = f'{r["environment"]}/{r["service"]}'
        self.old, self.new = r['oldVersion'], r['newVersion']
        self.action, self.reason = r['action'], r['reason'] or ''
        self.number = (r['pullRequest'] or {}).get('number')
        self.gates = r['gates']

    def __str__(self):
        versions = self.new or self.old or '-'
        if self.new and self.old and self.new != self.old:
            versions = f'{self.old} -> {self.new}'
        return (f'{self.spot} {versions}: {self.action}'
                + (f' #{self.number}' if self.number else '')
                + (f' ({self.reason})' if self.reason else ''))
