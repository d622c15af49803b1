"""A metric against the capacity, a panel per trace."""

import pandas as pd
import pytest

from sim.study.figures import capacity
from sim.study.figures.gallery import Unfit
from tests.study.figures.material import drawn, line_of, material
from tests.study.tables import on_traces, table


def study(n_traces=2, **policies):
    parts = [
        table(
            {name: on_traces(*([scale * c, scale * c] for _ in range(n_traces))) for name, scale in policies.items()},
            **{"asked.capacity": f"{c}%", "system.capacity": 10 * c, "system.sized": False},
        )
        for c in (1, 10)
    ]
    return material(pd.concat(parts, ignore_index=True))


def test_each_trace_has_a_panel_with_a_line_per_policy_at_its_own_capacities():
    (sheet,) = capacity.sheets(study(lru=2, mine=3))
    assert [panel.heading for panel in sheet.panels] == ["trace 00", "trace 01"]
    axes = drawn(sheet, panel=1)
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2 and list(line.get_xdata()) == [10, 100]]
    assert [list(line.get_ydata()) for line in lines] == [[2, 20], [3, 30]]
    assert axes.get_xlabel() == "capacity (pages)" and axes.get_ylabel() == "misses (requests), lower is better"


def test_a_policy_looks_as_in_the_other_figures_of_the_study():
    found = study(lru=2, mine=3, yours=4)
    axes = drawn(capacity.sheets(found)[0])
    for label in ("lru", "mine", "yours"):
        line = line_of(axes, 2, found.looks[label].color)
        assert line.get_marker() == found.looks[label].marker


def test_more_traces_than_panels_are_left_to_their_mean():
    with pytest.raises(Unfit, match="9 traces are more than 8 panels; the figure parameter shows their mean"):
        capacity.sheets(study(n_traces=9, lru=1))


def test_many_lines_have_bars_instead_of_bands_that_would_hide_each_other():
    parts = [
        table({f"p{i}": on_traces([i, i + 1]) for i in range(12)}, **{"asked.capacity": c, "system.capacity": c})
        for c in (1, 10)
    ]
    axes = drawn(capacity.sheets(material(pd.concat(parts, ignore_index=True)))[0])
    assert {type(one).__name__ for one in axes.collections} == {"LineCollection"}
    assert len(axes.collections) == 12


def test_capacities_near_each_other_are_the_ticks():
    parts = [table({"lru": on_traces(1)}, **{"asked.capacity": c, "system.capacity": c}) for c in (4, 5, 7)]
    axes = drawn(capacity.sheets(material(pd.concat(parts, ignore_index=True)))[0])
    assert list(axes.get_xticks()) == [4, 5, 7]
