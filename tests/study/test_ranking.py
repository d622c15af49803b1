"""A ranked table out of results, checked by hand."""

import math

import numpy as np
import pytest

from sim.core.result import Result
from sim.domains.paging import METRICS
from sim.study import catalog, ranking
from sim.study.experiment import Described, Experiment


def result(
    policy="lru", misses=50, *, bound=None, bound_holds=None, seed=0, predictions=(), capacity=10, trace="t.txt",
    name=None, engine="compiled", requests=100, **more,
):  # fmt: skip
    """A result of `requests` requests of which `misses` missed."""
    experiment = Experiment("paging", trace, policy, predictions, (("capacity", capacity), ("sized", False)), seed)
    metrics = {
        "requests": requests, "misses": misses, "miss_ratio": misses / requests, "byte_miss_ratio": None,
        "ratio_to_opt": misses / 20, "bound": bound, "bound_holds": bound_holds, **more,
    }  # fmt: skip
    described = Described(experiment, name or trace, catalog.policy("paging", policy))
    return Result(metrics, {"row": np.arange(1)}, 0.5, 10**6, engine, experiment=described)


def ranked(*results):
    (table,) = ranking.rankings(results, METRICS)
    return table


def column(table, heading):
    position = [name for name, _ in table.columns].index(heading)
    return [row[position] for row in table.rows]


def test_the_best_stands_first_and_who_sees_the_future_has_a_star():
    table = ranked(result("fifo", 60), result("lru", 50), result("belady", 20))
    assert column(table, "policy") == ["belady *", "lru", "fifo"]
    assert column(table, "miss ratio") == ["0.2000", "0.5000", "0.6000"]
    assert column(table, "ratio to OPT") == ["1.0000", "2.5000", "3.0000"]
    assert column(table, "M req/s") == ["2.00"] * 3
    assert table.title == "t.txt: 100 requests, capacity 10"
    assert table.caption == "best first by miss ratio (lower is better); seed 0; * sees the future"


def test_columns_that_say_nothing_are_left_out():
    headings = [name for name, _ in ranked(result()).columns]
    assert headings == ["policy", "miss ratio", "ratio to OPT", "M req/s"]
    headings = [name for name, _ in ranked(result("mark0", predictions=("discard",), eta0=0, eta1=3)).columns]
    assert headings == ["policy", "predictions", "miss ratio", "ratio to OPT", "eta0", "eta1", "M req/s"]


def test_seeds_make_a_mean_with_students_interval():
    table = ranked(result("random", 40, seed=4), result("random", 60, seed=5), result("lru", 55, seed=4))
    # mean 0.5, standard error sqrt(0.02 / 2) = 0.1, t of one degree of freedom 12.7062
    assert column(table, "miss ratio") == ["0.5000 ± 1.2706", "0.5500"]
    assert "mean ± 95 % interval over 2 seeds from 4" in table.caption


@pytest.mark.parametrize(
    ("verdicts", "cell"),
    [([True], "holds"), ([False], "FAILS"), ([True, True], "holds"), ([True, False], "FAILS")],
)
def test_a_bound_on_every_run_holds_in_all_or_fails(verdicts, cell):
    results = [result(bound=60, bound_holds=verdict, seed=seed) for seed, verdict in enumerate(verdicts)]
    assert column(ranked(*results), "bound") == [cell]


def test_a_bound_on_the_mean_is_judged_over_several_seeds():
    """One run may lie above it; the mean may too, by no more than chance."""
    within = [result("marker", misses, bound=50, seed=seed) for seed, misses in enumerate((30, 60, 45))]
    assert column(ranked(*within), "bound") == ["holds"]
    # mean 51 is 1 above the bound; its interval is 12.7062 * sqrt(2 / 2) wide
    by_chance = [result("marker", misses, bound=50, seed=seed) for seed, misses in enumerate((50, 52))]
    assert column(ranked(*by_chance), "bound") == ["holds"]
    above = [result("marker", misses, bound=50, seed=seed) for seed, misses in enumerate((60, 61, 60))]
    assert column(ranked(*above), "bound") == ["FAILS"]


def test_one_seed_says_nothing_of_a_bound_on_the_mean():
    assert "bound" not in dict(ranked(result("marker", 60, bound=50)).columns)


def test_a_bound_may_differ_from_seed_to_seed():
    """It depends on the predictions' errors, so runs are held against their own."""
    results = [result("mark0", m, bound=b, seed=seed) for seed, (m, b) in enumerate(((90, 95), (30, 35), (50, 55)))]
    assert column(ranked(*results), "bound") == ["holds"]


def test_the_engine_is_told_where_it_is_not_the_usual_one():
    assert column(ranked(result(), result("fifo", engine="interpreted")), "engine") == ["interpreted", "compiled"]
    table = ranked(result(engine="interpreted"))
    assert "engine" not in dict(table.columns) and table.caption.endswith("; interpreted")


def test_every_capacity_and_trace_has_a_table_of_its_own():
    tables = ranking.rankings([result(capacity=10), result(capacity=1000), result(trace="u.txt")], METRICS)
    assert [table.title for table in tables] == [
        "t.txt: 100 requests, capacity 10", "t.txt: 100 requests, capacity 1,000", "u.txt: 100 requests, capacity 10",
    ]  # fmt: skip


def test_a_workload_is_one_trace_though_every_seed_draws_another():
    text = "workload:mixture,of=[uniform;loop,n_pages=3]"
    table = ranked(
        result("lru", seed=0, trace=text, name="mixture", requests=100),
        result("lru", seed=1, trace=text, name="mixture", requests=90),
    )
    assert len(table.rows) == 1 and table.title == "mixture: 90 to 100 requests, capacity 10"


def test_a_users_file_is_called_by_its_name(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from sim.domains import paging\n\n\nclass Mine(paging.Policy):\n    k: int = 1\n\n"
        "    def evict(self, request):\n        return 0\n"
    )
    assert column(ranked(result(f"{path},k=2")), "policy") == ["mine,k=2"]


def test_the_first_metric_that_all_have_ranks():
    assert ranking.main_metric([result()], METRICS).name == "miss_ratio"
    assert ranking.main_metric([result(miss_ratio=None), result()], METRICS).name == "misses"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (7, "7"), (12.4, "12"), (999, "999"), (999.6, "1.0k"), (1200, "1.2k"), (66_757, "66.8k"),
        (99_949, "99.9k"), (99_951, "100k"), (813_000, "813k"), (999_600, "1.0M"), (3.3e9, "3.3G"), (1e18, "1.0e+18"),
    ],
)  # fmt: skip
def test_a_count_is_written_short(value, text):
    assert ranking.compact(value) == text


def test_a_count_without_end_is_said_so():
    assert ranking.compact(math.inf) == "inf"
