"""One policy, two ways to run: interpreted and compiled give the same decisions and leave the same state, draw by draw."""

import numpy as np
import pytest

from sim.core.compile import compile_loop
from sim.core.kinds import instances, number_type, state
from sim.core.seeds import stream
from sim.domains.dispatch import Setting, System
from sim.study import catalog
from tests.contracts.dispatch.subjects import EVERY, SETTINGS, trace


def both_played(name, requests, setting):
    """The run in its interpreted and in its compiled form, each played in the same three parts."""
    plain, compiled = (
        System(Setting(5, **setting)).begin(
            requests, catalog.policy("dispatch", name), stream(5, "policy", requests.name), record=True
        )
        for _ in range(2)
    )
    loop = compile_loop(compiled.loop, compiled.objects, type(compiled.policy).__name__)
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
    if isinstance(mine, np.ndarray):
        return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
    if isinstance(mine, np.random.Generator):
        return mine.bit_generator.state == theirs.bit_generator.state
    if number_type(mine) is not None:
        return mine == theirs or (mine != mine and theirs != theirs)
    return not isinstance(mine, str) or mine == theirs


@EVERY
def test_both_forms_decide_alike_at_every_job_and_leave_the_same_state(name):
    assert_same(*both_played(name, trace(0), {}))


@pytest.mark.slow
@EVERY
@pytest.mark.parametrize("setting", SETTINGS[1:], ids=str)
def test_both_forms_of_every_policy_play_every_setting_alike(name, setting):
    assert_same(*both_played(name, trace(1), setting))
