"""A metric over two axes."""

import numpy as np
import pandas as pd
import pytest

from sim.study.figures import heat_map
from tests.study.figures.material import drawn, material, texts
from tests.study.tables import THROUGHPUT, on_traces, table


def test_two_parameters_are_the_axes_and_each_policy_has_a_panel():
    parts = [
        table({f"{name},k={k}": on_traces(c * k) for name in "ab" for k in (1, 2)}, **{"asked.capacity": c})
        for c in (10, 20, 30)
    ]
    (sheet,) = heat_map.sheets(material(pd.concat(parts, ignore_index=True)))
    assert [panel.heading for panel in sheet.panels] == ["a", "b"] and sheet.name == "capacity-k of a"
    axes = drawn(sheet)
    assert np.array_equal(axes.images[0].get_array(), [[10, 20, 30], [20, 40, 60]])
    assert [axes.get_xlabel(), axes.get_ylabel()] == ["capacity", "k of a"]


def test_one_parameter_stands_against_the_policies_best_on_top():
    parts = [table({"worse": on_traces(2 * c), "good": on_traces(c)}, **{"asked.capacity": c}) for c in (10, 20)]
    axes = drawn(heat_map.sheets(material(pd.concat(parts, ignore_index=True)))[0])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["good", "worse"]
    assert np.array_equal(axes.images[0].get_array(), [[10, 20], [20, 40]]) and texts(axes) == [
        "10.0",
        "20.0",
        "20.0",
        "40.0",
    ]


def test_policies_without_predictions_are_the_same_under_every_error():
    frame = table(
        {"lru": on_traces(5), **{f"m with discard:flip={flip}": on_traces(4 + 10 * flip) for flip in (0, 0.1)}}
    )
    axes = drawn(heat_map.sheets(material(frame))[0])
    assert axes.get_xlabel() == "flip of discard" and np.array_equal(axes.images[0].get_array(), [[4, 5], [5, 5]])


def test_policies_stand_against_traces_where_nothing_else_varies():
    axes = drawn(heat_map.sheets(material(table({"a": on_traces(1, 2), "b": on_traces(3, 4)})))[0])
    assert axes.get_xlabel() == "trace" and np.array_equal(axes.images[0].get_array(), [[1, 2], [3, 4]])


@pytest.mark.parametrize(("metrics", "name"), [((), "misses"), ((THROUGHPUT,), "throughput")])
def test_the_better_value_is_the_lighter_one(metrics, name):
    frame = table({"a": on_traces(1, 2), "b": on_traces(3, 4)}, metric=name)
    study = material(frame, metrics) if metrics else material(frame)
    axes = drawn(heat_map.sheets(study)[0])
    colours = axes.images[0].to_rgba([[1.0, 4.0]])[0][:, :3].sum(axis=1)
    assert (colours[0] > colours[1]) == (name == "misses")
    assert f"{study.metric.better} is better" in axes.get_figure().axes[1].get_ylabel()
