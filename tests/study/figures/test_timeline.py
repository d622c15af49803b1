"""A metric in windows of one run."""

import numpy as np
import pytest

from sim.study.figures import timeline
from tests.study.figures.material import drawn, line_of, material
from tests.study.tables import on_traces, table


def study(frame, columns):
    """Every run has this timeline, those on the last trace one twice as long."""
    last = frame["trace"].max()
    long = {
        "row": np.concatenate([columns["row"], columns["row"] + columns["row"][-1]]),
        "misses": np.tile(columns["misses"], 2),
    }
    return material(
        frame, timelines=[(row, long if row["trace"] == last else columns) for row in frame.to_dict("records")]
    )


def test_a_window_holds_its_count_per_request():
    found = study(table({"lru": on_traces(8)}), {"row": np.array([10, 20]), "misses": np.array([4, 2])})
    (sheet,) = timeline.sheets(found)
    axes = drawn(sheet)
    line = line_of(axes, 4)
    assert list(line.get_xdata()) == [10, 20, 30, 40] and list(line.get_ydata()) == pytest.approx([0.4, 0.2] * 2)
    assert axes.get_ylabel() == "misses per request, lower is better" and axes.get_xlabel() == "request of the trace"
    assert sheet.table()["value"].tolist() == pytest.approx([0.4, 0.2] * 2)


def test_many_windows_are_put_together_so_that_lines_can_be_followed():
    columns = {"row": np.arange(10, 1001, 10), "misses": np.arange(100)}
    frame = table({"lru": on_traces(8)})
    rows = timeline._windows(frame.to_dict("records")[0], columns, "misses")
    assert len(rows) == timeline.WINDOWS and rows["row"].iloc[-1] == 1000
    assert (rows["value"] * np.diff(rows["row"], prepend=0)).sum() == pytest.approx(sum(range(100)))


def test_the_longest_trace_is_shown_under_its_first_seed_and_said():
    found = study(table({"lru": on_traces([8, 9], [8, 9])}), {"row": np.array([10, 20]), "misses": np.array([4, 2])})
    (sheet,) = timeline.sheets(found)
    assert sheet.table()["trace"].unique().tolist() == ["trace 01"] and sheet.table()["seed"].unique().tolist() == [0]
    assert "trace trace 01, the longest of 2" in sheet.facts and "one run, seed 0" in sheet.facts


def test_a_policy_with_predictions_is_shown_at_its_smallest_error():
    frame = table({f"mark0 with discard:flip={flip}": on_traces(8) for flip in (0.3, 0, 0.1)})
    frame["eta0"] = [300, 0, 100]
    (sheet,) = timeline.sheets(study(frame, {"row": np.array([10, 20]), "misses": np.array([4, 2])}))
    assert sheet.table()["predictions"].unique().tolist() == ["discard:flip=0"]
