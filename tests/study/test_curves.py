"""Curves of any policy against single runs: a point is that run, whatever predictions, seeds and threads."""

import csv

import numpy as np
import pandas as pd
import pytest

from sim.core.errors import InputError, PolicyError
from sim.core.operations import Operation
from sim.domains.paging import METRICS
from sim.study import curve_table, figures
from sim.study.curves import Question, answer, errors
from sim.study.experiment import Bench, Experiment
from sim.study.figures import miss_ratio_curve
from tests.worked import trace_of

CAPACITIES = (1, 3, 10, 40, 150)
ZIPF = "workload:zipf,n_requests=3000,n_pages=200,alpha=0.8"

MINE = '''
from sim.core.structures import LinkedList
from sim.domains import paging


class Mine(paging.Policy):
    """Evicts the page requested last."""

    broken_from: int = 1000000

    def begin(self, setting, rng):
        self.order = LinkedList(setting.n_pages)
        self.capacity = setting.capacity

    def admit(self, request):
        self.order.push_front(request.page)

    def evict(self, request):
        if self.capacity >= self.broken_from:
            raise ValueError("too large for me")
        return self.order.pop_front()
'''


def ask(*policies, trace=ZIPF, capacity=CAPACITIES, threads=2, progress=None, mode="interpreted", sized=False, **about):
    setting = {"capacity": ",".join(map(str, capacity)), "sized": sized}
    question = Question("paging", trace, policies, setting=setting, mode=mode, **about)
    return answer(question, Bench(), threads=threads, progress=progress)


def points(found, label=None):
    return {(r["system.capacity"], r["seed"]): r for r in found.rows if label in (None, r["label"])}


