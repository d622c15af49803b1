"""What a stranger may write in a policy: it compiles and answers the same, or runs interpreted and one line says why."""

import re
import struct

import pytest

from sim.core import engine
from sim.core.compile import compile_loop
from sim.core.seeds import stream
from tests.core import toy

ALIKE = {
    "for, break, continue, else": """
        total = 0
        for k in range(abs(row.x)):
            if k == 4:
                break
            if k % 2:
                continue
            total += k
        else:
            total += 100
        return total
    """,
    "while True": """
        k = row.x
        while True:
            k += 3
            if k > 20:
                break
        return k
    """,
    "while, else": """
        k = row.x
        while k < 5:
            k += 1
            if k == 0:
                break
        else:
            k = -k
        return k
    """,
    "nested ifs": """
        if row.x > 0:
            if row.y > 0:
                return 1
            elif row.y < -3:
                return 2
            else:
                return 3
        elif row.x == 0:
            return 4
        return 5
    """,
    "tuples and swaps": """
        a, b = row.x, row.index
        a, b = b, a
        a, b = b, a + b
        (c, d), e = (a, b), 3
        return a * 2 + b + c - d + e
    """,
    "augmented assignment": (
        """
        self.whole += row.x
        self.whole -= 2
        self.whole //= 1
        self.whole |= 1
        self.whole ^= 2
        self.real += row.y
        self.real /= 2
        return self.whole + self.real
        """,
        "self.whole = 0; self.real = 0.0",
    ),
    "slices": (
        """
        start = row.index % 10
        self.row[start : start + 3] = row.x
        total = 0
        for value in self.row[2:8]:
            total += value
        part = self.row[1:4]
        part += 1
        return total + self.row[2]
        """,
        "self.row = np.arange(50)",
    ),
    "min and max": "return min(row.x, 3) + max(row.y, 0.5, row.x) + min(row.x, row.y)",
    "min and max of no number": """
        nothing = math.inf - math.inf
        return (1 if min(row.y, nothing) == row.y else 2) + (4 if max(nothing, row.y) == row.y else 8)
    """,
    "enumerate and zip": """
        total = 0
        for i, (a, b) in enumerate(zip(range(3), range(row.x, row.x + 3))):
            total += i * a * b
        return total
    """,
    "abs, len, int, float, bool, round": (
        "return abs(row.x) + len(self.row) + int(row.y) + float(row.x) + bool(row.x) + round(row.y) + int(-3.3 * row.y)",
        "self.row = np.zeros(4)",
    ),
    "functions of math": """
        y = abs(row.y) + 0.1
        whole = math.floor(row.y) + math.ceil(row.y) + math.trunc(row.y) + math.gcd(row.x, 6) + math.floor(row.x)
        roots = math.sqrt(y) + math.copysign(2.0, row.y) + math.erf(row.y)
        powers = math.exp(row.y) + math.log(y) + math.log2(y) + math.log10(y) + math.log1p(y) + math.expm1(row.y)
        angles = math.sin(row.y) + math.cos(row.y) + math.tan(row.y) + math.atan2(row.y, 2.0) + math.tanh(row.y)
        return whole + roots + powers + angles
    """,
    "constants of math": "return (row.y < math.inf) + (4 if math.isnan(row.y) else 0) + math.pi - math.e",
    "functions of NumPy": (
        """
        self.row[row.index % 20] = row.y
        return (np.argmin(self.row) + np.argmax(self.row) + np.max(self.row) + np.abs(row.y) + np.sqrt(abs(row.y))
                + np.floor(row.y) + np.minimum(row.x, 2) + np.count_nonzero(self.row > 3) + self.row.min())
        """,
        "self.row = np.arange(20.0)",
    ),
    "constants of class and module": (
        "return self.K * row.x + SPAN[1] + SPAN[row.index % 2] + Mark.FAR - (row.x == Mark.NEAR) + self.flagged",
        "self.flagged = True",
        "K = 3",
        "SPAN = (7, 9)\nclass Mark(enum.IntEnum):\n    NEAR = 1\n    FAR = 2",
    ),
    "static method": ("return self.twice(row.x)", "", "@staticmethod\ndef twice(value):\n    return value * 2"),
    "method with defaults and names": (
        "return self.mix(row.x) + self.mix(row.x, b=3) + self.mix(b=1, a=2) + self.mix(1, 2, c=3)",
        "",
        "def mix(self, a, b=2, *, c=1):\n    return a * b + c",
    ),
    "helper with defaults and names": (
        "return mix(row.x) + mix(row.x, b=3) + mix(b=1, a=2) + mix(1, 2, c=row.index)",
        "",
        "",
        "def mix(a, b=2, *, c=1):\n    return a * b + c",
    ),
    "helper that gives several": (
        "a, b = split(row.x)\nreturn a * 10 + b",
        "",
        "",
        "def split(v):\n    return v // 3, v % 3",
    ),
    "division and modulo of negatives": """
        return (row.x // 4) * 1000 + row.x % 4 + (row.x % -4) * 10 + row.x // -3 + row.y // 1.5 + row.y % 1.5 + row.y % -0.7
    """,
    "powers and shifts of integers": "return row.x**3 + 2**10 + (1 << (row.index % 40)) % 1001 + (row.x >> 1) + (row.x << 2)",
    "bits": "return (row.x & 7) | (row.index ^ 3) + (~row.x) - (-row.x)",
    "a float field given integers": "self.real = row.x\nself.real //= 2\nreturn self.real",
    "a local that is int or float": """
        value = 1
        if row.x > 0:
            value = 0.5
        return value // 1 + value
    """,
    "texts and flags that stay": (
        """
        if self.flag and self.name == "x" and self.nothing is None and self.name in ("x", "y"):
            return 1 if self.name != 3 else 2
        return 3
        """,
        'self.flag = True; self.name = "x"; self.nothing = None',
    ),
    "ternaries": "return 1 if row.x > 0 else 2 if row.x < -3 else 3.5",
    "chained comparisons": "return (1 if 0 < row.x <= 5 else 0) + (2 if -1 <= row.y < 1 != 0 else 0)",
    "and, or, not": "return (row.x or 7) + (row.x and 3) + (not row.x)",
    "truth of numbers": (
        "self.flag = not self.flag\nif row.x:\n    return 1 + self.flag\nreturn 0",
        "self.flag = False",
    ),
    "in a tuple": "return 1 if row.x in (1, 2, 3) else 0",
    "a table": (
        """
        self.table[row.index % 5, row.x % 4] += row.x
        self.table[row.index % 5][1] += 1
        line = self.table[2]
        total = 0
        for value in self.table[row.index % 5]:
            total += value
        return total + line[1] + self.table[1, -1] + self.table.shape[0] + len(self.table)
        """,
        "self.table = np.zeros((5, 4), np.int64)",
    ),
    "negative constant indices": ("return self.row[-1] + self.row[-2]", "self.row = np.arange(20)"),
    "small integers": (
        "self.small[row.index % 5] += 1\nvalue = self.small[2] + 3\nreturn value * 2 - self.small[1] // 2",
        "self.small = np.zeros(5, np.uint8)",
    ),
    "truth values counted": (
        "self.seen[row.index % 9] = row.x > 0\ntotal = 0\nfor k in range(9):\n    total += self.seen[k]\nreturn total",
        "self.seen = np.zeros(9, bool)",
    ),
    "structures": (
        """
        i = row.x + 9
        if not self.order.contains(i):
            self.order.push_front(i)
        self.heap.set(i, row.y, row.index)
        return self.order.front() + self.heap.first() + self.queues[0].size
        """,
        "self.order = LinkedList(20); self.heap = Heap(20); self.queues = [LinkedList(20), LinkedList(20)]",
    ),
    "a loop over structures": (
        """
        total = 0
        for k, queue in enumerate(self.queues):
            if not queue.contains(row.x + 9):
                queue.push_front(row.x + 9)
            total += k * queue.size + queue.front()
        return total
        """,
        "self.queues = [LinkedList(20), LinkedList(20)]",
    ),
    "another name for a structure": (
        """
        queue = self.one
        if row.x > 0:
            queue = self.other
        if not queue.contains(1):
            queue.push_front(1)
        return queue.size + self.one.size
        """,
        "self.one = LinkedList(20); self.other = LinkedList(20)",
    ),
    "draws": "return self.rng.random() + self.rng.integers(0, 7)",
    "assert that holds": "assert row.index >= 0, 'never'\nreturn 1",
}
"""Compile, and give the same. A body, or (body of answer, body of begin, members of the class, lines before the class)."""

