"""A page around panels: what is written on it stays on it."""

import io

import matplotlib.image
import pytest

from sim.study.figures.page import Page, rendered


@pytest.mark.parametrize(("height", "shown"), [(2.7, "makespan per transaction,\nlower is better"), (4.0, None)])
def test_the_label_of_a_low_panel_has_two_lines(height, shown):
    label = "makespan per transaction, lower is better"
    seen = []
    page = Page("t", ["f"], "augsim", height=height)
    rendered(page, [("", lambda axes: seen.append(axes) or axes.set_ylabel(label))], "png")
    assert seen[0].get_ylabel() == (shown or label)


@pytest.mark.parametrize("width", [3.4, 7.2])
def test_a_long_title_is_broken_into_lines_and_leaves_the_margin_white(width):
    title = "Mean reward of each arm as far as it is known, relative to the reward of the best of all arms, servers 16"
    page = Page(title, ["one run, seed 0"], "augsim plot r --figure arms", width=width)
    picture = matplotlib.image.imread(io.BytesIO(rendered(page, [("", lambda axes: axes.plot([1, 2]))], "png")))
    assert picture.shape[1] == round(200 * width)
    assert (picture[:, -8:] == 1).all(), "something reaches the right edge"
    assert (picture[:80] < 1).any(), "the title is there"
