"""Which runs are paired with which: seeds that stand for others, draws that are traces, runs that failed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim.core.errors import InputError
from sim.study.paired import Contender, blocks, find, foreseen, in_order, settings
from sim.study.sweep import Sweep
from tests.study.tables import MISSES, THROUGHPUT, table


def values(frame):
    (block,) = blocks(frame, ["misses"])
    return block.columns["misses"].tolist()


def test_a_policy_that_draws_nothing_stands_for_every_seed_of_its_trace():
    frame = table({"lru": {"a": 10, "b": 20}, "marker": {"a": [11, 12], "b": [21, 22]}})
    assert values(frame) == [[[10, 10], [20, 20]], [[11, 12], [21, 22]]]


def test_a_policy_that_draws_and_lacks_a_seed_stands_for_none():
    frame = table({"lru": {"a": 10, "b": 20}, "marker": {"a": [11, 12], "b": [21]}})
    np.testing.assert_array_equal(values(frame), [[[10, 10], [20, 20]], [[11, 12], [21, np.nan]]])
    failed = table({"lru": {"a": 10}, "marker": {"a": [11, None]}, "random": {"a": [13, 14]}})
    np.testing.assert_array_equal(values(failed), [[[10, 10]], [[11, np.nan]], [[13, 14]]])


def test_a_value_of_another_seed_than_the_first_stands_for_none():
    frame = table({"marker": {"a": [11, 12]}, "random": {"a": [None, 13]}})
    np.testing.assert_array_equal(values(frame), [[[11, 12]], [[np.nan, 13]]])


def test_each_draw_of_a_workload_is_a_trace_where_all_are_workloads():
    frame = table({"lru": {"zipf": [10, 20, 30]}, "marker": {"zipf": [11, 21, None]}}, redrawn=True, seeds=(3, 1, 2))
    (block,) = blocks(frame, ["misses"])
    assert block.are_draws and block.traces == ("zipf, seed 1", "zipf, seed 2", "zipf, seed 3")
    np.testing.assert_array_equal(block.columns["misses"][..., 0], [[20, 30, 10], [21, np.nan, 11]])
    mixed = pd.concat([frame, table({"lru": {"file": 5}, "marker": {"file": [6, 7, 8]}}, seeds=(1, 2, 3))])
    (block,) = blocks(mixed, ["misses"])
    assert not block.are_draws and block.traces == ("file", "zipf")


def test_settings_are_grouped_as_they_were_asked_for():
    parts = [table({"lru": {"a": 1}}, **{"asked.capacity": "1%"}), table({"lru": {"a": 2}}, **{"asked.sized": True})]
    found = blocks(pd.concat(parts), ["misses"])
    assert [(block.asked, block.columns["misses"].item()) for block in found] == [
        ({"capacity": "1%"}, 1),
        ({"sized": True}, 2),
    ]


def test_settings_read_as_they_were_asked_for_in_a_table_that_lacks_some():
    parts = [table({"lru": {"a": 1}}, **{"asked.capacity": 10}), table({"lru": {"a": 2}}, **{"asked.ttl": False})]
    assert [block.asked for block in blocks(pd.concat(parts), [])] == [{"capacity": 10}, {"ttl": False}]
    assert settings({"capacity": "1%", "sized": True, "ttl": False}) == "capacity 1%, sized, no ttl"


def test_a_plan_tells_how_many_traces_and_policies_will_be_compared(tmp_path):
    (tmp_path / "few.txt").write_text("1\n2\n3\n1\n2\n3\n")
    file = str(tmp_path / "few.txt")
    axes = {"policies": ("lru", "mark0", "marker"), "predictions": ("discard:flip=0", "discard:flip=1")}
    sweep = Sweep("paging", (file,), settings=({"capacity": ("1", "2")},), seeds=(0, 1), **axes)
    assert foreseen(sweep.plan()) == (1, 3)
    drawn = replace(sweep, traces=("workload:zipf,n_requests=50,n_pages=9", "workload:uniform,n_requests=50,n_pages=9"))
    assert foreseen(drawn.plan()) == (4, 3)
    assert foreseen(replace(drawn, traces=(*drawn.traces, file)).plan()) == (3, 3)


def test_a_policy_with_other_predictions_is_another_contender():
    (block,) = blocks(table({"lru": {"a": 1}, "mark0 with d:f=0": {"a": 2}, "mark0 with d:f=1": {"a": 3}}), [])
    assert [contender.name for contender in block.contenders] == ["lru", "mark0 with d:f=0", "mark0 with d:f=1"]
    assert find("lru", block.contenders, "baseline") == Contender("lru")
    assert find("mark0 with d:f=1", block.contenders, "baseline").predictions == "d:f=1"
    with pytest.raises(
        InputError, match='"mark0" ran with 2 predictions; name one: mark0 with d:f=0; mark0 with d:f=1'
    ):
        find("mark0", block.contenders, "baseline")
    with pytest.raises(InputError, match='no baseline in this study named "lrru"; did you mean "lru"'):
        find("lrru", block.contenders, "baseline")


def test_runs_that_cannot_be_told_apart_are_refused():
    frame = table({"lru": {"a": 1}})
    with pytest.raises(InputError, match=r"lru has 2 runs on a with seed 0 .*, expected one"):
        blocks(pd.concat([frame, frame]), ["misses"])


def test_a_study_without_a_finished_run_is_refused():
    for frame in (table({"lru": {"a": None}}), table({})):
        with pytest.raises(InputError, match="no run of this study is done"):
            blocks(frame, ["misses"])


def test_infinite_and_missing_values_are_no_values_and_failed_runs_are_counted():
    (block,) = blocks(table({"lru": {"a": np.inf, "b": None, "c": 3}}), ["misses", "nothing"])
    np.testing.assert_array_equal(block.columns["misses"][0, :, 0], [np.nan, 3])
    assert block.n_failed == (1,) and list(block.columns) == ["misses"]


def test_metrics_that_rank_nothing_or_have_no_values_are_left_out_and_the_main_one_leads():
    frame = table({"lru": {"a": 1}}, throughput=2.0)
    assert in_order([MISSES, THROUGHPUT], "throughput", frame) == [THROUGHPUT, MISSES]
    assert in_order([MISSES, THROUGHPUT], None, frame.assign(throughput=None)) == [MISSES]
