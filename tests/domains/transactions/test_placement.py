"""The rule of placement: its worked examples, its consequences, and the public workloads."""

import dataclasses
import itertools

import numpy as np
import pytest

from sim.core.errors import IllegalDecision, InputError
from sim.domains.transactions import Setting, System
from sim.domains.transactions.bounds import distances
from sim.domains.transactions.operations import FAR, Operations
from sim.domains.transactions.tokens import tokens_of
from tests.domains.transactions.worked import Given, by_lists, by_two_numbers, made, makespan, run
from traces import store

CROSSED = ("r-x w-y", "r-y w-x", "r-x w-y", "r-y w-x")


def random_trace(seed, n=12, n_keys=4):
    rng = np.random.default_rng(seed)
    tokens = []
    for _ in range(n):
        length = int(rng.integers(1, 7))
        kinds = rng.choice(["r-", "w-", "*"], length, p=[0.4, 0.3, 0.3])
        tokens.append(" ".join(k if k == "*" else f"{k}{rng.integers(n_keys)}" for k in kinds))
    return made(*tokens, name=f"random {seed}")


def starts(trace, order, **setting):
    begun = System(Setting(**setting)).begin(trace, Given(tuple(order)), None)
    begun.loop(*begun.objects.values(), 0, len(trace))
    assert begun.illegal() is None
    return begun.ledger.start.tolist()


def test_an_order_gives_the_starts_worked_out_by_hand():
    trace = made(*CROSSED)
    assert starts(trace, [0, 1, 2, 3]) == [1, 3, 5, 7]
    assert makespan(trace, [0, 1, 2, 3]) == 8
    assert starts(trace, [0, 2, 1, 3]) == [1, 4, 2, 5]
    assert makespan(trace, [0, 2, 1, 3]) == 6


def test_all_orders_of_the_papers_example_take_6_7_or_8():
    trace = made(*CROSSED)
    assert {makespan(trace, order) for order in itertools.permutations(range(4))} == {6, 7, 8}


def test_long_transactions_alternate_in_1500_units_and_run_grouped_in_128():
    wait = " *" * 13
    trace = made(*(f"r-x{wait} w-y" if i % 2 == 0 else f"r-y{wait} w-x" for i in range(100)))
    assert makespan(trace, range(100)) == 1500
    assert makespan(trace, [*range(0, 100, 2), *range(1, 100, 2)]) == 128


def test_an_order_that_mixes_kinds_can_be_the_best():
    trace = made("r-x w-x", "r-x w-x", "r-x r-z w-z", "r-x r-z w-z")
    assert makespan(trace, [0, 1, 2, 3]) == 9
    assert makespan(trace, [2, 0, 3, 1]) == 5
    assert min(makespan(trace, order) for order in itertools.permutations(range(4))) == 5


@pytest.mark.parametrize("seed", range(8))
def test_every_start_is_that_of_lists_of_all_accesses(seed):
    trace = random_trace(seed)
    order = np.random.default_rng(seed).permutation(len(trace)).tolist()
    expected, last = by_lists(trace, order)
    assert starts(trace, order) == expected
    assert makespan(trace, order) == last == by_two_numbers(tokens_of(trace), order)


