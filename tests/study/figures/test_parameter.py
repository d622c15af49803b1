"""A metric over settings and parameters of policies."""

import math

import pandas as pd
import pytest

from sim.study.figures import parameter
from sim.study.figures.parameter import Scale
from tests.study.figures.material import drawn, line_of, material
from tests.study.tables import on_traces, table


def over_capacities(*capacities):
    parts = [
        table({"lru": on_traces([100 - 10 * i, 104 - 10 * i])}, **{"asked.capacity": capacity})
        for i, capacity in enumerate(capacities)
    ]
    return material(pd.concat(parts, ignore_index=True))


def test_values_stand_over_the_setting_as_it_was_asked_for():
    (sheet,) = parameter.sheets(over_capacities("1%", "10%", "50%"))
    axes = drawn(sheet)
    line = line_of(axes, 3)
    assert list(line.get_xdata()) == [1, 10, 50] and list(line.get_ydata()) == [102, 92, 82]
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "capacity (%)"
    assert axes.get_ylabel() == "misses (requests), lower is better"
    assert sheet.table()["value"].tolist() == [102, 92, 82] and sheet.name == "capacity"


def test_intervals_are_bars_at_the_marks():
    (sheet,) = parameter.sheets(over_capacities(10, 20))
    table = sheet.table()
    segments = drawn(sheet).collections[0].get_segments()
    assert [[y for _, y in segment] for segment in segments] == pytest.approx(table[["low", "high"]].to_numpy())
    assert (table["high"] > table["value"]).all()


def test_values_that_are_no_numbers_stand_in_their_order():
    scale = Scale.of(["64mb", "10%", 7])
    assert scale.places == {"64mb": 0, "10%": 1, 7: 2} and not scale.is_number


def test_numbers_of_one_unit_stand_at_their_values():
    assert Scale.of([4, 1]).places == {4: 4, 1: 1}
    assert Scale.of(["5%", "0.5%"]) == Scale({"5%": 5, "0.5%": 0.5}, True, "%")
    assert not Scale.of([True, False]).is_number


def test_of_many_policies_without_the_parameter_the_best_stand_beside_those_that_have_it():
    """Where not all have room in one pair of axes, none is drawn in which nothing has the parameter."""
    frame = table(
        {f"d,k={k}": on_traces(90 - k) for k in (1, 2, 4)} | {f"p{i:02}": on_traces(50 + i) for i in range(20)}
    )
    (sheet,) = parameter.sheets(material(frame))
    assert len(sheet.panels) == 1
    assert sorted(set(sheet.table()["name"])) == ["d", *(f"p{i:02}" for i in range(9))]


def test_a_parameter_of_a_policy_is_an_axis_and_policies_without_it_are_levels():
    frame = table(
        {"d,k=1,u=2": on_traces(9), "d,k=2,u=2": on_traces(7), "d,k=4,u=2": on_traces(6), "lru": on_traces(8)}
    )
    (sheet,) = parameter.sheets(material(frame))
    table_ = sheet.table()
    assert sheet.name == "k of d" and set(table_["name"]) == {"d,u=2", "lru"}
    axes = drawn(sheet)
    line = line_of(axes, 3)
    assert list(line.get_xdata()) == [1, 2, 4] and list(line.get_ydata()) == [9, 7, 6]
    assert math.isnan(table_.set_index("name").loc["lru", "x"])
    assert any(list(line.get_ydata()) == [8, 8] for line in axes.lines)


def test_two_settings_give_a_file_for_each_value_of_the_other():
    parts = [
        table({"lru": on_traces(c * s)}, **{"asked.capacity": c, "asked.servers": s}) for c in (1, 2) for s in (10, 20)
    ]
    found = parameter.sheets(material(pd.concat(parts, ignore_index=True)))
    assert [sheet.name for sheet in found] == [
        "capacity-servers 10",
        "capacity-servers 20",
        "servers-capacity 1",
        "servers-capacity 2",
    ]
