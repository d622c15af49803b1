from pathlib import Path

import pytest

from sim.adrs import allowlist

ROOT = Path(__file__).parents[2]

WHOLE = """
from sim.core.structures import LinkedList
from sim.domains import paging

SCALE, SHIFT = 0.5, -1


class Mine(paging.Policy):
    share: float = 0.5

    def begin(self, setting, rng):
        self.order = LinkedList(setting.n_pages)
        self.n = 0

    def hit(self, request):
        self.order.move_to_front(request.page)

    def admit(self, request):
        self.order.push_front(request.page)
        while self.n > 3:
            self.n -= 1

    def evict(self, request):
        return self.order.pop_back()
"""


def refusal(text: str, domain: str = "paging") -> str:
    return str(allowlist.check(text, domain))


def within(method: str) -> str:
    """A policy with these lines in its begin."""
    body = "".join(f"        {line}\n" for line in method.splitlines())
    return f"from sim.domains import paging\n\n\nclass Mine(paging.Policy):\n    def begin(self, setting, rng):\n{body}"


def test_a_plain_policy_passes():
    assert allowlist.check(WHOLE, "paging") is None


def test_most_policies_of_the_library_pass_so_that_they_can_be_built_upon():
    for domain, least in {"paging": 25, "dispatch": 11, "transactions": 13, "bandits": 28}.items():
        files = list((ROOT / "policies" / domain).glob("[!_]*.py"))
        passed = [file.stem for file in files if allowlist.check(file.read_text(), domain) is None]
        assert len(passed) >= least, {file.stem for file in files} - set(passed)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("import os", "line 6: import of os"),
        ("from numba import objmode", "import from numba"),
        ("from sim.domains.paging import truth", "truth of sim.domains.paging"),
        ("from sim.domains.paging.system import System", "import from sim.domains.paging.system"),
        ("import numpy as np\nself.x = np.random.random()", "numpy.random"),
        ("import numpy as np\nself.x = np.lib", "numpy.lib"),
        ("import numpy as np\nself.x = np.empty(3)", "numpy.empty"),
        ("import dataclasses\nself.x = dataclasses.sys", "dataclasses.sys"),
        ("import collections\nself.x = collections._sys", "the attribute _sys"),
        ("self.x = paging.System", "sim.domains.paging.System"),
        ("eval('1')", "the name eval"),
        ("self.f = open", "the name open"),
        ("open = 3", "the name open"),
        ("getattr(self, 'x')", "the name getattr"),
        ("globals()", "the name globals"),
        ("print(1)", "the name print; a policy prints nothing"),
        ("self.x = self.__class__", "the attribute __class__"),
        ("self.x = setting._hidden", "the attribute _hidden"),
        ("self.x = rng.bit_generator", "the attribute bit_generator"),
        ("self.x = '{0.a}'.format(rng)", "the attribute format"),
        ("setting.capacity = 3", "setting.capacity is assigned; a policy changes its own fields only"),
        ("paging.Policy.hit = None", "paging.Policy.hit is assigned"),
        ("try:\n    self.x = 1\nexcept ValueError:\n    self.x = 2", "try is not allowed"),
        ("with rng as x:\n    pass", "with is not allowed"),
        ("global x", "global is not allowed"),
        ("yield 1", "yield is not allowed"),
        ("while True:\n    pass", "a while loop that nothing ends; give it a condition that its body changes"),
        ("while self.x:\n    y = 1", "a while loop that nothing ends"),
        ("self.begin(setting, rng)", "begin calls itself"),
        ("for self.y[0], rng.x in []:\n    pass", "rng.x is assigned"),
        ("raise SystemExit", "the name SystemExit"),
    ],
)
def test_what_is_refused_is_told_with_line_and_cure(lines, told):
    said = refusal(within(lines))
    assert said.startswith("line ")
    assert told in said
    assert "; " in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = [1]\n", "line 1: a module computes something"),
        ("x = 10 ** (10 ** 10)\n", "a module computes something"),
        ("x = 'a' * 60\n", "a module computes something"),
        ("for i in (1, 2):\n    x = i\n", "a module runs a statement"),
        ("@wild(1)\nclass A:\n    x = 1\n", "class A has a decorator"),
        ("class A(type('B')):\n    x = 1\n", "a base of class A is computed"),
        ("class A:\n    x = []\n", "a class computes something"),
        ("def f(x=[]):\n    return x\n", "a default of f is computed"),
        ("def f():\n    return g()\n\n\ndef g():\n    return f()\n", "f calls itself"),
        ("class A:\n    clairvoyant = True\n", "clairvoyant is set"),
        ("def f(open):\n    return open('x')\n", "an argument named open"),
        ("from .other import x\n", "import from .other"),
    ],
)
def test_a_module_holds_constants_and_definitions_only(text, told):
    assert told in "\n".join(map(str, allowlist.refusals(text, "paging")))


def test_of_a_view_only_what_is_shown_may_be_named():
    text = (
        "from sim.domains import transactions\n\n\nclass Mine(transactions.Picker):\n"
        "    def pick(self, view):\n        pending = view\n        return int(pending.arrival[0])\n"
    )
    assert refusal(text, "transactions") == (
        "line 7: the attribute arrival; a policy sees of a view what its documentation names"
    )
    assert allowlist.check(text.replace("arrival", "pending"), "transactions") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ("class A(:\n", "line 1: "),
        ("x = 1\n" * 20000, "more than 65,536 bytes"),
        ("x = " + "-" * 5000 + "1\n", "nests|cannot be parsed|too many"),
        ("x = '\0'\n", "^source code .*null bytes|cannot be parsed"),
    ],
)
def test_what_is_no_python_is_malformed(text, told):
    with pytest.raises(allowlist.Malformed, match=told):
        allowlist.check(text, "paging")


@pytest.mark.parametrize(
    "lines",
    [
        "def late(me, self):\n        return self._work[0]",
        "def late(me, /, self):\n        return self._work[0]",
        "def late(me, *, self):\n        return self._work[0]",
        "def late(me, *self):\n        return self._work[0]",
        "def late(me):\n        return (lambda self: self._work[0])(me)",
    ],
)
def test_self_is_the_policy_and_nothing_that_is_handed_over(lines):
    """What is hidden of a view may be a field's name of the policy's own, which is told by the name `self`."""
    text = f"from sim.domains import dispatch\n\n\nclass Mine(dispatch.Policy):\n    {lines}\n"
    assert "an argument named self; use another name" in refusal(text, "dispatch")


def test_a_function_outside_a_class_has_no_self():
    text = "from sim.domains import dispatch\n\n\ndef late(self):\n    return self._work[0]\n"
    assert "line 4: an argument named self" in refusal(text, "dispatch")
