"""Shares of traces within a factor of the best."""

import pytest

from sim.study.figures import performance_profile
from sim.study.figures.gallery import Unfit
from tests.study.figures.material import drawn, material
from tests.study.tables import THROUGHPUT, on_traces, table


def factors(sheet):
    return {name: sorted(some["factor"]) for name, some in sheet.table().groupby("name")}


def test_factors_are_of_the_best_policy_on_the_same_trace():
    frame = table({"a": on_traces(1, 4, 2), "b": on_traces(2, 2, 2)})
    sheet = performance_profile.sheets(material(frame))[0]
    assert factors(sheet) == {"a": [1, 1, 2], "b": [1, 1, 2]}


def test_the_line_is_the_share_within_each_factor():
    frame = table({"a": on_traces(1, 1, 1, 1), "b": on_traces(1, 2, 3, 4)})
    axes = drawn(performance_profile.sheets(material(frame))[0])
    line = axes.lines[1]
    assert list(line.get_xdata())[:5] == [1, 1, 2, 3, 4]
    assert list(line.get_ydata())[:5] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert [text.get_text().split() for text in axes.get_legend().get_texts()] == [["100%", "a"], ["25%", "b"]]


def test_where_high_is_better_the_factor_is_the_other_way_round():
    frame = table({"a": on_traces(4, 4, 4), "b": on_traces(2, 4, 1)}, metric="throughput")
    assert factors(performance_profile.sheets(material(frame, [THROUGHPUT]))[0])["b"] == [1, 2, 4]


def test_the_clairvoyant_is_not_the_best():
    frame = table({"a": on_traces(2, 2, 2), "b": on_traces(4, 4, 4), "o": on_traces(1, 1, 1)}, clairvoyant=["o"])
    assert factors(performance_profile.sheets(material(frame))[0]) == {"a": [1, 1, 1], "b": [2, 2, 2]}


def test_values_of_zero_have_no_factor():
    with pytest.raises(Unfit, match="above 0"):
        performance_profile.sheets(material(table({"a": on_traces(0, 1, 2), "b": on_traces(1, 1, 1)})))
