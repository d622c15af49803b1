"""The invented transactions: their shapes, their mixes, their skew, and the hints about them."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.transactions import Setting
from sim.domains.transactions.operations import READ, WRITE, Operations
from sim.domains.transactions.tokens import tokens_of
from sim.study import catalog
from workloads import transactions

NAMES = sorted(catalog.workloads("transactions"))


def draw(name, seed=0, **parameters):
    return getattr(transactions, name)(stream(seed, "workload", name), **parameters)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_transactions_again_and_another_gives_others(name):
    first, again, other = (tokens_of(draw(name, seed, n_transactions=40)) for seed in (0, 0, 1))
    assert first == again != other
    assert len(first) == 40


@pytest.mark.parametrize("name", NAMES)
def test_transactions_arrive_at_the_rate_asked_for_and_are_the_same_without(name):
    plain, timed = draw(name, n_transactions=400), draw(name, n_transactions=400, rate=2.0)
    assert tokens_of(plain) == tokens_of(timed)
    arrival = timed["arrival"]
    assert arrival[0] >= 1 and np.all(np.diff(arrival) >= 0)
    assert abs(arrival[-1] - 200) < 5 * 400**0.5 / 2


def test_ycsb_reads_the_share_asked_for_and_its_keys_follow_zipfs_law():
    trace = draw("ycsb", n_transactions=2000, n_keys=100, theta=0.9, reads=0.8)
    kinds, keys = trace["kind"].values, trace["key"].values
    n = len(kinds)
    assert abs(np.mean(kinds == READ) - 0.8) < 5 * (0.16 / n) ** 0.5
    weights = np.arange(1, 101) ** -0.9
    label = list(trace.tables["keys"]).index("1")
    share = weights[0] / weights.sum()
    assert abs(np.mean(keys == label) - share) < 5 * (share / n) ** 0.5


def test_each_workload_of_ycsb_does_what_it_is_for():
    rows = {v: tokens_of(draw("ycsb", variant=v, n_transactions=200, n_keys=1000)) for v in "ABCDEF"}
    assert all(token[0] == "r" for row in rows["C"] for token in row)
    assert {len(row) for row in rows["E"]} == {1, 16}
    inserted = [int(token[2:]) for row in rows["D"] for token in row if token[0] == "w"]
    assert inserted == list(range(1001, 1001 + len(inserted)))
    assert all(f"r-{token[2:]}" in row for row in rows["F"] for token in row if token[0] == "w")


def test_the_mix_of_smallbank_is_its_weights_and_its_hot_accounts_are_drawn_so_often():
    trace = draw("smallbank", n_transactions=4000, hot_probability=0.25)
    types, codes = trace["type"].labels, trace["type"].codes
    shares = {name: np.mean(codes == i) for i, name in enumerate(types)}
    assert abs(shares["send_payment"] - 0.25) < 5 * (0.19 / 4000) ** 0.5
    first = [int(row[0].lstrip("rw-sc")) for row in tokens_of(trace)]
    assert abs(np.mean(np.array(first) <= 100) - 0.25) < 5 * (0.19 / 4000) ** 0.5


def test_the_two_accounts_of_a_transaction_differ():
    for row in tokens_of(draw("smallbank", n_transactions=300, n_accounts=2)):
        if len(row) >= 4:
            assert len({token[2:] for token in row}) >= 2


def test_orders_and_payments_of_tpcc_have_their_operations():
    trace = draw("tpcc", n_transactions=300)
    for i, row in enumerate(tokens_of(trace)):
        kind = trace["type"][i]
        if kind == "payment":
            assert [t[:3] for t in row] == ["r-W", "w-W", "r-D", "w-D", "r-C", "w-C", "*"]
        if kind == "new_order":
            n_lines = (len(row) - 6) // 4
            assert 5 <= n_lines <= 15 and len(row) == 4 + 3 * n_lines + 2 + n_lines
        if kind == "delivery":
            assert len(row) == 10 and all(t.startswith("w-C") for t in row)


def test_so_many_orders_of_tpcc_roll_back_and_all_else_is_the_same():
    plain, aborting = (draw("tpcc", n_transactions=4000, aborting_orders=share) for share in (0.0, 0.05))
    assert "rolls_back" not in plain and tokens_of(plain) == tokens_of(aborting)
    orders = np.array([aborting["type"][i] == "new_order" for i in range(4000)])
    assert not aborting["rolls_back"][~orders].any()
    assert abs(aborting["rolls_back"][orders].mean() - 0.05) < 5 * (0.05 * 0.95 / orders.sum()) ** 0.5


def test_the_public_shapes_have_the_lengths_of_the_public_workloads():
    assert [len(row) for row in tokens_of(draw("public_shape_2"))] == [21] * 50 + [5] * 50
    assert {len(row) for row in tokens_of(draw("public_shape_3"))} == {9}


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("ycsb", {"variant": "G"}, 'variant must be one of A, B, C, D, E, F, got "G"'),
        ("ycsb", {"theta": -1.0}, "theta must be at least 0 and finite, got -1"),
        ("ycsb", {"reads": 1.5}, r"reads must be a share in \[0, 1\], got 1.5"),
        ("tpcc", {"n_transactions": 0}, "n_transactions must be at least 1, got 0"),
        ("tpcc", {"aborting_orders": 1.5}, r"aborting_orders must be a share in \[0, 1\], got 1.5"),
        ("tpcc", {"rate": 0.0}, "rate must be above 0 and finite, got 0"),
    ],
)
def test_a_parameter_outside_its_range_is_told(name, parameters, message):
    with pytest.raises(InputError, match=message):
        draw(name, **parameters)


def hinted(trace, **parameters):
    return transactions.hints(trace, Setting().on(trace), stream(0, "prediction"), **parameters)


def test_hints_tell_the_hot_keys_all_or_nothing():
    trace = draw("tpcc", n_transactions=100, n_warehouses=2)
    key = trace["key"].values
    shared = set(Operations(trace).labels.tolist())
    everything = hinted(trace, told="all")["hint"].values
    assert np.array_equal(everything != -1, np.isin(key, list(shared)))
    assert np.array_equal(everything[everything != -1], key[everything != -1])
    few = hinted(trace, hot=2)["hint"].values
    assert len(set(few[few != -1].tolist())) == 2
    assert np.all(hinted(trace, told="none")["hint"].values == -1)


def test_wrong_hints_are_wrong_as_often_as_asked_for_and_more_so_as_the_share_rises():
    trace = draw("tpcc", n_transactions=1000, n_warehouses=2)
    true = hinted(trace)["hint"].values
    wrongs = [hinted(trace, wrong=w)["hint"].values != true for w in (0.0, 0.2, 0.5)]
    assert not wrongs[0].any()
    assert np.all(wrongs[1] <= wrongs[2])
    owner = np.repeat(np.arange(1000), np.diff(trace["key"].offsets))
    has_hint = np.unique(owner[true != -1])
    assert abs(len(np.unique(owner[wrongs[2]])) / len(has_hint) - 0.5) < 0.1


def test_hints_by_type_name_what_another_of_the_type_touches():
    trace = draw("tpcc", n_transactions=200, n_warehouses=3)
    hint = hinted(trace, told="types_only")["hint"]
    labels = trace.tables["keys"]
    for i in range(200):
        told = [labels[k] for k in hint[i].tolist() if k != -1]
        if trace["type"][i] == "payment":
            assert told and told[0].startswith("W")
    with pytest.raises(InputError, match="tells no types of its transactions"):
        hinted(draw("ycsb", n_transactions=5), told="types_only")
    with pytest.raises(InputError, match='told must be one of hot, types_only, all, none, got "some"'):
        hinted(trace, told="some")


def test_writes_and_reads_are_told_apart():
    trace = draw("taobench", n_transactions=500)
    assert {READ, WRITE} == set(trace["kind"].values.tolist())