@pytest.mark.parametrize("seed", range(8))
def test_starts_follow_from_the_distances_of_pairs_alone(seed):
    trace = random_trace(seed)
    order = np.random.default_rng(seed + 100).permutation(len(trace)).tolist()
    d = distances(Operations(trace))
    found = [0] * len(trace)
    for place, j in enumerate(order):
        found[j] = max([1, *(found[i] + int(d[i, j]) for i in order[:place] if d[i, j] > -FAR // 2)])
    assert starts(trace, order) == found
    both = (d > -FAR // 2) & ~np.eye(len(trace), dtype=bool)
    assert np.array_equal(both, both.T)
    assert (d + d.T)[both].min(initial=2) >= 2


def test_a_later_one_of_the_order_may_end_before_and_adds_nothing():
    trace = made("* * * r-x", "w-y")
    assert starts(trace, [0, 1]) == [1, 1]
    assert makespan(trace, [0, 1]) == 4


def test_a_read_may_go_before_reads_but_a_write_fills_no_hole():
    trace = made("* * * r-x", "r-x", "w-x")
    assert starts(trace, [0, 1, 2]) == [1, 1, 5]  # unit 2 would be free on x


def test_neighbours_without_conflict_exchange_freely_and_names_of_keys_do_not_matter():
    trace = random_trace(3)
    d = distances(Operations(trace))
    order = list(range(len(trace)))
    for i in range(len(order) - 1):
        if d[order[i], order[i + 1]] < -FAR // 2:
            changed = [*order[:i], order[i + 1], order[i], *order[i + 2 :]]
            assert starts(trace, changed) == starts(trace, order)
    renamed = made(*(" ".join(t if t == "*" else f"{t[:2]}key{t[2:]}" for t in row) for row in tokens_of(trace)))
    assert starts(renamed, order) == starts(trace, order)


def test_operations_of_one_transaction_never_conflict_though_a_key_repeats():
    trace = made("w-x w-x r-x w-x", "r-x")
    assert starts(trace, [0, 1]) == [1, 5]


def test_a_transaction_without_shared_keys_counts_with_its_length_and_no_transactions_take_no_time():
    assert makespan(made("* * *", "w-x"), [0, 1]) == 3
    assert run(Given(), made()).metrics["makespan"] == 0


def test_held_keys_never_make_an_order_shorter():
    for seed in range(4):
        trace = random_trace(seed)
        order = list(range(len(trace)))
        assert makespan(trace, order, protocol="strict_2pl_placement") >= makespan(trace, order)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ((0, 1, 2), "gave an order of 3 transactions; expected each of 0 to 3 once"),
        ((0, 1, 2, 2), "put transaction 2 at place 3, but it stands at place 2 already"),
        ((0, 1, 2, 4), "put transaction 4 at place 3; expected one of 0 to 3"),
        ((0, 1, 2, 3, 0), "gave an order of 5 transactions; expected each of 0 to 3 once"),
        ((), "gave no order: it neither chose one"),
    ],
)
def test_an_order_that_is_not_each_once_is_illegal(order, message):
    with pytest.raises(IllegalDecision, match=message):
        run(Given(order), made(*CROSSED))


PUBLIC = {1: (452, 456, 1487), 2: (38, 56, 140), 3: (47, 47, 47)}
"""Workload -> makespan of the order of the file, of its reverse, and of the former where keys are held to the end."""


@pytest.mark.parametrize("number", PUBLIC)
def test_the_public_workloads_take_what_the_public_simulator_says(number, shared_data):
    trace = store.open_trace(shared_data / f"transactions/workload_{number}.json.gz", cache=False)
    forward, backward, held = PUBLIC[number]
    assert makespan(trace, range(100)) == forward
    assert makespan(trace, range(99, -1, -1)) == backward
    assert makespan(trace, range(100), protocol="strict_2pl_placement") == held
    order = np.random.default_rng(number).permutation(100).tolist()
    assert makespan(trace, order) == by_lists(trace, order)[1]


def test_traces_that_are_none_of_transactions_or_not_whole_are_told():
    trace = made("r-x w-y")
    with pytest.raises(InputError, match=r"trace worked is one of paging; transactions are read from NAME\.json"):
        run(Given((0,)), dataclasses.replace(trace, domain="paging"))
    with pytest.raises(InputError, match="arrival of transaction 0 is 0; expected at least 1"):
        run(Given((0,)), trace.with_column("arrival", np.array([0])))
    late = made("r-x", "r-x").with_column("arrival", np.array([5, 3]))
    with pytest.raises(InputError, match="arrival of transaction 0 is 2199023255552; expected at most 1,000,000,000"):
        run(Given((0,)), trace.with_column("arrival", np.array([2**41])))
    with pytest.raises(InputError, match="arrival goes back at transaction 1, from 5 to 3"):
        run(Given((0, 1)), late)
    with pytest.raises(InputError, match='no protocol named "2pl"; expected one of ideal, strict_2pl_placement'):
        Setting(protocol="2pl")
    with pytest.raises(InputError, match="inflight must be at least 1, or 0 for any number, got -2"):
        Setting(inflight=-2)
