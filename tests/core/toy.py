"""A domain that is none: each row holds two numbers, and a policy answers each with one."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.core import policy
from sim.core.engine import replay
from sim.core.errors import AugsimError
from sim.core.rows import Rows
from sim.core.structures import Structure
from sim.core.trace import Trace


class Policy(policy.Policy):
    """Answers row after row: `answer(row) -> number`; a row has `index`, `x` (int in -9..9) and `y` (float)."""


class Sheet(Structure):
    def __init__(self, n):
        self.now = 0
        self.answers = np.zeros(n)


def play(sheet, policy, rows, start, stop):
    for i in range(start, stop):
        sheet.now = i
        sheet.answers[i] = policy.answer(rows[i])


class ToyRun:
    loop = staticmethod(play)

    def __init__(self, trace, policy, rng):
        self.n_rows = len(trace)
        self.sheet = Sheet(len(trace))
        policy.begin(len(trace), rng)
        rows = Rows("Row", len(trace), {"x": trace["x"], "y": trace["y"]})
        self.objects = {"sheet": self.sheet, "policy": policy, "rows": rows}

    @property
    def now(self):
        return self.sheet.now

    def illegal(self):
        return None

    def counters(self):
        return {"sum": float(self.sheet.answers.sum())}

    def metrics(self):
        return {"answers": self.sheet.answers.tolist()}

    def notices(self):
        return []

    def decisions(self):
        return None


@dataclass(frozen=True)
class System:
    domain: ClassVar[str] = "toy"
    METRICS: ClassVar[tuple] = ()
    REFERENCE: ClassVar[None] = None
    Setting: ClassVar[type] = object

    def begin(self, trace, policy, rng, *, record=False):
        return ToyRun(trace, policy, rng)

    def completed(self, trace, policy):
        return trace

    def hindsight(self, trace):
        return None

    def judge(self, trace, policy, metrics, hindsight):
        return {}


def trace(n=60):
    rng = np.random.default_rng(3)
    return Trace("toy", "toy", {"x": rng.integers(-9, 10, n), "y": rng.normal(size=n) * 5})


def answered(policy, mode, n=60):
    """The engine and the answers; or the class and line of the error. And the notices."""
    try:
        result = replay(trace(n), System(), policy, mode=mode)
    except AugsimError as error:
        return type(error).__name__, str(error), ()
    return result.engine, result.metrics["answers"], result.notices


HEAD = """
import collections
import enum
import heapq
import math

import numpy as np

from sim.core.structures import Heap, LinkedList
from tests.core import toy
"""


def written(folder, name, body, begin="", members="", top="", verb="answer"):
    """A policy class as from a user's file: the body of `answer`, that of `begin`, other members, the lines before the class."""
    text = "\n".join(
        [
            HEAD,
            textwrap.dedent(top),
            "class Mine(toy.Policy):",
            textwrap.indent(textwrap.dedent(members), "    "),
            "    def begin(self, n, rng):",
            "        self.rng = rng",
            textwrap.indent(textwrap.dedent(begin), "        "),
            f"    def {verb}(self, row):",
            textwrap.indent(textwrap.dedent(body), "        "),
            "",
        ]
    )
    path = folder / f"{name}.py"
    path.write_text(text)
    return loaded(path, "Mine")


def loaded(path, name):
    """The class of this name in a fresh module of this file."""
    spec = importlib.util.spec_from_file_location(f"toy_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)
