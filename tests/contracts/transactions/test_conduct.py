"""What every policy of transactions keeps to, on small traces."""

import re

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.domains.transactions import Setting, System
from sim.study import catalog
from tests.contracts.transactions.subjects import EVERY, LIMIT, NAMES, N, arriving, is_picker, made, trace
from tests.domains.transactions.worked import by_lists, run

PICKERS = pytest.mark.parametrize("name", [name for name in NAMES if is_picker(name)])
SCHEDULERS = pytest.mark.parametrize("name", [name for name in NAMES if not is_picker(name)])


@EVERY
def test_an_order_has_each_transaction_once_and_the_makespan_is_that_of_the_rule(name):
    for seed in range(3):
        result = run(made(name), trace(seed), evaluations=LIMIT)
        order = result.decisions.subject.tolist()
        assert sorted(order) == list(range(N))
        assert result.metrics["makespan"] == by_lists(trace(seed), order)[1]


@EVERY
def test_no_makespan_is_below_the_bounds_or_above_the_serial_one(name):
    for seed in range(3):
        system = System(Setting(evaluations=LIMIT))
        bounds = system.hindsight(trace(seed))
        assert bounds.lower <= run(made(name), trace(seed), evaluations=LIMIT).metrics["makespan"] <= bounds.serial


@EVERY
def test_the_log_alone_gives_every_metric_again_but_the_questions(name):
    result = run(made(name), trace(0), evaluations=LIMIT)
    assert System(Setting()).replay(trace(0), result.decisions) == {**result.metrics, "evaluations": 0}


@EVERY
def test_a_run_is_the_same_again_and_only_a_policy_that_draws_depends_on_the_seed(name):
    policy = made(name)
    logs = [run(policy, trace(0), seed=seed, evaluations=LIMIT).decisions for seed in (0, 0, 1, 2, 3)]
    assert logs[0].same_as(logs[1])
    if not catalog.draws(policy):
        assert all(log.same_as(logs[0]) for log in logs)


@EVERY
def test_one_transaction_and_none_are_no_trouble(name):
    if name != "given":
        assert run(made(name), trace(0).rows(0, 1)).metrics["makespan"] == len(trace(0)["kind"][0])
        assert run(made(name), trace(0).rows(0, 0)).metrics["makespan"] == 0


@PICKERS
def test_a_picker_runs_as_transactions_arrive_and_with_few_in_flight(name):
    online = arriving(1)
    for inflight in (0, 1, 2):
        begun = System(Setting(inflight=inflight)).begin(online, made(name), np.random.default_rng(0))
        begun.loop(*begun.objects.values(), 0, N)
        assert begun.illegal() is None
        ledger = begun.ledger
        assert np.all(ledger.start >= np.asarray(online["arrival"]))
        assert sorted(ledger.order.tolist()) == list(range(N))
        if inflight:
            busy = [np.count_nonzero((ledger.start <= u) & (u <= ledger.end)) for u in range(1, ledger.makespan + 1)]
            assert max(busy) <= inflight


@PICKERS
def test_without_arrivals_and_limits_online_is_offline(name):
    offline = run(made(name), trace(2))
    online = run(made(name), trace(2).with_column("arrival", np.ones(N, np.int64)), inflight=N + 1)
    assert online.decisions.same_as(offline.decisions)


@SCHEDULERS
def test_a_scheduler_is_refused_where_transactions_arrive_or_few_are_in_flight(name):
    cls = type(made(name)).__name__
    for late, inflight in ((arriving(0), 0), (trace(0), 3)):
        with pytest.raises(InputError, match=re.escape(f"{cls} gives a whole order at once and so runs offline only")):
            run(made(name), late, inflight=inflight)


@SCHEDULERS
def test_a_limit_of_questions_is_kept_and_still_gives_an_order(name):
    result = run(made(name), trace(0), evaluations=3)
    assert sorted(result.decisions.subject.tolist()) == list(range(N))
