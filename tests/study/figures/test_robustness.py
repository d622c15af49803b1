"""A curve over the prediction error, its bound, and the levels beside it."""

import pandas as pd
import pytest

from sim.study.figures import robustness
from tests.study.figures.material import drawn, line_of, material
from tests.study.tables import on_traces, table

FLIPS = (0, 0.1, 0.5)


def frame(bound=None, **values):
    rows = table(
        {
            "belady": on_traces(10, 20),
            "lru": on_traces(15, 30),
            **{f"mark0 with discard:flip={flip}": on_traces(10 * (1 + flip), 20 * (1 + flip)) for flip in FLIPS},
            **values,
        },
        clairvoyant=["belady"],
        requests=100,
    )
    flip = pd.to_numeric(rows["predictions"].str.partition("=")[2], errors="coerce")
    rows["eta0"] = flip * 100
    if bound is not None:
        best = rows["trace"].map({"trace 00": 10, "trace 01": 20})
        rows["bound"] = best * bound.reindex(flip).to_numpy()
        rows["bound_holds"] = [
            None if pd.isna(b) else m <= b for m, b in zip(rows["misses"], rows["bound"], strict=True)
        ]
    return rows


def test_the_curve_is_relative_to_the_clairvoyant_over_the_measured_error_per_request():
    (sheet,) = robustness.sheets(material(frame()))
    axes = drawn(sheet)
    curve = line_of(axes, 3)
    assert list(curve.get_xdata()) == pytest.approx(FLIPS) and list(curve.get_ydata()) == pytest.approx([1, 1.1, 1.5])
    assert axes.get_xlabel() == "measured prediction error per request"
    assert axes.get_ylabel() == "misses relative to belady, lower is better"
    table = sheet.table()
    assert table.loc[table["kind"] == "curve", "value"].tolist() == pytest.approx([1, 1.1, 1.5])


def test_policies_without_predictions_are_levels_and_the_optimum_is_one():
    table = robustness.sheets(material(frame()))[0].table().set_index("policy")
    assert table.loc["lru", ["kind", "value"]].tolist() == ["level", 1.5]
    assert table.loc["belady", ["kind", "value"]].tolist() == ["reference", 1]


def test_the_proven_bound_is_drawn_in_the_unit_of_the_curve():
    bound = pd.Series({0: 1.0, 0.1: 1.4, 0.5: 3.0})
    (sheet,) = robustness.sheets(material(frame(bound)))
    table = sheet.table()
    assert table.loc[table["kind"] == "bound", "value"].tolist() == pytest.approx([1, 1.4, 3])
    assert any("proven bound" in fact for fact in sheet.facts)
    assert not any("ringed" in fact for fact in sheet.facts)


def test_a_bound_that_does_not_hold_is_ringed():
    (sheet,) = robustness.sheets(material(frame(pd.Series({0: 1.0, 0.1: 1.05, 0.5: 3.0}))))
    ring = next(line for line in drawn(sheet).lines if line.get_markersize() == 11)
    assert list(ring.get_xdata()) == [0.1] and any("ringed" in fact for fact in sheet.facts)
    assert sheet.table().set_index("error").loc[0.1, "n_violated"].max() == 2


def test_bounds_far_above_do_not_flatten_what_was_measured():
    (sheet,) = robustness.sheets(material(frame(pd.Series({0: 1.0, 0.1: 40.0, 0.5: 900.0}))))
    assert drawn(sheet).get_ylim()[1] < 2.5


def test_only_the_best_policies_without_predictions_stand_beside_the_curves():
    many = {f"p{i}": on_traces(12 + i, 24 + i) for i in range(8)}
    table = robustness.sheets(material(frame(**many)))[0].table()
    assert table.loc[table["kind"] == "level", "policy"].tolist() == ["p0", "p1", "p2"]


def test_a_curve_that_ends_early_is_named_where_it_ends():
    half = {f"half with discard:flip={flip}": on_traces(11 * (1 + flip), 22 * (1 + flip)) for flip in (0, 0.1)}
    axes = drawn(robustness.sheets(material(frame(**half)))[0])
    (name,) = [text for text in axes.texts if text.get_text() == "half"]
    assert name.xy == pytest.approx((0.1, 1.21))
