"""The policies of the library, made as small tests need them, and small traces."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import policies.transactions
from sim.core.trace import Trace
from sim.domains.transactions import Picker, Policy, Setting
from sim.study import catalog
from tests.domains.transactions.test_placement import random_trace
from workloads.transactions import hints

FILES = {path.stem: path for path in Path(policies.transactions.__path__[0]).glob("[!_]*.py")}
NAMES = sorted(FILES)
EVERY = pytest.mark.parametrize("name", NAMES)

N = 10
LIMIT = 400
"""Questions in a run: enough to see what a policy is like."""


def made(name: str) -> Policy:
    if name != "given":
        return catalog.policy("transactions", name)
    file = Path(tempfile.gettempdir()) / "augsim-order-of-ten.txt"
    file.write_text("\n".join(str(i) for i in reversed(range(N))))
    return catalog.policy("transactions", f"given,order={file}")


def is_picker(name: str) -> bool:
    return issubclass(catalog.policy_class("transactions", name), Picker)


@cache
def trace(seed: int) -> Trace:
    plain = random_trace(seed, n=N)
    return hints(plain, Setting().on(plain), np.random.default_rng(seed), wrong=0.2)


def arriving(seed: int) -> Trace:
    """The same, over time."""
    arrival = 1 + np.cumsum(np.random.default_rng(seed).integers(0, 4, N))
    return trace(seed).with_column("arrival", arrival)
