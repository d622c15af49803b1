"""A sweep: what is run, on what, and what is not run twice."""

import pytest

from sim.core.errors import InputError
from sim.study.analysis import Analysis
from sim.study.runs import Inputs
from sim.study.store import Store
from sim.study.sweep import AxisError
from tests.study.studies import ZIPF, same, sweep


def test_a_policy_that_draws_nothing_is_run_for_the_first_seed_only_on_a_trace_that_is_not_drawn(tmp_path):
    (tmp_path / "t.txt").write_text("1\n2\n3\n1\n")
    planned = sweep(traces=(str(tmp_path / "t.txt"), ZIPF), settings=({"capacity": (2,)},), reference=False).plan()
    runs = [(run.experiment.trace.partition(":")[0], run.experiment.policy, run.experiment.seed) for run in planned]
    file = str(tmp_path / "t.txt")
    assert runs == [
        (file, "lru", 0),
        (file, "random", 0),
        (file, "random", 1),
        *(("workload", policy, seed) for seed in (0, 1) for policy in ("lru", "random")),
    ]


def test_within_a_seed_all_policies_meet_the_same_trace_and_predictions():
    table = sweep(
        traces=(ZIPF,),
        policies=("flush_all_zeros", "mark0", "lru"),
        predictions=("none", "discard:flip=0.3"),
        settings=({"capacity": (5,)},),
    ).run()
    by_seed = table[table["predictions"] != "none"].groupby("seed")
    assert (by_seed[["eta0", "eta1"]].nunique() == 1).all(axis=None)
    assert table.groupby("label")["eta1"].nunique()["mark0"] == 2  # another seed, other predictions
    assert (table.groupby("seed")["cold_misses"].nunique() == 1).all()


def test_settings_keep_how_they_were_asked_for():
    table = sweep(settings=({"capacity": ("10%,20%",)}, {"capacity": (7,), "warmup": (0, 20)})).run()
    asked = table[["asked.capacity", "asked.warmup", "system.capacity", "system.warmup"]].drop_duplicates()
    rows = [tuple(None if value != value else value for value in row) for row in asked.itertuples(index=False)]
    assert rows[:4] == [("10%", None, 5, 0), ("20%", None, 10, 0), ("7", "0", 7, 0), ("7", "20", 7, 20)]


def test_the_customary_capacities_are_groups_over_all_traces():
    table = sweep(settings=({"capacity": ("auto",)},), policies=("lru",), reference=False, seeds=(0,)).run()
    assert table.groupby("trace")["asked.capacity"].apply(tuple).nunique() == 1
    assert table["asked.capacity"].tolist()[:3] == ["0.1%", "0.3%", "1%"]


def test_a_capacity_in_percent_is_one_row_group_over_traces_of_different_size():
    table = sweep(settings=({"capacity": ("10%",)},)).run()
    assert set(table["asked.capacity"]) == {"10%"}
    assert set(table["system.capacity"]) == {4, 5}


def test_policies_and_traces_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for folder, base in (("a", "LRU"), ("b", "FIFO")):
        (tmp_path / folder).mkdir()
        module = f"from policies.paging.{base.lower()} import {base}\n\n\nclass Mine({base}):\n    pass\n"
        (tmp_path / folder / "mine.py").write_text(module)
        (tmp_path / folder / "t.txt").write_text("1\n2\n3\n1\n" * 5)
    files = tuple(str(tmp_path / folder / "t.txt") for folder in "ab")
    table = sweep(
        traces=files,
        policies=tuple(str(tmp_path / folder / "mine.py") for folder in "ab"),
        settings=({"capacity": (2,)},),
        reference=False,
    ).run()
    assert list(table["label"].unique()) == ["a/mine", "b/mine"]
    assert list(table["trace"].unique()) == ["a/t.txt", "b/t.txt"]


def test_a_policy_that_fails_on_some_traces_is_a_row_with_its_error(tmp_path):
    (tmp_path / "touchy.py").write_text(
        "from policies.paging.lru import LRU\n\n\nclass Touchy(LRU):\n"
        "    def hit(self, request):\n        if request.index >= 310:\n            raise ValueError('no more')\n"
    )
    table = sweep(policies=("lru", str(tmp_path / "touchy.py")), settings=({"capacity": (20,)},), seeds=(0,)).run()
    touchy = table[table["label"] == "touchy"]
    assert list(touchy["status"]) == ["failed", "done"]  # the loop ends before
    assert "no more" in touchy["error"].iloc[0] and "request" in touchy["error"].iloc[0]
    assert (table[table["label"] != "touchy"]["status"] == "done").all()


