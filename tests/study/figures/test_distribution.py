"""Shares of traces up to a value, and beyond it."""

import numpy as np
import pytest

from sim.study.figures import distribution
from tests.study.figures.material import drawn, line_of, material
from tests.study.tables import THROUGHPUT, on_traces, table

FRAME = table({"lru": on_traces(5, 1, 3, [1, 3], 4)})


def test_the_staircase_rises_by_one_trace_at_each_value():
    sheet = distribution.sheets(material(FRAME))[0]
    line = line_of(drawn(sheet), 8)  # five traces, the start twice, the end
    assert list(line.get_xdata()) == [1, 1, 1, 2, 3, 4, 5, 5]
    assert list(line.get_ydata()) == pytest.approx([0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1])
    assert sorted(sheet.table()["value"]) == [1, 2, 3, 4, 5]


def test_the_tail_is_the_share_of_traces_at_a_value_or_above_on_a_logarithmic_scale():
    axes = drawn(distribution.sheets(material(FRAME))[0], panel=1)
    line = line_of(axes, 5)
    assert axes.get_yscale() == "log" and "at that value or above" in axes.get_ylabel()
    assert list(line.get_ydata()) == pytest.approx([1, 0.8, 0.6, 0.4, 0.2])


def test_the_tail_of_a_metric_that_should_be_high_is_on_the_other_side():
    frame = table({"lru": on_traces(5, 1, 3, 2, 4)}, metric="throughput")
    axes = drawn(distribution.sheets(material(frame, [THROUGHPUT]))[0], panel=1)
    line = line_of(axes, 5)
    assert "or below" in axes.get_ylabel() and np.all(np.diff(line.get_ydata()) > 0)


def test_the_clairvoyant_that_others_are_relative_to_is_not_drawn_as_a_line_at_one():
    frame = table({"lru": on_traces(2, 4, 6, 8, 10), "belady": on_traces(1, 2, 3, 4, 5)}, clairvoyant=["belady"])
    found = distribution.sheets(material(frame))[0].table()
    assert found["policy"].unique().tolist() == ["lru"] and (found["value"] == 2).all()
