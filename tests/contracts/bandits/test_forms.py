"""One policy, two ways to run: interpreted and compiled give the same arms and leave the same state, draw by draw.

One test per policy plays everything, so that each is compiled once; one of each kind in the quick tests, all in the long ones.
"""

import numpy as np
import pytest

from sim.core.compile import compile_loop
from sim.core.kinds import instances, number_type, state
from sim.core.seeds import stream
from sim.domains.bandits import Setting, System
from tests.contracts.bandits.subjects import FLEXIBLE, NAMES, changing, made, trace


def begun(name, table, setting):
    return System(setting).begin(table, made(name), stream(5, "policy", table.name), record=True)


def assert_both_forms_agree(name, table, setting):
    plain, compiled = (begun(name, table, setting) for _ in range(2))
    loop = compile_loop(compiled.loop, compiled.objects, type(made(name)).__name__)
    n = plain.n_rows
    for start, stop in ((0, 1), (1, n // 2), (n // 2, n)):
        plain.loop(*plain.objects.values(), start, stop)
        loop(start, stop)
    assert plain.illegal() is None and plain.decisions().same_as(compiled.decisions())
    assert np.array_equal(plain.decisions().probability, compiled.decisions().probability, equal_nan=True)
    assert plain.metrics() == compiled.metrics()
    for key, value in plain.objects.items():
        for mine, theirs in zip(instances(value), instances(compiled.objects[key]), strict=True):
            for field, part in state(mine).items():
                assert equal(part, state(theirs)[field]), f"{type(mine).__name__}.{field}"


def equal(mine, theirs) -> bool:
    """Of two fields; parts that are objects are compared by themselves."""
    if isinstance(mine, np.ndarray):
        return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
    if isinstance(mine, np.random.Generator):
        return mine.bit_generator.state == theirs.bit_generator.state
    if number_type(mine) is not None:
        return mine == theirs or (mine != mine and theirs != theirs)
    return not isinstance(mine, str) or mine == theirs


KINDS = ("ucb1", "thompson_beta", "exp3", "tsallis_inf", "lin_ucb", "lucb", "combiner")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in KINDS else pytest.mark.slow) for n in NAMES])
def test_both_forms_pull_the_same_arms_and_leave_the_same_state(name):
    for seed in range(2):
        assert_both_forms_agree(name, trace(seed), Setting())


@pytest.mark.slow
@FLEXIBLE
def test_both_forms_agree_where_arms_come_and_go(name):
    for seed in range(2):
        assert_both_forms_agree(name, changing(seed), Setting())