ALIKE["a float field given integers"] = (ALIKE["a float field given integers"], "self.real = 0.0")

ALIKE_AND_SLOW = {
    "list comprehension": "values = [k * row.x for k in range(5) if k != 2]\nreturn values[-1] + len(values)",
    "local list": "l = []\nfor k in range(4):\n    l.append(k * row.x)\nl.sort()\nreturn l.pop() + len(l)",
    "sum and sorted": "s = sorted([row.x, 3, -2], reverse=True)\nreturn sum([row.x, 3, 2]) + s[0] * 10 + s[-1]",
    "local array": "a = np.zeros(4, np.int64)\na[row.x % 4] = 3\na[-1] += 1\nk = -2\nreturn a[3] + a[k]",
    "f-string": "return len(f'{row.x}')",
    "array arithmetic": ("b = self.row * row.y\nreturn b[3] + (self.row + 1.0)[2]", "self.row = np.arange(50) * 0.1"),
    "where": ("w = np.where(self.row == row.x % 3)[0]\nreturn w[0] + len(w)", "self.row = np.arange(20) % 3"),
    "sort": ("return np.sort(self.row)[0] + self.row.argmin() + self.row.max()", "self.row = np.array([3, 1, 2])"),
    "array of draws": "values = self.rng.random(3)\nreturn values[0] + values[2]",
}