@pytest.mark.parametrize(
    ("policy", "predictions"),
    [("lru", ()), ("fifo", ()), ("random", ()), ("belady", ()), ("mark0", ("discard:flip=0.2",)), ("mine.py", ())],
)
def test_a_point_is_what_a_single_run_gives(policy, predictions, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    found = ask(policy, predictions=predictions, seeds=(0, 1))
    assert len(found.rows) == 2 * len(CAPACITIES) and not found.failures
    bench = Bench()
    for (capacity, seed), row in points(found).items():
        setting = (("capacity", capacity), ("sized", False), ("warmup", 0), ("ttl", True))
        single = bench.run(Experiment("paging", ZIPF, policy, predictions, setting, seed), mode="interpreted").row()
        same = set(single) & set(row) - {"seconds", "engine"}
        assert {"misses", "miss_ratio", "cold_misses", "trace", "policy", "predictions", "system.ttl"} <= same
        assert {key: row[key] for key in same} == {key: single[key] for key in same}


def test_a_compiled_curve_is_the_interpreted_one():
    both = [
        ask("lru", method="replay", mode=mode, threads=threads)
        for mode, threads in (("compiled", 2), ("interpreted", 1))
    ]
    assert [row["engine"] for row in both[0].rows] == ["compiled"] * len(CAPACITIES)
    assert [row["misses"] for row in both[0].rows] == [row["misses"] for row in both[1].rows]


def test_lru_takes_one_pass_or_replays_as_wished_and_both_agree():
    passed, replayed = ask("lru"), ask("lru", method="replay")
    assert {row["method"] for row in passed.rows} == {"stack"} and {row["method"] for row in replayed.rows} == {
        "replay"
    }
    assert [row["misses"] for row in passed.rows] == [row["misses"] for row in replayed.rows]


def test_curves_of_lru_and_of_the_optimum_never_rise_and_the_optimum_is_below_all():
    found = ask("lru", "fifo", "sieve", "belady", capacity=range(1, 200, 9))
    curve = {label: [points(found, label)[k, 0]["misses"] for k in range(1, 200, 9)] for label in ("lru", "belady")}
    for misses in curve.values():
        assert misses == sorted(misses, reverse=True)
    for (capacity, seed), row in points(found, "belady").items():
        for other in ("lru", "fifo", "sieve"):
            assert row["misses"] <= points(found, other)[capacity, seed]["misses"]


def test_fifo_may_miss_more_with_more_pages(tmp_path):
    """Belady's anomaly."""
    (tmp_path / "anomaly.txt").write_text("\n".join("123412512345"))
    found = ask("fifo", trace=str(tmp_path / "anomaly.txt"), capacity=(3, 4))
    assert [row["misses"] for row in found.rows] == [9, 10]


def test_a_sample_of_all_pages_is_exact():
    exact = ask("lru", "sieve")
    for whole in (ask("lru", "sieve", rate=1.0), ask("lru", n_kept=1000)):
        for row in whole.rows:
            assert row["misses"] == points(exact, row["label"])[row["system.capacity"], 0]["misses"]
            assert row["sample_rate"] == 1


def test_a_sampled_policy_is_replayed_at_a_share_of_the_capacity_and_held_against_the_exact_curve():
    found = ask("sieve", "lru", rate=0.25, compare=True, seeds=(0, 1, 2))
    exact = ask("sieve", "lru", seeds=(0, 1, 2))
    assert len(found.rows) == 2 * 3 * len(CAPACITIES)
    sizes = {"sieve": [], "lru": []}
    for row in found.rows:
        right = points(exact, row["label"])[row["system.capacity"], row["seed"]]["miss_ratio"]
        assert row["exact_miss_ratio"] == right and row["error"] == row["miss_ratio"] - right
        assert row["sample_rate"] == 0.25 and row["sampled_requests"] < 3000 and 0 <= row["miss_ratio"] <= 1
        sizes[row["label"]].append(abs(row["error"]))
    for label, error in errors(found.rows).items():
        assert (error.mean, error.largest) == (pytest.approx(np.mean(sizes[label])), max(sizes[label]))
        assert error.n_points == 15
    assert found.notices == [
        "below 400 pages a sampled cache holds fewer than 100: the curve is rough there, and --compare measures how rough"
    ]


def test_the_error_of_a_sample_is_that_of_its_number_of_pages():
    """Of m equally likely pages a sample at rate R has N, binomial, and LRU on it misses (N - R k) / N of its N T / m requests:
    (N - R k) / (R m) as an estimate, right on average, with a standard deviation of sqrt(m R (1 - R)) / (R m)."""
    m, rate = 10_000, 0.1
    trace = f"workload:uniform,n_requests=200000,n_pages={m}"
    found = ask("lru", trace=trace, capacity=(1000, 5000, 9000), rate=rate, compare=True, seeds=(0, 1, 2, 3))
    deviation = np.sqrt(m * rate * (1 - rate)) / (rate * m)
    assert deviation < 0.031 and errors(found.rows)["lru"].largest < 4 * deviation


def test_with_sizes_lru_is_replayed_and_stack_distances_are_approximate(tmp_path):
    rng = np.random.default_rng(1)
    pages = rng.zipf(1.2, 2000) % 100
    sizes = rng.integers(1, 1000, 100)
    lines = [f"{page},{sizes[page]}" for page in pages]
    (tmp_path / "sized.csv").write_text("\n".join(["page,size", *lines]))
    bytes_of = ("2kb", "8kb", "30kb")
    reader = {"page_column": "page", "size_column": "size"}
    rows = {}
    for method in ("auto", "stack"):
        setting = {"capacity": ",".join(bytes_of)}
        question = Question(
            "paging", str(tmp_path / "sized.csv"), ("lru",), setting=setting, method=method, compare=True
        )
        rows[method] = answer(question, Bench(cache=False, reader=reader)).rows
    assert {row["method"] for row in rows["auto"]} == {"replay"} and "error" not in rows["auto"][0]
    assert {row["method"] for row in rows["stack"]} == {"byte stack"}
    for exact, near in zip(rows["auto"], rows["stack"], strict=True):
        assert near["exact_miss_ratio"] == exact["miss_ratio"] and abs(near["error"]) < 0.05
        assert abs(near["byte_miss_ratio"] - exact["byte_miss_ratio"]) < 0.05
    mixed = Question("paging", str(tmp_path / "sized.csv"), ("lru",), setting={"capacity": "10,2kb"})
    with pytest.raises(
        InputError, match="capacities in pages and in bytes cannot share a curve; give them in one unit"
    ):
        answer(mixed, Bench(cache=False, reader=reader))


def test_a_failing_policy_leaves_the_others_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    found = ask("mine.py,broken_from=10", "mark0", "lru", "fifo")
    assert len(points(found, "lru")) == len(points(found, "fifo")) == len(CAPACITIES)
    assert [k for k, _ in points(found, "mine,broken_from=10")] == [1, 3]  # the larger ones failed
    reasons = [str(error) for error in found.failures]
    assert any(isinstance(error, PolicyError) and "too large for me" in str(error) for error in found.failures)
    assert sum("needs predictions of channel discard_bit: give --predict discard" in text for text in reasons) <= 1


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"rate": 1.5}, "share of pages to sample must be above 0 and at most 1, got 1.5"),
        ({"n_kept": 0}, "number of pages to sample must be at least 1, got 0"),
        ({"n_kept": 5, "rate": 0.5}, "give a share of the pages to sample or their number, not both"),
    ],
)
def test_a_question_at_fault_is_refused(about, reason):
    with pytest.raises(InputError, match=reason):
        ask("lru", **about)


def test_a_system_without_curves_is_refused():
    with pytest.raises(InputError, match=r"paging/timed has no miss-ratio curves \(with curves: paging\)"):
        answer(Question("paging/timed", ZIPF, ("lru",), setting={"capacity": "3"}), Bench())


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"n_kept": 20}, r"FIFO has no curve from a fixed number of pages, .*\(with one: lru\); give --sample RATE"),
        ({"method": "stack"}, r"FIFO has no curve from stack distances \(with one: lru\); leave out --method stack"),
    ],
)
def test_a_policy_without_a_pass_says_so_and_lru_stays(about, reason):
    found = ask("fifo", "lru", **about)
    assert {row["label"] for row in found.rows} == {"lru"}
    with pytest.raises(InputError, match=reason):
        raise found.failures[0]


