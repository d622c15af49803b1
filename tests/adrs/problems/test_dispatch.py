"""The problem of dispatch: its seeds are the policies they are named after, and formulas decide alike in all their forms."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from sim.adrs import evaluate, problem
from sim.adrs.export.score import instance
from sim.adrs.instances import split
from sim.adrs.judge import play
from sim.study import catalog
from sim.study.experiment import Bench
from tests.adrs.test_formulas import random_formula, written
from tests.contracts.dispatch.subjects import SETTINGS, trace
from tests.domains.dispatch.farms import played, run

DISPATCH = problem.find("dispatch")
SEEDS = DISPATCH.seeds()


def routes(policy, mode="interpreted", **setting):
    return run(policy, trace(2), 5, mode=mode, seed=3, **setting).decisions


@pytest.mark.parametrize("number", range(len(SETTINGS)))
@pytest.mark.parametrize(
    ("seed", "policy"),
    [("scored: jsq", "jsq"), ("scored: shortest_delay", "shortest_delay"), ("polled: power_of_d", "power_of_d")],
)
def test_a_seed_decides_as_the_policy_it_is_named_after(seed, policy, number):
    setting = SETTINGS[number]
    assert routes(DISPATCH.policy(SEEDS[seed]), **setting).same_as(routes(policy, **setting))


def test_where_all_is_seen_nothing_is_sent_that_is_not_known():
    mine, other = (routes(DISPATCH.policy(SEEDS[f"scored: {name}"])) for name in ("sent_included", "shortest_delay"))
    assert mine.same_as(other)


def test_with_right_predictions_least_predicted_work_is_the_central_queue_job_by_job():
    right = trace(2).with_column("predicted_size", trace(2)["size"])
    mine = played(DISPATCH.policy(SEEDS["informed: least_predicted_work"]), right, 5).ledger.finished
    assert mine == pytest.approx(played("least_work", right, 5).ledger.finished, rel=1e-9)


def test_the_server_unused_for_longest_is_the_next_in_turn():
    order = routes(DISPATCH.policy(SEEDS["scored: round_robin"])).subject.reshape(-1, 5)
    assert len(set(order[0])) == 5 and (order == order[0]).all()


@pytest.mark.parametrize("seed", range(40))
def test_a_program_and_the_file_it_is_printed_as_decide_alike(seed, tmp_path):
    formula = random_formula(DISPATCH, seed)
    setting = SETTINGS[seed % len(SETTINGS)]
    assert routes(DISPATCH.policy(formula), **setting).same_as(routes(written(DISPATCH, formula, tmp_path), **setting))


@pytest.mark.parametrize("template", [each.name for each in DISPATCH.templates])
def test_programs_decide_alike_as_machine_code(template):
    formulas = [f for f in (random_formula(DISPATCH, seed) for seed in range(40)) if f.template == template][:8]
    for formula in formulas:
        assert routes(DISPATCH.policy(formula), "compiled").same_as(routes(DISPATCH.policy(formula)))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))])
def test_a_printed_file_decides_alike_as_machine_code(seed, tmp_path):
    policy = written(DISPATCH, random_formula(DISPATCH, seed), tmp_path)
    assert routes(policy, "compiled").same_as(routes(policy))


@pytest.mark.parametrize("number", range(1, len(SETTINGS)))
@pytest.mark.slow
def test_a_program_decides_alike_as_machine_code_whatever_the_servers(number):
    policy = DISPATCH.policy(SEEDS["informed: first_complete"])
    setting = SETTINGS[number]
    assert routes(policy, "compiled", **setting).same_as(routes(policy, **setting))


def of(*traces):
    """The instances of a search on these traces."""
    return split(DISPATCH, Bench(), traces=traces, options=DISPATCH.setting, most_rows=1000, seed=0)[0]


def test_sizes_are_predicted_where_a_trace_does_not_tell_predictions():
    first = of("workload:poisson,rate=10,n_jobs=300").train[0]
    assert first.predictions == ("size:lognormal=1",) and "size:lognormal=1" in first.name
    found = first.open(Bench(), "dispatch")
    error = np.log(found["predicted_size"] / found["size"])
    assert 0.9 < error.std() < 1.1
    opened = evaluate.open_instance("dispatch", first)
    assert opened.channels == ("size",) and np.array_equal(opened.trace["predicted_size"], found["predicted_size"])


def test_predictions_of_a_trace_are_taken_as_they_are(tmp_path):
    file = tmp_path / "jobs.csv"
    lines = "".join(f"{i},{1 + i % 3},{2 + i % 2}\n" for i in range(400))
    file.write_text(f"time,size,predicted_size\n{lines}")
    first = of(str(file)).train[0]
    assert first.predictions == ()
    assert set(first.open(Bench(), "dispatch")["predicted_size"]) == {2, 3}


def test_a_seed_comes_to_the_same_again():
    bench = Bench()
    first = replace(of("workload:poisson,rate=10,n_jobs=300").train[0], seed=5)
    for formula in SEEDS.values():
        found, again = (
            play(DISPATCH, bench, DISPATCH.policy(formula), first).metrics["response_mean"] for _ in range(2)
        )
        assert found == again > 0


def test_policies_can_be_tuned_to_both_ends_of_their_ranges():
    for name, ranges in DISPATCH.tunable.items():
        for k in (0, 1):
            policy = catalog.policy_class("dispatch", name)(**{key: ends[k] for key, ends in ranges.items()})
            assert run(policy, trace(2), 8).metrics["lost"] == 0


def test_an_instance_is_read_back_from_an_export():
    first = of("workload:poisson,rate=10,n_jobs=300").train[0]
    told = asdict(first) | {"setting": [list(pair) for pair in first.setting], "predictions": list(first.predictions)}
    assert instance(told) == first