DECORATED = """
import functools

def twice(g):
    @functools.wraps(g)
    def h(v):
        return 2 * g(v)
    return h

@twice
def f(v):
    return v + 1
"""

REFUSED = {
    "dict": ("self.d[row.x] = 1\nreturn len(self.d)", "self.d = {}", "dict"),
    "local dict": ("d = {1: 2}\nreturn d[1]", "", "a dict"),
    "set": ("self.s.add(row.x)\nreturn len(self.s)", "self.s = set()", "set"),
    "local set": ("return len({row.x, 1})", "", "a set"),
    "list": ("self.l.append(row.x)\nreturn self.l[-1]", "self.l = []", "list"),
    "list of numbers": ("self.l.append(row.x)\nreturn self.l[-1]", "self.l = [0, 1]", "list"),
    "heapq": ("heapq.heappush(self.h, row.x)\nreturn self.h[0]", "self.h = []", "list"),
    "module heapq": ("h = [5, 3]\nheapq.heappush(h, row.x)\nreturn h[0]", "", "module heapq"),
    "deque": ("self.q.append(row.x)\nreturn self.q[0]", "self.q = collections.deque()", "deque"),
    "OrderedDict": ("self.q[row.x] = 1\nreturn len(self.q)", "self.q = collections.OrderedDict()", "OrderedDict"),
    "defaultdict": ("self.q[row.x] += 1\nreturn len(self.q)", "self.q = collections.defaultdict(int)", "defaultdict"),
    "a class built on list": ("return len(self.q)", "self.q = type('Bag', (list,), {})([1])", "is a Bag"),
    "generator expression": ("return sum(k for k in range(3))", "", "generator expression"),
    "try": ("try:\n    return 1 // row.x\nexcept ZeroDivisionError:\n    return 0", "", "try/except"),
    "lambda": ("f = lambda v: v + 1\nreturn f(row.x)", "", "lambda"),
    "isinstance": ("return 1 if isinstance(row.x, int) else 0", "", "isinstance"),
    "reversed": ("t = 0\nfor k in reversed(range(3)):\n    t = t * 10 + k\nreturn t", "", "reversed"),
    "divmod": ("a, b = divmod(row.x, 4)\nreturn a * 10 + b", "", "divmod"),
    "a module's function that differs": ("return math.hypot(row.y, 1.0)", "", "math.hypot"),
    "power of a float": ("return row.y**2", "", "power of a float"),
    "power in an array": ("return (self.a**0.7)[5]", "self.a = np.arange(50) * 0.1", "power"),
    "round to digits": ("return round(row.y, 2)", "", "round to digits"),
    "number beyond 64 bits": ("return (row.x * 31) & 0xFFFFFFFFFFFFFFFF", "", "beyond 64 bits"),
    "constant beyond 64 bits": ("return (row.x + 2**70) % 7", "", "beyond 64 bits"),
    "float32": ("return self.a[3] * 0.1", "self.a = np.full(20, 0.1, np.float32)", "float32"),
    "uint64": ("return int(self.a[3])", "self.a = np.full(20, 3, np.uint64)", "uint64"),
    "truth values added": ("return self.a[1] + self.a[2]", "self.a = np.ones(20, bool)", "truth values"),
    "truth value inverted": ("return 5 if ~self.a[1] else 6", "self.a = np.ones(20, bool)", "~"),
    "float index": ("return self.a[row.y]", "self.a = np.arange(20)", "index that is no integer"),
    "int field that becomes a float": ("self.m = self.m + 0.5\nreturn self.m", "self.m = 0", "begins as an int"),
    "None that becomes a number": (
        "if self.last is None:\n    self.last = row.x\nreturn self.last", "self.last = None", "begins as None"
    ),
    "text that changes": ("self.s = 'x' if row.x > 0 else 'y'\nreturn len(self.s)", "self.s = 'abc'", "begins as 'abc'"),
    "print": ("if row.index == -1:\n    print(row.x)\nreturn 1", "", "print"),
    "assignment expression": ("if (k := row.x * 2) > 4:\n    return k\nreturn -k", "", "assignment within an expression"),
    "sum of an array": ("return self.a.sum()", "self.a = np.arange(50) * 0.1", "sum()"),
    "np.sum": ("return np.sum(self.a)", "self.a = np.arange(50) * 0.1", "np.sum"),
    "@": ("return self.a @ self.a", "self.a = np.arange(50) * 0.1", "@"),
    "argsort": ("return np.argsort(self.a)[0]", "self.a = np.array([3, 1, 2, 1])", "order of equals"),
    "np.exp": ("return np.exp(row.y)", "", "last bit"),
    "a function of NumPy not known to agree": ("return np.median(self.a)", "self.a = np.arange(4.0)", "np.median"),
    "NumPy's global draws": ("return np.random.random() * 0", "", "np.random"),
    "another draw": ("return self.rng.poisson(3.0)", "", "rng.poisson"),
    "starred argument": ("return max(*(1, 2))", "", "starred"),
    "starred target": ("a, *b = (row.x, row.y)\nreturn a", "", "starred"),
    "nested function": ("def g(v):\n    return v + 1\nreturn g(row.x)", "", "nested function"),
    "del": ("v = 1\ndel v\nreturn 2", "", "del"),
    "with": ("with open(__file__) as f:\n    return 1", "", "with"),
    "match": ("match row.x:\n    case 1:\n        return 1\nreturn 2", "", "match"),
    "import": ("import math as m\nreturn m.pi", "", "import"),
    "getattr": ("return getattr(self, 'v')", "self.v = 1", "getattr"),
    "field first assigned late": ("self.w = 1\nreturn self.w", "", "first assigned while running"),
    "new array": ("self.a = np.zeros(4)\nreturn len(self.a)", "self.a = np.zeros(3)", "new object"),
    "new structure": ("l = LinkedList(3)\nreturn l.size", "", "LinkedList"),
    "structures by number": ("return self.qs[row.index % 2].size", "self.qs = [LinkedList(9), LinkedList(9)]", "constant index"),
    "fields by unpacking": ("self.a, self.b = self.b, self.a\nreturn self.a", "self.a = 1; self.b = 2", "unpacking"),
    "name without a value": ("if row.index >= 0:\n    z = 1\nreturn z", "", "z may be without a value"),
    "generator": ("t = 0\nfor k in self.gen(row.x):\n    t += k\nreturn t", "", "yield", "def gen(self, x):\n    yield x"),
    "property": ("return self.double + row.x", "self.v = 2", "property", "@property\ndef double(self):\n    return self.v * 2"),
    "class method": ("return self.f(row.x)", "", "classmethod", "@classmethod\ndef f(cls, v):\n    return v * 2"),
    "class with a list": ("return self.K[1]", "", "self.K", "K = [3, 4]"),
    "method that sets fields its own way": (
        "self.v = row.x\nreturn self.v", "self.v = 2", "__setattr__",
        "def __setattr__(self, k, v):\n    object.__setattr__(self, k, v * 2 if k == 'v' else v)",
    ),
    "recursion": ("return self.f(row.index)", "", "calls itself", "def f(self, n):\n    return 1 + self.f(n - 1) if n else 0"),
    "recursion in two steps": (
        "return even(row.index)", "", "calls itself", "",
        "def even(n):\n    return 1 if n == 0 else odd(n - 1)\ndef odd(n):\n    return 0 if n == 0 else even(n - 1)",
    ),
    "global statement": ("global C\nC = row.x\nreturn C", "", "global", "", "C = 0"),
    "global list": ("return G[row.index % 2]", "", "global G, a list", "", "G = [4, 5]"),
    "global array": ("return G[row.index % 2]", "", "global G, a ndarray", "", "G = np.array([4, 5])"),
    "global dict": ("return G['a']", "", "global G, a dict", "", "G = {'a': 2}"),
    "closure": (
        "return adder(row.x)", "", "k comes from an enclosing function", "",
        "def make(k):\n    def add(v):\n        return v + k\n    return add\nadder = make(3)",
    ),
    "lambda of the module": ("return adder(row.x)", "", "which no def made", "", "adder = lambda v: v + 3"),
    "decorated helper": ("return f(row.x)", "", "decorated by twice", "", DECORATED),
    "arguments without number": ("return f(1, 2)", "", "variable number", "", "def f(*a):\n    return a[0]"),
}  # fmt: skip
"""Run interpreted; (body, begin, what the line names, members, lines before)."""


