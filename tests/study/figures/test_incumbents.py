"""The gap of the best point over work: steps of single runs, means over seeds, a panel per trace."""

import numpy as np
import pytest

from sim.study.figures import incumbents
from sim.study.figures.gallery import Unfit
from tests.study.figures.material import drawn, material
from tests.study.tables import on_traces, table


def columns(at, gap):
    return {"row": np.array([50, 100]), "at": np.array(at), "gap": np.array(gap)}


def study(frame, of):
    return material(frame, timelines=[(row, of(row)) for row in frame.to_dict("records")])


def test_a_run_is_steps_from_one_down_to_what_it_found():
    found = incumbents.over_work("ucb1", [columns([10, 60], [0.5, 0.1])], 100.0, 0)
    rows = np.linspace(0, 100, incumbents.POINTS)
    expected = np.where(rows < 10, 1.0, np.where(rows < 60, 0.5, 0.1))
    assert found["row"].tolist() == rows.tolist() and found["value"].tolist() == expected.tolist()
    assert found["low"].tolist() == found["high"].tolist() == expected.tolist()  # one seed


def test_seeds_are_averaged_and_their_spread_is_shown():
    runs = [columns([10], [0.4]), columns([20], [0.2]), columns([], [])]
    found = incumbents.over_work("ucb1", runs, 100.0, 0)
    assert found["value"].iloc[0] == 1 and found["value"].iloc[-1] == pytest.approx((0.4 + 0.2 + 1) / 3)
    last = found.iloc[-1]
    assert 0.2 <= last["low"] < last["value"] < last["high"] <= 1


def test_the_best_policies_stand_in_a_panel_for_each_trace():
    policies = {f"fixed,arm={k}": on_traces([10 + k, 10 + k], [10, 10]) for k in range(8)}
    frame = table(policies)
    (sheet,) = incumbents.sheets(study(frame, lambda row: columns([10], [row["misses"] / 100])))
    assert len(sheet.panels) == frame["trace"].nunique() == 2
    first = sheet.panels[0].table
    assert first["policy"].unique().tolist() == [f"fixed,arm={k}" for k in range(6)]
    assert "the 6 best of 8 policies by misses" in sheet.facts
    axes = drawn(sheet)
    assert axes.get_ylabel() == "gap of the best point" and axes.get_ylim() == (0, 1) and len(axes.lines) == 6
    assert axes.lines[0].get_ydata()[-1] == pytest.approx(0.1)


def test_runs_without_a_best_objective_known_have_no_such_figure():
    with pytest.raises(Unfit, match="no run tells the gap of its best point over work"):
        incumbents.sheets(
            study(table({"ucb1": on_traces(8)}), lambda row: {"row": np.array([10]), "at": np.array([1])})
        )
