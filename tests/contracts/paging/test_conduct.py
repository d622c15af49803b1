"""What every policy keeps to, on small traces of unit pages: the interpreted form, whose decisions the compiled one shares."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.core.trace import NEVER
from sim.domains.paging import Setting, System, truth
from sim.domains.paging.system import CHANNELS
from sim.study import catalog
from sim.study.experiment import first_rows
from tests.contracts.paging.subjects import CAUSAL, EVERY, interpreted, made, predicted, retold, trace
from tests.contracts.snapshots import snapshot
from tests.worked import run

SEEDS = range(3)
CAPACITIES = (1, 2, 5, 40)  # 40: above the number of pages


def each(name):
    for seed in SEEDS:
        for capacity in CAPACITIES:
            yield trace(seed), capacity, interpreted(name, seed, capacity)


@EVERY
def test_every_decision_is_legal_and_the_counts_are_those_of_the_log(name):
    for requests, capacity, result in each(name):
        told = list(retold(requests, result.decisions, capacity))
        metrics = result.metrics
        assert metrics["misses"] == sum(missed for missed, _ in told)
        loads = metrics["misses"] - metrics["bypassed"]
        assert loads - len(result.decisions) + metrics["bypassed"] == len(told[-1][1])
        if "release" not in dir(made(name)) and "wants" not in dir(made(name)):
            assert all(page in held for page, (_, held) in zip(requests["page"].tolist(), told, strict=True))
            assert len(told[-1][1]) == min(capacity, truth.n_pages_of(requests))


@EVERY
def test_no_policy_misses_less_than_the_optimum(name):
    for requests, capacity, result in each(name):
        assert result.metrics["misses"] >= truth.optimum(requests, capacity)
        if capacity > truth.n_pages_of(requests) and name not in ("flush_when_full",):
            assert result.metrics["misses"] == truth.n_pages_of(requests)


@EVERY
def test_the_log_alone_gives_every_metric_again(name):
    for requests, capacity, result in each(name):
        again = System(Setting(capacity)).replay(requests, result.decisions)
        assert again == {**result.metrics, "queries": None}


@EVERY
def test_a_run_is_the_same_again_and_from_a_copy_and_leaves_the_policy_as_it_was(name):
    policy = made(name)
    before = snapshot(policy)
    requests = predicted(trace(0), 5)
    first, again, copied = (run(p, requests, 5, seed=3) for p in (policy, policy, copy.deepcopy(policy)))
    assert snapshot(policy) == before
    assert first.decisions.same_as(again.decisions) and first.decisions.same_as(copied.decisions)
    assert first.metrics == again.metrics == copied.metrics
    assert first.timeline.keys() == again.timeline.keys()
    assert all(np.array_equal(first.timeline[key], again.timeline[key]) for key in first.timeline)


@EVERY
def test_only_a_policy_that_draws_depends_on_the_seed(name):
    requests = predicted(trace(1), 5)
    logs = [run(made(name), requests, 5, seed=seed).decisions for seed in range(4)]
    if not catalog.draws(made(name)):
        assert all(log.same_as(logs[0]) for log in logs)
    elif name not in NEED_MORE_THAN_FIVE_PAGES:
        assert not all(log.same_as(logs[0]) for log in logs)


NEED_MORE_THAN_FIVE_PAGES = {
    "belady": "draws only where sizes count, and size_aware",
    "lhd": "samples 32 residents, more than there are",
}
"""Policies whose draws change nothing here, and why."""


@EVERY
def test_a_policy_that_draws_nothing_is_not_called_randomized(name):
    policy = made(name)
    assert catalog.draws(policy) or not policy.randomized


@CAUSAL
@pytest.mark.parametrize("n", [7, 60, 155])
def test_decisions_do_not_depend_on_what_comes_later(name, n):
    """All predictions are columns, and are cut with the requests."""
    for capacity in CAPACITIES:
        requests = predicted(trace(0), capacity)
        whole = interpreted(name, 0, capacity).decisions
        part = run(made(name), first_rows(requests, n), capacity).decisions
        n_kept = np.count_nonzero(whole.row < n)
        early = replace(whole, row=whole.row[:n_kept], kind=whole.kind[:n_kept], subject=whole.subject[:n_kept])
        assert early.same_as(part), f"capacity {capacity}"


@EVERY
def test_a_policy_sees_the_channels_it_declares_and_no_other_column(name):
    """The true next requests are told to clairvoyant policies alone, even where a column of that name lies about."""
    policy = made(name)
    requests = predicted(trace(0), 5).with_column("next_use", truth.next_use(trace(0)))
    begun = System(Setting(5)).begin(requests, copy.deepcopy(policy), stream(0, "policy"))
    fields = begun.objects["rows"].fields
    channels = set(catalog.channels_needed("paging", policy)) - set(policy.asks)
    shown = {"next_use"} if policy.clairvoyant else channels | ({"leaves"} if "cache_state" in channels else set())
    assert set(fields) == {"page", "size"} | shown
    if "next_use" in shown:
        expected = truth.next_use(requests).astype(float) if policy.clairvoyant else requests["predicted_next_use"]
        assert np.array_equal(fields["next_use"], expected)
        assert (NEVER in fields["next_use"]) == policy.clairvoyant


@EVERY
def test_a_missing_prediction_refuses_the_run_and_names_the_option_that_supplies_it(name):
    policy = made(name)
    needed = catalog.channels_needed("paging", policy)
    for channel in needed:
        requests = predicted(trace(0), 5)
        column, option = CHANNELS[channel]
        lacking = replace(requests, columns={key: v for key, v in requests.columns.items() if key != column})
        with pytest.raises(InputError) as caught:
            run(policy, lacking, 5)
        assert "\n" not in str(caught.value)
        assert f"channel {channel}: give {option}" in str(caught.value)
        predictor = option.removeprefix("--predict ").split(",")[0].split(":")[0]
        assert channel in catalog.channels_filled(predictor)
    if not needed:
        assert run(policy, trace(0), 5).decisions.same_as(interpreted(name, 0, 5).decisions)
