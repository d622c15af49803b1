"""What every dispatching policy keeps to, on small traces: the interpreted form, whose decisions the compiled one shares."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.dispatch import Setting, System
from sim.study import catalog
from tests.contracts.dispatch.subjects import EVERY, SETTINGS, trace
from tests.contracts.snapshots import snapshot
from tests.domains.dispatch.farms import played, run


@EVERY
def test_every_job_goes_to_a_server_and_the_sums_agree(name):
    for setting in SETTINGS:
        begun = played(name, trace(0), 5, **setting)
        ledger, log = begun.ledger, begun.decisions()
        assert begun.illegal() is None
        assert log.subject.min() >= 0 and log.subject.max() < 5
        assert len(log) == 400 + ledger.retried
        assert np.isfinite(ledger.finished).sum() + ledger.lost == 400
        if not ledger.lost:  # Little's law
            assert ledger.present_time == pytest.approx((ledger.finished - ledger.arrived).sum(), rel=1e-9)
        busy, work = begun.queues.busy, begun.queues.done_work
        if "down_speed" in setting:
            assert (work < busy).all() and (work > 0.3 * busy).all()
        else:
            assert work == pytest.approx(busy * begun.queues.speeds, rel=1e-9)
        if setting.get("cancel", True):
            finished = begun.queues.size[np.isfinite(ledger.finished)].sum()
            assert work.sum() == pytest.approx(finished + ledger.wasted, rel=1e-9)


@EVERY
def test_the_log_alone_gives_every_metric_again(name):
    for setting in SETTINGS[:6]:
        system = System(Setting(5, warmup=0.0, **{**setting, "up_mean": None}))
        first = run(name, trace(1), 5, **{**setting, "up_mean": None})
        again = system.replay(trace(1), first.decisions)
        assert {**again, "probes_per_job": 0} == {**first.metrics, "probes_per_job": 0}


@EVERY
def test_a_run_is_the_same_again_and_leaves_the_policy_as_it_was(name):
    policy = catalog.policy("dispatch", name)
    before = snapshot(policy)
    first, again = (run(policy, trace(0), 5, seed=3) for _ in range(2))
    assert snapshot(policy) == before
    assert first.decisions.same_as(again.decisions) and first.metrics == again.metrics


@EVERY
def test_only_a_policy_that_draws_depends_on_the_seed(name):
    logs = [run(name, trace(1), 5, seed=seed).decisions for seed in range(3)]
    assert all(log.same_as(logs[0]) for log in logs) != catalog.draws(catalog.policy("dispatch", name))


@EVERY
@pytest.mark.parametrize("n", [7, 150])
def test_decisions_do_not_depend_on_what_comes_later(name, n):
    policy = catalog.policy("dispatch", name)
    if policy.clairvoyant or "key" in catalog.policy_class("dispatch", name).__doc__:
        pytest.skip("sees all sizes, or places all keys at the start")
    whole, part = run(policy, trace(0), 5).decisions, run(policy, trace(0).rows(0, n), 5).decisions
    assert np.array_equal(whole.subject[:n], part.subject)


@EVERY
def test_a_policy_sees_sizes_only_where_it_says_so_and_the_true_ones_only_if_clairvoyant(name):
    policy = catalog.policy("dispatch", name)
    begun = System(Setting(5)).begin(trace(0), copy.deepcopy(policy), stream(0, "policy"))
    fields = begun.objects["jobs"].fields
    assert set(fields) == {"key", *policy.channels}
    if "size" in fields:
        column = "size" if policy.clairvoyant else "predicted_size"
        assert np.array_equal(fields["size"], trace(0)[column])
    if catalog.channels_needed("dispatch", policy):
        lacking = replace(trace(0), columns={k: v for k, v in trace(0).columns.items() if k != "predicted_size"})
        with pytest.raises(InputError, match="needs predictions of channel size: give --predict size"):
            run(policy, lacking, 5)