def test_progress_counts_the_requests_of_all_replays():
    said = []
    ask("lru", "fifo", "sieve", progress=lambda done, n: said.append((done, n)))
    assert said == [(3000 * i, 3000 * 10) for i in range(1, 11)]


def test_an_interrupt_keeps_the_points_that_are_done_and_ends_the_others():
    def interrupt(done, n):
        if done == 2 * 3000:
            raise KeyboardInterrupt

    found = ask("lru", "fifo", "sieve", threads=1, progress=interrupt)
    assert not found.is_whole and not found.failures
    assert len(points(found, "lru")) == len(CAPACITIES) and 2 <= len(points(found, "fifo")) < len(CAPACITIES)


def test_with_deletes_lru_is_replayed():
    trace = trace_of("abcabcab" * 20, op=np.array([Operation.GET] * 7 + [Operation.DELETE] * 1 + [Operation.GET] * 152))
    bench = Bench(reference=False)
    bench.trace = lambda *_: trace
    rows = {}
    for ttl in (True, False):
        rows[ttl] = answer(Question("paging", "worked", ("lru",), setting={"capacity": "2,3", "ttl": ttl}), bench).rows
    assert [row["method"] for row in rows[True]] == ["replay"] * 2 and rows[True][0]["requests"] == 159
    assert [row["method"] for row in rows[False]] == ["stack"] * 2 and rows[False][0]["requests"] == 160


def test_a_table_has_a_row_per_capacity_and_tells_how_it_came_about():
    rows = ask("lru", "sieve", "belady", rate=0.5, compare=True).rows
    (table,) = curve_table.tables(rows, "miss_ratio")
    assert [heading for heading, _ in table.columns] == [
        "capacity (pages)", "lru", "exact", "sieve", "exact", "belady *", "exact",
    ]  # fmt: skip
    assert [row[0] for row in table.rows] == ["1", "3", "10", "40", "150"]
    assert table.rows[2][1] == f"{points_of(rows, 'lru', 10)['miss_ratio']:.4f}"
    assert table.rows[2][4] == f"{points_of(rows, 'sieve', 10)['exact_miss_ratio']:.4f}"
    for text in ("lru: one pass of stack distances", "others: one replay per capacity", "50% of pages sampled",
                 "sieve: mean absolute error", "* sees the future", "cold misses 0.0"):  # fmt: skip
        assert text in table.caption


def points_of(rows, label, capacity):
    return next(row for row in rows if row["label"] == label and row["system.capacity"] == capacity)


def test_many_policies_make_several_tables():
    names = ["lru"] + [f"random,seed={i}" for i in range(9)]
    rows = [{**row, "label": name} for name in names for row in ask("lru").rows]
    tables = curve_table.tables(rows, "miss_ratio")
    assert [len(table.columns) for table in tables] == [9, 3]
    assert tables[0].title and not tables[1].title and tables[1].caption and not tables[0].caption


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_figure_shows_a_line_per_policy_with_its_table_beside(tmp_path, kind):
    rows = ask("lru", "sieve", "belady", rate=0.5, compare=True, seeds=(0, 1)).rows
    path = tmp_path / f"curve.{kind}"
    beside = figures.save(
        path, rows, METRICS[0], command="augsim mrc ...", draw=miss_ratio_curve.draw, facts=["a fact"]
    )
    assert path.stat().st_size > 5000
    with beside.open() as file:
        assert len(list(csv.DictReader(file))) == len(rows)
    if kind == "svg":
        text = path.read_text()
        for word in ("lru", "sieve", "belady *", "cold misses", "a fact", "capacity (pages)", "augsim mrc ..."):
            assert word in text


def test_names_stand_where_the_lines_are_told_apart_and_inside_the_figure():
    from matplotlib.figure import Figure

    shapes = {"a": (1, 0.9, 0.0), "b": (1, 0.6, 0.0), "c": (1, 0.3, 0.0)}
    table = pd.DataFrame(
        {"label": label, "predictions": "none", "clairvoyant": False, "system.capacity": k, "system.sized": False,
         "requests": 10, "cold_misses": 0, "miss_ratio": ratio}
        for label, ratios in shapes.items() for k, ratio in zip((1, 10, 100), ratios, strict=True)
    )  # fmt: skip
    axes = Figure(layout="constrained").subplots()
    miss_ratio_curve.draw(table, axes, metric=METRICS[0])
    texts = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert "at 10 pages:" in texts
    names = ["0.300  c", "0.600  b", "0.900  a"]
    heights = [texts[name] for name in names]
    assert heights == sorted(heights) and heights[0] >= 0 and heights[-1] <= 1
