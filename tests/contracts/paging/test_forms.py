"""One policy, two ways to run: interpreted and compiled give the same decisions and leave the same state, draw by draw.

One test per policy plays everything, so that each is compiled once.
"""

import copy

import numpy as np
import pytest

from sim.core.compile import compile_loop
from sim.core.engine import replay
from sim.core.errors import CannotCompile
from sim.core.kinds import instances, number_type, state
from sim.core.policy import defines, parts_of
from sim.core.seeds import stream
from sim.domains.paging import Setting, System
from tests.contracts.paging.subjects import FILES, made, predicted, removing, sized, trace
from tests.contracts.paging.test_sizes_and_removals import COUNT_PAGES

INTERPRETED_ONLY = {"lrb": "line"}
"""Policies without a compiled form, and a word of the notice that says why."""

CASES = [(0, 1), (0, 2), (1, 3), (2, 8), (1, 40)]
"""Trace and capacity; 40 is above the number of pages."""


def begun(name, requests, setting):
    policy = made(name)
    return System(setting).begin(requests, policy, stream(5, "policy", requests.name), record=True)


def both_played(name, requests, setting):
    """The run in its interpreted and in its compiled form, each played in the same three parts."""
    plain, compiled = (begun(name, requests, setting) for _ in range(2))
    loop = compile_loop(compiled.loop, compiled.objects, type(made(name)).__name__)
    n = len(requests)
    for start, stop in ((0, 1), (1, n // 2), (n // 2, n)):
        plain.loop(*plain.objects.values(), start, stop)
        loop(start, stop)
    return plain, compiled


def assert_same(plain, compiled):
    assert plain.decisions().same_as(compiled.decisions())
    assert plain.metrics() == compiled.metrics()
    for name, value in plain.objects.items():
        for mine, theirs in zip(instances(value), instances(compiled.objects[name]), strict=True):
            for field, part in state(mine).items():
                assert equal(part, state(theirs)[field]), f"{type(mine).__name__}.{field}"


def equal(mine, theirs) -> bool:
    """Of two fields; parts that are objects are compared by themselves."""
    if isinstance(mine, np.ndarray):
        return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
    if isinstance(mine, np.random.Generator):
        return mine.bit_generator.state == theirs.bit_generator.state
    if number_type(mine) is not None:
        return number_type(mine) is number_type(theirs) and (mine == theirs or (mine != mine and theirs != theirs))
    return not isinstance(mine, str) or mine == theirs


COMPILED = pytest.mark.parametrize("name", [name for name in FILES if name not in INTERPRETED_ONLY])


@COMPILED
def test_both_forms_decide_alike_at_every_request_and_leave_the_same_state(name):
    for seed, capacity in CASES:
        assert_same(*both_played(name, predicted(trace(seed), capacity), Setting(capacity)))


@pytest.mark.slow
@COMPILED
def test_both_forms_decide_alike_with_sizes(name):
    if name in COUNT_PAGES:
        pytest.skip("counts pages")
    for seed, capacity in ((0, 40), (1, 120)):
        assert_same(*both_played(name, sized(seed), Setting(capacity, sized=True)))


@pytest.mark.slow
@COMPILED
def test_both_forms_decide_alike_where_pages_expire_and_are_deleted(name):
    if not all(defines(part, "forget") for part in parts_of(made(name))):
        pytest.skip("cannot forget")
    for seed, capacity in ((0, 2), (1, 6)):
        assert_same(*both_played(name, removing(seed, capacity), Setting(capacity)))


@pytest.mark.parametrize("name", INTERPRETED_ONLY)
def test_a_policy_without_a_compiled_form_says_why_and_runs_interpreted(name):
    requests = predicted(trace(0), 5)
    result = replay(requests, System(Setting(5)), made(name), record=True)
    with pytest.raises(CannotCompile):
        replay(requests, System(Setting(5)), made(name), mode="compiled")
    assert result.engine == "interpreted"
    notice = result.notices[0]
    assert notice.startswith(f"{type(made(name)).__name__} runs interpreted: ") and "\n" not in notice
    assert INTERPRETED_ONLY[name] in notice and f"{name}.py" in notice
    again = replay(requests, System(Setting(5)), copy.deepcopy(made(name)), mode="interpreted", record=True)
    assert again.decisions.same_as(result.decisions)
