"""What no order can beat."""

import numpy as np
import pytest

from sim.domains.transactions.bounds import bounds
from sim.domains.transactions.operations import Operations
from tests.domains.transactions.test_placement import random_trace
from tests.domains.transactions.worked import made, optimum
from traces import store

PUBLIC = {1: (16, 67, 55, 1600, 4950), 2: (21, 22, 5, 1300, 952), 3: (9, 25, 9, 900, 1423)}


def of(trace):
    found = bounds(trace, Operations(trace))
    return (found.longest, found.hottest_key, found.start_gap, found.serial, found.conflicting_pairs)


@pytest.mark.parametrize("number", PUBLIC)
def test_the_bounds_of_the_public_workloads_are_those_of_their_description(number, shared_data):
    trace = store.open_trace(shared_data / f"transactions/workload_{number}.json.gz", cache=False)
    assert of(trace) == PUBLIC[number]


def test_the_bounds_worked_out_by_hand():
    # three writes of x, each second of three operations: 1 unit before, 3 on the key, 1 after; starts a unit apart
    assert of(made("* w-x *", "* w-x *", "* w-x *")) == (3, 5, 2 + 3, 9, 3)


@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_a_small_instance_beats_any_bound(seed):
    trace = random_trace(seed, n=6)
    found = bounds(trace, Operations(trace))
    assert max(found.longest, found.hottest_key, found.start_gap) <= optimum(trace) <= found.serial


def test_nothing_to_do_takes_no_time():
    assert of(made()) == (0, 0, 0, 0, 0)
    assert np.isclose(bounds(made("*"), Operations(made("*"))).lower, 1)