def made(folder, name, snippet):
    return toy.written(folder, re.sub(r"\W+", "_", name), *([snippet] if isinstance(snippet, str) else snippet))


def bits(values):
    """Floats by their bits, so that nan equals nan and -0.0 is not 0.0."""
    return [struct.pack("<d", value) for value in values]


COLLECTOR = """
class Mine(toy.Policy):
    parts: tuple = ()

    def begin(self, n, rng):
        self.answers = np.zeros((n, len(self.parts)))
        for part in self.parts:
            part.begin(n, rng)

    def answer(self, row):
        for k, part in enumerate(self.parts):
            self.answers[row.index, k] = part.answer(row)
        return 0
"""


def differing(folder, snippets, n=60):
    """The names of the snippets that answer differently in one compiled run of all of them."""
    (folder / "collector.py").write_text(toy.HEAD + COLLECTOR)
    collector = toy.loaded(folder / "collector.py", "Mine")
    parts = [made(folder, name, snippet) for name, snippet in snippets.items()]
    answers = []
    for is_compiled in (False, True):
        policy = collector(parts=tuple(part() for part in parts))
        run = toy.ToyRun(toy.trace(n), policy, stream(5, "constructs"))
        if is_compiled:
            compile_loop(run.loop, run.objects, "constructs")(0, n)
        else:
            run.loop(*run.objects.values(), 0, n)
        answers.append(policy.answers)
    plain, compiled = answers
    return [name for k, name in enumerate(snippets) if bits(plain[:, k]) != bits(compiled[:, k])]