def test_an_error_names_the_axis():
    with pytest.raises(AxisError, match=r"^system: capacity must be at least 1 page, got 0"):
        sweep(settings=({"capacity": (0,)},)).plan()
    with pytest.raises(AxisError, match=r"^traces: no trace file nowhere\.csv"):
        sweep(traces=("nowhere.csv",)).plan()


def test_a_second_run_does_nothing_and_gives_the_same_table(tmp_path):
    done = []
    with Store(tmp_path, command="test") as store:
        first = sweep().run(store, progress=lambda outcome, *_: done.append(outcome))
    assert len(done) == 1 + len(first)
    with Store(tmp_path, command="test") as store:
        second = sweep().run(store, progress=lambda outcome, done, n: done or n == 0 or pytest.fail("ran again"))
        assert same(first, second)
        assert same(store.frame(), first)


def test_editing_one_policy_reruns_only_its_rows(tmp_path):
    mine = tmp_path / "mine.py"
    source = "from policies.paging.lru import LRU\n\n\nclass Mine(LRU):\n    def hit(self, request):\n        pass\n"
    mine.write_text(source)
    axes = sweep(policies=("lru", str(mine)), traces=(ZIPF,), settings=({"capacity": (5,)},), seeds=(0,))
    with Store(tmp_path / "r", command="test") as store:
        before = axes.run(store)
    mine.write_text(source.replace("pass", "self.order.move_to_front(request.page)"))
    again = []
    with Store(tmp_path / "r", command="test") as store:
        after = axes.run(store, progress=lambda outcome, *_: again.append(outcome and outcome.row["label"]))
        assert again == [None, "mine"]
        assert store.counts() == {"planned": 3, "done": 3, "failed": 0, "missing": 0, "stale": 1}
    misses = after.set_index("label")["misses"]
    assert misses["mine"] == misses["lru"] != before.set_index("label")["misses"]["mine"]


def test_what_a_workload_gives_is_part_of_the_key_whatever_it_was_called(tmp_path):
    part = tmp_path / "part.txt"
    part.write_text("1\n2\n3\n")
    text = f"workload:mixture,of=[{part};loop,n_requests=20,n_pages=4]"

    def keys(n_requests=20):
        axes = sweep(traces=(text,), settings=({"capacity": (2,)},), seeds=(0,), inputs=Inputs(n_requests=n_requests))
        return {run.key for run in axes.plan()}

    before = keys()
    assert keys() == before
    assert not keys(n_requests=3) & before
    part.write_text("1\n1\n1\n")
    assert not keys() & before


def test_a_workload_that_draws_nothing_is_one_trace_under_all_seeds():
    table = sweep(policies=("lru",), settings=({"capacity": (5,)},), reference=False).run()
    assert [(row.trace.partition(",")[0], row.redrawn, row.seed) for row in table.itertuples()] == [
        ("zipf", True, 0),
        ("zipf", True, 1),
        ("loop", False, 0),
    ]


def test_a_policy_edited_after_the_sweep_was_planned_is_refused_not_kept_as_what_it_was(tmp_path):
    mine = tmp_path / "mine.py"
    source = "from policies.paging.lru import LRU\n\n\nclass Mine(LRU):\n    pass\n"
    mine.write_text(source)
    axes = sweep(policies=("lru", str(mine)), traces=(ZIPF,), settings=({"capacity": (5,)},), seeds=(0,))
    planned = axes.plan()
    mine.write_text(source + "    x = 1\n")
    table = axes.run(planned=planned).set_index("label")
    assert list(table["status"]) == ["done", "failed", "done"]
    assert table["error"]["mine"] == "the code of mine is not what it was when the sweep began; run it again"


def test_the_baseline_is_found_by_its_file_where_another_has_its_name(tmp_path):
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "lru.py").write_text("from policies.paging.lru import LRU\n\n\nclass L(LRU):\n    pass\n")
    files = tuple(str(tmp_path / folder / "lru.py") for folder in "ab")
    axes = sweep(policies=("lru", *files), baseline=files[1], settings=({"capacity": (5,)},))
    with Store(tmp_path / "r", command="test") as store:
        axes.run(store)
        assert {study.baseline.name for study in Analysis.of(store).studies} == {"b/lru"}


def test_a_sweep_without_a_value_on_an_axis_is_refused():
    with pytest.raises(InputError, match="policies: no values"):
        sweep(policies=()).check()
