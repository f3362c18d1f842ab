"""Read scenario files. What a line may say is a form, given with the function
that does it: words as they are, [what may be left out], and WORDS that stand
for something. The forms are the manual: tests/scenario --help prints them."""
import datetime
import re

TIME = r'(?:\d{4}-\d\d-\d\d|Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d:\d\d(?::\d\d)?'
WORDS = {
    'WHO': r'[a-z-]+', 'N': r'\d+', '#N': r'#(?P<N>\d+)', 'TEXT': r'.+',
    'TIME': TIME, 'SPOT': r'[\w.-]+/[\w.+-]+', 'ENV': r'[\w.-]+',
    'VERSION': r'\S+', 'BEFORE': r'.+?', 'OLD': r'\S+', 'NEW': r'\S+', 'FILE': r'\S+',
    'BRANCH': r'(?:main|release|promote/\S+|rollback/\S+|[\w-]+/[\w-]+)',
    'COMMIT': r'\S+', 'NAME': r'[\w/.{}+-]+', 'STATE': r'[\w-]+',
    'DURATION': r'\d+[smhd]', 'KEY': r'[\w.+-]+', 'VARIABLE': r'[A-Z_]+',
    'VALUE': r'\S*', 'ARGS': r'.+', 'STATUS': r'\d{3}', 'CODE': r'-?\d+', 'LIST': r'.+', 'ACT': r'.+',
    'METHOD': r'[\w|-]+', 'PATH': r'\S+', 'WHEN': r'before|after',
    'SYNC': r'\w+', 'HEALTH': r'\w+',
    'VERDICT': r'passes|waits|refuses',
}
ACTS, EXPECTATIONS, SETTINGS = [], [], []


class Wrong(Exception):
    """A line that cannot be read: FILE:LINE is put before it."""


class Form:
    def __init__(self, text, does, block):
        def word(m):
            w = m.group(0)
            if w not in WORDS:
                return re.escape(w)
            return WORDS[w] if w[0] == '#' else f'(?P<{w}>{WORDS[w]})'
        self.text, self.does, self.block = text, does, block
        pattern = ''
        for part in re.split(r'( ?\[|\]|\s+)', text):
            if part.endswith('['):
                pattern += '(?:' + (r'\s+' if part[0] == ' ' else '')
            elif part == ']':
                pattern += ')?'
            elif part.isspace():
                pattern += r'\s+'
            else:
                pattern += re.sub(r'#?\b[A-Z]+\b|[^A-Z#]+|#', word, part)
        self.match = re.compile(pattern, re.S).fullmatch


def _register(forms):
    def form(*texts, block=False):
        def keep(does):
            for text in texts:
                forms.append(Form(text, does, block))
            return does
        return keep
    return form


setting = _register(SETTINGS)       # before the first act
act = _register(ACTS)               # somebody does something
expect = _register(EXPECTATIONS)    # indented: what holds after it


class Line:
    """One line, understood: its function, its words, what is indented below."""

    def __init__(self, number, text, form, words, at=None):
        self.number, self.text, self.form, self.words = number, text, form, words
        self.at, self.block, self.below = at, [], []

    def do(self, world):
        words = dict(self.words)
        if self.form.block:
            words['BLOCK'] = self.block
        self.form.does(world, **words)


class Scenario:
    def __init__(self, file, number, title, rules):
        self.file, self.number = file, number
        self.title, self.rules, self.lines = title, rules, []


def understand(forms, text):
    for form in forms:
        m = form.match(text)
        if m:
            words = m.groupdict()
            if 'ACT' in words:
                understand(ACTS, words['ACT'])
            return form, words
    raise Wrong(f'this is not understood: {text}')


def moment(text, now):
    """TIME as seconds; a weekday is the first one that is not before NOW."""
    day, clock = text.split(' ')
    clock = [int(n) for n in (clock + ':00').split(':')[:3]]
    if day[0] == '2':
        date = datetime.date.fromisoformat(day)
    else:
        date = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).date()
        weekday = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun').index(day)
        date += datetime.timedelta((weekday - date.weekday()) % 7)
    at = datetime.datetime(*date.timetuple()[:3], *clock,
                           tzinfo=datetime.timezone.utc).timestamp()
    return int(at) + (7 * 86400 if day[0] != '2' and at < now else 0)


def seconds(duration):
    return int(duration[:-1]) * {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}[duration[-1]]


def stamp(at):
    return datetime.datetime.fromtimestamp(
        at, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def text_of(block):
    """The lines below a form, less the indent that all of them have."""
    indent = min(len(x) - len(x.lstrip()) for x in block)
    return ''.join(x[indent:] + '\n' for x in block)


def _indent(text):
    return len(text) - len(text.lstrip(' '))


def _place(s, number, text, last):
    """Put one line where it belongs; returns the one that the next may be below."""
    if text[0] == ' ':
        if not last:
            raise Wrong('nothing stands above this')
        if last.form.block and _indent(text) > last.indent:
            last.block.append(text)
            return last
        if not s.lines or s.lines[-1].form not in ACTS:
            raise Wrong('what is expected stands below what somebody does')
        line = Line(number, text.strip(), *understand(EXPECTATIONS, text.strip()))
        s.lines[-1].below.append(line)
    else:
        at, rest = re.fullmatch(rf'(?s)({TIME})?\s*(.*)', text).groups()
        settings = [] if at or any(x.form in ACTS for x in s.lines) else SETTINGS
        line = Line(number, rest, *understand(settings + ACTS, rest), at)
        s.lines.append(line)
    line.indent = _indent(text)
    return line


def read(path, rules, wrongs, titles):
    """The scenarios of a file; what is wrong with it goes to WRONGS. TITLES:
    those of other files."""
    found, last = [], None
    with open(path, encoding='utf-8') as f:
        for number, text in enumerate(f, 1):
            text = re.sub(r'\\x([0-9a-f]{2})', lambda m: chr(int(m.group(1), 16)),
                          text.rstrip())
            try:
                if text.startswith('== '):
                    m = re.fullmatch(r'== (.*?)((?:\s+\[[^][]+\])*)', text)
                    found.append(Scenario(path, number, m.group(1),
                                          re.findall(r'\[([^]]+)\]', m.group(2))))
                    last = None
                    if found[-1].title in titles:
                        raise Wrong('a scenario of that name is there already')
                    titles.add(found[-1].title)
                    if not found[-1].rules:
                        raise Wrong('which rule does it stand for?')
                    for rule in found[-1].rules:
                        if rule not in rules:
                            raise Wrong(f'there is no rule [{rule}]')
                elif last and last.form.block and text.startswith(' '):
                    last = _place(found[-1], number, text, last)
                elif re.match(r'\s*(#( |$)|$)', text):
                    continue
                elif not found:
                    raise Wrong('a scenario begins with == TITLE [RULE]')
                else:
                    last = _place(found[-1], number, text, last)
            except Wrong as e:
                wrongs.append(f'{path}:{number}: {e}')
    return found
