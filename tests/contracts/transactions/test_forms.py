"""One policy, two ways to run: interpreted and compiled place the same transactions, question by question."""

import pytest

from tests.contracts.transactions.subjects import LIMIT, NAMES, arriving, is_picker, made, trace
from tests.domains.transactions.worked import run

SOON = ("annealing", "smf")
"""Compiled in every test run; the others in the long one."""


@pytest.mark.parametrize("name", [n if n in SOON else pytest.param(n, marks=pytest.mark.slow) for n in NAMES])
def test_both_forms_decide_alike(name):
    for requests, setting in [
        (trace(0), {}),
        (trace(1), {"protocol": "strict_2pl_placement"}),
        (arriving(0), {"inflight": 2}),
    ]:
        if not is_picker(name) and setting.get("inflight"):
            continue
        plain, compiled = (
            run(made(name), requests, mode=mode, seed=4, evaluations=LIMIT, **setting)
            for mode in ("interpreted", "compiled")
        )
        assert compiled.engine == "compiled"
        assert plain.decisions.same_as(compiled.decisions)
        assert plain.metrics == compiled.metrics