REPRESENTATIVE = (
    "for, break, continue, else",
    "tuples and swaps",
    "augmented assignment",
    "slices",
    "functions of math",
    "constants of class and module",
    "method with defaults and names",
    "division and modulo of negatives",
    "powers and shifts of integers",
    "bits",
    "a table",
    "small integers",
    "a loop over structures",
)


def test_what_compiles_answers_the_same_in_both_forms(tmp_path):
    assert differing(tmp_path, {name: ALIKE[name] for name in REPRESENTATIVE}) == []


@pytest.mark.slow
def test_all_else_that_compiles_answers_the_same_in_both_forms(tmp_path):
    assert differing(tmp_path, {name: ALIKE[name] for name in ALIKE if name not in REPRESENTATIVE}) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ALIKE_AND_SLOW)
def test_what_needs_memory_while_it_runs_answers_the_same_in_both_forms(name, tmp_path):
    assert differing(tmp_path, {name: ALIKE_AND_SLOW[name]}) == []


def test_inherited_methods_and_super_answer_the_same_in_both_forms(tmp_path):
    text = """
    class Base(toy.Policy):
        STEP = 2

        def begin(self, n, rng):
            self.total = 0

        def answer(self, row):
            self.total += self.worth(row) * self.STEP
            return self.total

        def worth(self, row):
            return row.x

    class Middle(Base):
        def worth(self, row):
            return super().worth(row) + 1

    class Mine(Middle):
        STEP = 3

        def begin(self, n, rng):
            super().begin(n, rng)
            self.last = 1.5

        def answer(self, row):
            self.last = super().answer(row) / 2
            return self.last
    """
    (tmp_path / "family.py").write_text(toy.HEAD + toy.textwrap.dedent(text))
    policy = toy.loaded(tmp_path / "family.py", "Mine")()
    plain, compiled = (toy.answered(policy, mode) for mode in ("interpreted", "compiled"))
    assert compiled[0] == "compiled"
    assert plain[1] == compiled[1]


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_compile_runs_interpreted_and_one_line_names_construct_and_line(name, tmp_path, monkeypatch):
    body, begin, construct, *others = REFUSED[name]
    policy = made(tmp_path, name, (body, begin, *others))()
    engine_used, answers, notices = toy.answered(policy, "auto")
    assert engine_used == ("interpreted" if name != "float index" else "PolicyError")
    if engine_used == "interpreted":
        (line,) = notices
        assert bits(answers) == bits(toy.answered(policy, "interpreted")[1])
    else:
        line = toy.answered(policy, "compiled")[1]
    assert construct in line
    assert "\n" not in line
    place = re.search(r"(\w+\.py), line (\d+)\)", line)
    source = (tmp_path / f"{place[1]}").read_text().splitlines()
    assert 1 <= int(place[2]) <= len(source)
    assert int(place[2]) > len(toy.HEAD.splitlines()) - 2


