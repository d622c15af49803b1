"""Changes against the baseline: what is drawn is what the comparison says."""

import pytest

from sim.study.figures import comparison
from tests.study.figures.material import drawn, material, texts
from tests.study.tables import THROUGHPUT, on_traces, table

TRACES = [10, 12, 15, 9, 11, 13, 7, 8]


def sheet(**others):
    frame = table(
        {
            "lru": on_traces(*TRACES),
            "better": on_traces(*(0.8 * n for n in TRACES)),
            "same": on_traces(*(n + (-1) ** i * 0.01 * n for i, n in enumerate(TRACES))),
        },
        **others,
    )
    return comparison.sheets(material(frame, baseline="lru"))[0]


def test_a_mark_stands_at_the_change_and_a_bar_over_its_interval():
    found = sheet()
    table = found.table()
    axes = drawn(found)
    marks = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    bars = [
        list(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2 and len(set(line.get_ydata())) == 1
    ]
    assert table["name"].tolist() == ["better", "same"] and marks == pytest.approx(100 * table["change"])
    assert marks[0] == pytest.approx(-20)
    assert bars == [
        pytest.approx([100 * low, 100 * high]) for low, high in zip(table["low"], table["high"], strict=True)
    ]


def test_the_mark_is_filled_where_a_difference_is_shown_and_the_verdict_stands_beside_it():
    axes = drawn(sheet())
    better, same = (line for line in axes.lines if len(line.get_xdata()) == 1)
    assert better.get_markerfacecolor() != "white" and same.get_markerfacecolor() == "white"
    assert "better" in texts(axes) and "no difference shown" in texts(axes) and "−20.0 %" in texts(axes)


def test_the_axis_says_on_which_side_is_better():
    axes = drawn(sheet())
    assert axes.get_xlabel().startswith("← better") and "change of misses (%) against lru" in axes.get_xlabel()
    frame = table({"lru": on_traces(1, 2), "fifo": on_traces(2, 3)}, metric="throughput")
    axes = drawn(comparison.sheets(material(frame, [THROUGHPUT], baseline="lru"))[0])
    assert axes.get_xlabel().startswith("← worse") and axes.get_xlabel().endswith("better →")


def test_differences_in_the_unit_of_the_metric_where_values_reach_zero():
    frame = table({"lru": on_traces(0, 2), "fifo": on_traces(2, 3)})
    axes = drawn(comparison.sheets(material(frame, baseline="lru"))[0])
    assert "difference of misses (requests)" in axes.get_xlabel() and "+1.5" in texts(axes)


def test_each_group_of_settings_has_a_file_of_its_own():
    import pandas as pd

    parts = [
        table({"lru": on_traces(1, 2), "fifo": on_traces(2, 3)}, **{"asked.capacity": c, "asked.sized": True})
        for c in (1, 2)
    ]
    found = comparison.sheets(material(pd.concat(parts), baseline="lru"))
    assert [one.name for one in found] == ["capacity 1", "capacity 2"]  # what both share needs no name
