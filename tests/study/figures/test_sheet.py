"""Figures of a ranking's rows: which one is drawn, what it says, and what lies beside it."""

import matplotlib.image
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.study import figures
from sim.study.figures import capacity, prediction_error, ranking, style

MISS_RATIO = Metric("miss_ratio", "", "lower", "misses per request")


def row(label, miss_ratio, predictions="none", capacity=10, seed=0, **others):
    return {
        "label": label,
        "trace": "t",
        "predictions": predictions,
        "system.capacity": capacity,
        "system.sized": False,
        "seed": seed,
        "clairvoyant": label == "belady",
        "requests": 100,
        "miss_ratio": miss_ratio,
        **others,
    }


FREE = [row("belady", 0.1), row("lru", 0.3)]
PREDICTED = [row("mark0", 0.1 + flip, f"discard:flip={flip}", eta0=100 * flip) for flip in (0, 0.25, 0.5)]


def drawn(draw, rows):
    axes = Figure().subplots()
    draw(pd.DataFrame(rows), axes, metric=MISS_RATIO)
    return axes


def test_the_error_axis_is_the_one_parameter_that_varies():
    axes = drawn(prediction_error.draw, FREE + PREDICTED)
    assert "flip of discard" in axes.get_xlabel()
    line = next(line for line in axes.lines if len(line.get_xdata()) == 3)
    assert list(line.get_xdata()) == [0, 0.25, 0.5] and list(line.get_ydata()) == pytest.approx([0.1, 0.35, 0.6])


def test_predictors_of_several_kinds_are_placed_by_their_measured_error():
    axes = drawn(prediction_error.draw, [*PREDICTED, row("mark0", 0.5, "phase:flip=0", eta0=30, eta1=10)])
    assert "measured" in axes.get_xlabel()
    line = next(line for line in axes.lines if len(line.get_xdata()) == 4)
    assert list(line.get_xdata()) == [0, 0.25, 0.4, 0.5]


def test_capacities_stand_on_a_logarithmic_axis_in_order():
    axes = drawn(capacity.draw, [row("lru", 0.2, capacity=1000), row("lru", 0.4, capacity=10)])
    assert axes.get_xscale() == "log" and "pages" in axes.get_xlabel()
    assert list(axes.lines[0].get_xdata()) == [10, 1000]


def test_the_best_policy_is_the_upper_bar_and_seeds_give_an_interval():
    axes = drawn(ranking.draw, [row("random", 0.4), row("random", 0.6, seed=1), row("lru", 0.3)])
    assert [text.get_text() for text in axes.get_yticklabels()] == ["lru", "random"] and axes.yaxis_inverted()
    (segment,) = axes.collections[0].get_segments()
    assert segment[1][0] - segment[0][0] == pytest.approx(2 * 12.7062 * 0.1, rel=1e-4)  # t of one degree of freedom


def test_a_policy_keeps_its_colour_and_those_of_the_demo_differ():
    assert len({style.colour(name) for name in style.FAMILIAR}) == len(style.FAMILIAR)
    assert style.colour("combiner,of=[lru;marker]") == style.colour("combiner")
    assert style.colour("mine") == style.colour("mine")


def test_labels_keep_their_order_and_do_not_touch():
    places = style.apart([0.5, 0.5, 0.51, 0.9], 0.1)
    assert places == pytest.approx([0.40333333, 0.50333333, 0.60333333, 0.9])


def test_a_figure_is_saved_with_its_table_and_says_its_command(tmp_path):
    table = figures.save(tmp_path / "f.png", FREE + PREDICTED, MISS_RATIO, command="augsim replay x --seed 7")
    assert pd.read_csv(table)["miss_ratio"].tolist() == pytest.approx([0.1, 0.3, 0.1, 0.35, 0.6])
    assert b"augsim replay x --seed 7" in (tmp_path / "f.png").read_bytes()
    assert matplotlib.image.imread(tmp_path / "f.png").std() > 0.01


@pytest.mark.parametrize(("name", "message"), [("f.gif", "ending"), ("missing/f.png", "no folder")])
def test_a_figure_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        figures.check(tmp_path / name)