PART_WAYS = {
    "an integer grows beyond 64 bits": ("self.h = self.h * 31 + row.x\nreturn self.h % 1000", "self.h = 1"),
    "a shift beyond 64 bits": "return (1 << (60 + row.x)) % 1001 if row.x > -60 else 0",
    "a negative power": "return 2 ** -abs(row.x)",
    "a large power": "return row.x**40 % 1000003",
    "a large float cut": "return int(row.y * 1e30) % 1000",
    "NumPy wraps a byte": ("return int(self.a[3] + 10)", "self.a = np.full(20, 250, np.uint8)"),
    "NumPy wraps below zero": ("return int(self.a[3] - 1)", "self.a = np.zeros(20, np.uint8)"),
    "NumPy wraps a field": ("self.a[3] += 1\nreturn int(self.a[3])", "self.a = np.full(20, 250, np.uint8)"),
    "NumPy wraps 32 bits": ("v = self.a[3]\nv += self.a[2]\nreturn int(v)", "self.a = np.full(20, 2**30, np.int32)"),
    "NumPy wraps 64 bits": ("return int(self.a[3] * 3)", "self.a = np.full(20, 2**62, np.int64)"),
    "NumPy divides by zero": ("return 1.0 / self.a[3]", "self.a = np.zeros(20)"),
    "the least integer by -1": ("return self.a // row.x % 1000 if row.x else 0", "self.a = -(2**63)"),
    "a negative index": ("k = row.x\nreturn self.a[k]", "self.a = np.arange(20)"),
    "no answer, which NumPy stores as no number": "if row.index < 9:\n    return 1",
    "a negative product as an index": ("return self.a[(row.x * 2) % 7 - 3]", "self.a = np.arange(20)"),
}
"""Compile, but Python and machine code part ways while running, in the first 60 rows."""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if k % 4 else ()) for k, name in enumerate(PART_WAYS)]
)
def test_where_machine_code_cannot_follow_the_run_is_interpreted_and_says_so(name, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "N_PROBED", 0)  # as when it happens late in a trace
    policy = made(tmp_path, name, PART_WAYS[name])()
    engine_used, answers, notices = toy.answered(policy, "auto")
    assert engine_used == "interpreted"
    assert bits(answers) == bits(toy.answered(policy, "interpreted")[1])
    (line,) = notices
    assert re.match(
        r"Mine runs interpreted: its compiled form raised \w+ \(.*\) at request \d+, where Python does not", line
    )
    kind, line, _ = toy.answered(policy, "compiled")
    assert kind == "CannotCompile"
    assert "where Python does not" in line


