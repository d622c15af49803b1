"""What no order can beat."""

import numpy as np
import pytest

from policies.transactions.branch_and_bound import BranchAndBound
from sim.domains.transactions import Setting, System
from sim.domains.transactions import optimum as search
from sim.domains.transactions.bounds import bounds, distances
from sim.domains.transactions.operations import Operations
from tests.domains.transactions.test_placement import random_trace
from tests.domains.transactions.worked import made, optimum, run
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
    assert found.optimum == found.lower == optimum(trace)


@pytest.mark.parametrize("protocol", ["ideal", "strict_2pl_placement"])
def test_the_optimum_is_proven_apart_from_the_policy_that_looks_for_it(protocol):
    for seed in range(4):
        trace = random_trace(seed, n=9)
        system = System(Setting(protocol=protocol))
        result = run(BranchAndBound(), trace, mode="compiled", protocol=protocol)
        assert result.notices == ()
        assert system.hindsight(trace).optimum == result.metrics["makespan"]
        judged = system.judge(trace, BranchAndBound(), result.metrics, system.hindsight(trace))
        least = result.metrics["makespan"]
        assert judged == {"lower_bound": least, "optimum": least, "gap": 0, "eta": None}


def test_a_gap_is_told_to_the_optimum_where_the_bounds_alone_are_below_it():
    crossed = bounds(trace := made("r-x w-y", "r-y w-x", "r-x w-y", "r-y w-x"), Operations(trace))
    assert (crossed.longest, crossed.hottest_key, crossed.start_gap) == (2, 3, 5)
    assert crossed.lower == crossed.optimum == 6


def test_what_arrives_late_ends_late_at_best():
    late = made("r-x w-y", "r-y w-x", "* * *", arrival=np.array([1, 1, 9]))
    found = bounds(late, Operations(late))
    assert (found.longest, found.optimum) == (11, 11)
    # from 6 on both are there: one after the other, 6 to 7 and 8 to 9
    crossed = made("r-x w-y", "r-y w-x", arrival=np.array([6, 6]))
    assert bounds(crossed, Operations(crossed)).optimum == 9


def test_with_too_many_orders_no_optimum_is_told(monkeypatch):
    trace = random_trace(0, n=9)
    d, ones = distances(Operations(trace)), np.ones(9, np.int64)
    assert search.optimum(trace, d, ones, 0) is not None
    monkeypatch.setattr(search, "MOST_TRIED", 5)
    assert search.optimum(trace, d, ones, 0) is None
    monkeypatch.setattr(search, "MOST", 8)
    assert search.optimum(trace, d, ones, 0) is None


def test_nothing_to_do_takes_no_time():
    assert of(made()) == (0, 0, 0, 0, 0)
    assert bounds(made(), Operations(made())).optimum == 0
    assert np.isclose(bounds(made("*"), Operations(made("*"))).lower, 1)
