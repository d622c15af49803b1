"""R-SMF: hints in place of the true keys, and a barrier against starving."""

import numpy as np
import pytest

from policies.transactions.r_smf import RSMF
from policies.transactions.smf import SMF
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.transactions import Setting, System, engine
from tests.domains.transactions.test_engine import begun, run
from tests.domains.transactions.worked import made
from workloads import transactions


def hinted(trace, **parameters):
    return transactions.hints(trace, Setting().on(trace), stream(0, "prediction"), **parameters)


def test_without_hints_the_run_is_refused_with_the_cure():
    with pytest.raises(InputError, match="RSMF needs predictions of channel hints: give --predict hints"):
        run(made("r-x", "w-x"), RSMF())


def test_one_without_hinted_keys_starts_at_once():
    trace = hinted(made("w-x * * *", "w-x * * *", "*", "r-z"))
    starts = begun(trace, RSMF(k=4), workers=1).program.start
    assert max(starts[2], starts[3]) < max(starts[0], starts[1])


def test_where_nothing_is_told_nothing_is_asked():
    trace = hinted(made(*["w-x"] * 6), told="none")
    assert run(trace, RSMF(), workers=1).metrics["evaluations"] == 0


def test_the_oldest_is_taken_after_so_many_decisions_whatever_the_hints():
    """The first needs the key that all others of the crowd write late: by its hint, others always lengthen the schedule less."""
    trace = hinted(made("w-x * * * * * * * *", *["* * w-x"] * 60))
    for barrier in (1, 5, 20):
        order = run(trace, RSMF(k=61, barrier=barrier), workers=1).decisions.subject.tolist()
        assert order.index(0) <= barrier


def test_nobody_waits_longer_than_its_place_in_line_allows_by_the_barrier():
    """Whatever the hints, the oldest one is taken after `barrier` decisions without it, then the next oldest, and so on."""

    def is_kept(bound, barrier, seed):
        trace = hinted(transactions.public_shape_3(stream(seed, "workload")), wrong=1.0)
        order = run(trace, RSMF(barrier=barrier), workers=2, seed=seed).decisions.subject.tolist()
        return all(order.index(t) < (t + 1) * (bound + 1) for t in range(100))

    assert all(is_kept(barrier, barrier, seed) for barrier in (1, 3, 10) for seed in range(4))
    assert not any(is_kept(3, 10_000, seed) for seed in range(4))


def test_a_row_tells_of_how_many_transactions_the_hints_were_wrong():
    trace = transactions.tpcc(stream(0, "workload"), n_warehouses=2, n_transactions=100)
    wrong = hinted(trace, wrong=0.5)
    hint, key = wrong["hint"], trace["key"]
    misled = sum(any(h not in (k, -1) for h, k in zip(hint[t], key[t], strict=True)) for t in range(100))
    assert 30 < misled < 70
    for system in (System(Setting()), engine.System(engine.Setting())):
        assert system.judge(wrong, RSMF(), {"makespan": 1}, None)["eta"] == misled
        assert system.judge(hinted(trace), RSMF(), {"makespan": 1}, None)["eta"] == 0
        assert system.judge(hinted(trace, told="none"), RSMF(), {"makespan": 1}, None)["eta"] is None
        assert system.judge(wrong, SMF(), {"makespan": 1}, None)["eta"] is None


def test_hints_give_more_throughput_than_none():
    traces = [transactions.tpcc(stream(s, "workload"), n_warehouses=2, n_transactions=300) for s in range(5)]

    def throughput(**parameters):
        runs = [
            run(hinted(trace, **parameters), RSMF(), mode="compiled", protocol="occ", workers=16) for trace in traces
        ]
        return np.mean([r.metrics["throughput"] for r in runs])

    assert throughput() > 1.1 * throughput(told="none")


def test_with_every_key_told_it_sees_what_smf_sees():
    trace = transactions.tpcc(stream(0, "workload"), n_warehouses=2, n_transactions=100)
    told = hinted(trace, told="all")
    first, second = begun(told, RSMF(), workers=4), begun(trace, SMF(), workers=4)
    mine, theirs = (found.view.board.operations for found in (first, second))
    assert np.array_equal(mine.offsets, theirs.offsets) and np.array_equal(mine.first_write, theirs.first_write)