RAISE = {
    "an f-string": ("if row.index == 5:\n    raise ValueError(f'bad {row.x}')\nreturn 1", "request 5: bad 6"),
    "an exception of the file": ("if row.index == 7:\n    raise Odd('bad')\nreturn 1", "raised Odd at request 7: bad"),
    "an index too large": ("return self.a[row.index]", "index 20 is out of bounds for axis 0 with size 20"),
    "an assertion": (
        "assert row.index < 40, f'{row.index} is late'\nreturn 1",
        "AssertionError at request 40: 40 is late",
    ),
    "a division by zero": (
        "return 1 // (row.index - 3)",
        "ZeroDivisionError at request 3: integer division or modulo by zero",
    ),
    "a number too large for its array": (
        "self.b[3] = row.index * 9\nreturn 1",
        "OverflowError at request 15: Python integer 135",
    ),
    "int of no number": (
        "return int(math.inf - math.inf)",
        "ValueError at request 0: cannot convert float NaN to integer",
    ),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if k % 3 else ()) for k, name in enumerate(RAISE)]
)
def test_an_error_midway_is_the_same_line_in_both_forms(name, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "N_PROBED", 0)
    body, told = RAISE[name]
    top = "class Odd(Exception):\n    pass"
    policy = made(tmp_path, name, (body, "self.a = np.arange(20); self.b = np.zeros(5, np.int8)", "", top))()
    plain, compiled = (toy.answered(policy, mode) for mode in ("interpreted", "compiled"))
    assert plain == compiled
    assert plain[0] == "PolicyError"
    assert told in plain[1]
    assert plain[1].startswith("Mine raised ")
