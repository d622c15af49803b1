"""Figures of a search: what they show of a real one, and of corners that a real one seldom has."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from sim.adrs.archive import SIZES, UNLIKE_BINS
from sim.adrs.figures import ancestry, archive, front, gallery, progress
from sim.adrs.holdout import Answer
from sim.adrs.record import Elite
from sim.core.errors import UnknownName
from sim.study.figures.gallery import Unfit
from tests.adrs.runs import COMMAND, entry, holding, small
from tests.study.figures.material import drawn, line_of, texts


def test_every_figure_of_a_run_is_drawn_with_its_table_and_its_command(tmp_path):
    found = list(gallery.save(small(), tmp_path / "figures", source="run"))
    assert [one.figure for one in found] == list(gallery.figures()) == ["ancestry", "archive", "front", "progress"]
    for one in found:
        data = one.path.read_bytes()
        assert data.startswith(b"\x89PNG") and f"augsim plot run --figure {one.figure}\n{COMMAND}".encode() in data
        assert len(pd.read_csv(one.table))


def test_a_figure_is_the_same_each_time(tmp_path):
    one, other = (
        next(gallery.save(small(), tmp_path / place, source="run", names=["front"], kind="svg")) for place in "ab"
    )
    assert one.path.read_bytes() == other.path.read_bytes() and one.table.read_bytes() == other.table.read_bytes()


def test_a_wrong_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match='no figure named "fron"; did you mean "front"'):
        list(gallery.save(small(), "nowhere", source="run", names=["fron"]))


# progress


def test_the_best_so_far_is_drawn_step_by_step_for_the_search_and_every_control():
    (sheet,) = progress.sheets(small())
    axes = drawn(sheet)
    for run in small().runs:
        steps = [step for step in run.steps if math.isfinite(step.best)]
        wanted = [small().change(step.best) for step in steps]
        lines = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
        found = [list(line.get_ydata()) for line in lines]
        assert [*wanted, wanted[-1]] in found, run.name
    words = " ".join(texts(axes))
    assert all(name in words for name in ("evolved", "random", "lru, the baseline", "bound: belady *", "library: "))


def test_what_was_judged_stands_beside_by_split_with_intervals_on_the_holdout():
    (sheet,) = progress.sheets(small())
    table = sheet.panels[1].table.set_index(["name", "split"])
    evolved = small().lines[0].effects["holdout"]
    row = table.loc[("evolved", "holdout")]
    assert row["value"] == pytest.approx(small().change(evolved.mean)) and row["n"] == evolved.n == 8
    assert row["low"] <= row["value"] <= row["high"]
    assert drawn(sheet, 1).get_yticklabels()[0].get_text() == "evolved"
    assert "traces: train 8, validation 4, holdout 8" in sheet.facts


def test_a_holdout_that_was_kept_back_is_said_and_not_drawn():
    first, *others = small().lines
    silent = replace(first, effects={k: v for k, v in first.effects.items() if k != "holdout"})
    (sheet,) = progress.sheets(replace(small(), lines=(silent, *others), against={}, answer=Answer(2, False, -0.1, 8)))
    axes = drawn(sheet, 1)
    assert texts(axes) == ["holdout: kept back"]
    assert axes.texts[0].get_window_extent().x1 <= axes.get_window_extent().x1
    assert texts(drawn(progress.sheets(small())[0], 1)) == []


def test_a_search_of_one_step_is_a_level_from_its_point_on():
    runs = tuple(replace(run, steps=run.steps[:1]) for run in small().runs[:1])
    axes = drawn(progress.sheets(replace(small(), runs=runs))[0])
    (line,) = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert len(set(line.get_ydata())) == 1


def test_a_level_far_away_does_not_press_the_lines_flat():
    far = [
        replace(line, effects={**line.effects, "train": replace(line.effects["train"], mean=-9.0)})
        for line in small().lines
    ]
    axes = drawn(progress.sheets(replace(small(), lines=(*small().lines[:-1], far[-1])))[0])
    assert axes.get_ylim()[0] > -0.9 and any("−100.0 %, below" in text for text in texts(axes))


def test_where_nothing_was_tried_on_all_instances_there_is_no_figure():
    runs = tuple(replace(run, steps=(replace(run.steps[0], best=math.inf),)) for run in small().runs)
    with pytest.raises(Unfit):
        progress.sheets(replace(small(), runs=runs))


# archive


def test_each_island_shows_its_elites_and_its_empty_places():
    (sheet,) = archive.sheets(small())
    assert len(sheet.panels) == len(small().islands) == 4
    for i, island in enumerate(small().islands):
        cells = drawn(sheet, i).images[0].get_array()
        assert cells.shape == (len(SIZES) + 1, UNLIKE_BINS)
        assert np.ma.masked_invalid(cells).count() == len(island)
    known = {each.id: each for each in small().entries}
    elite = small().islands[0][0]
    shown = drawn(sheet, 0).images[0].get_array()[elite.size, elite.unlike]
    assert shown == pytest.approx(small().change(known[elite.id].loss))


def test_an_empty_island_is_drawn_empty_and_the_winner_is_framed():
    islands = ((), (Elite(2, 3, small().before.id),))
    (sheet,) = archive.sheets(holding(*small().finder.entries, islands=islands))
    assert sheet.panels[0].heading == "island 1: 0 elites" and sheet.panels[1].heading.startswith("island 2: 1 elite, ")
    assert len(drawn(sheet, 0).patches) == 0 and len(drawn(sheet, 1).patches) == 1
    with pytest.raises(Unfit):
        archive.sheets(replace(small(), islands=((), ())))


def test_an_elite_that_was_not_tried_on_all_instances_is_marked():
    part = entry("p", -0.1, n_instances=4)
    (sheet,) = archive.sheets(holding(part, islands=((Elite(1, 1, "p"),),)))
    assert texts(drawn(sheet)) == ["−9.5°"] and "°: tried on a part of them" in sheet.facts
    assert sheet.panels[0].heading == "island 1: 1 elite, the best −9.5 %°"
    whole = entry("q", 0.1)
    (sheet,) = archive.sheets(holding(part, whole, islands=((Elite(1, 1, "p"), Elite(2, 1, "q")),)))
    assert sheet.panels[0].heading == "island 1: 2 elites, the best on all instances +10.5 %"


# ancestry

SEED = entry("a", -0.1, proposer="seed", note="sampled: lru", generation=0)
OTHER = entry("b", -0.05, number=2, proposer="seed", note="sampled: lfu", generation=0)
CHILD = entry("c", -0.2, number=3, parents=("a", "b"))
PALE = entry("d", 0.1, number=4, note="mutated")
LOST = entry("e", None, number=4)
WINNER = entry("w", -0.19, number=4, parents=("c",), note="simplified")


def family(*entries, **changes):
    made = {"before": CHILD, "winner": WINNER, **changes}
    return holding(*(entries or (SEED, OTHER, CHILD, PALE, LOST)), **made)


def test_the_line_of_first_parents_is_numbered_from_the_first_of_all():
    (sheet,) = ancestry.sheets(family())
    table = sheet.panels[0].table.set_index("id")
    assert table["place"].to_dict() == {"a": 1, "b": 0, "c": 2, "d": 0, "w": 3}
    axes = drawn(sheet)
    assert list(line_of(axes, 3).get_xdata()) == [1, 3, 4]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert [text.split(",")[0] for text in legend] == ["3  simplified", "2  crossed", "1  begun with sampled: lru"]


def test_a_second_parent_is_tied_to_its_child_and_what_has_no_score_is_counted():
    (sheet,) = ancestry.sheets(family())
    table = sheet.panels[0].table.set_index("id")
    assert table["child"].to_dict() == {"a": 0, "b": 2, "c": 0, "d": 0, "w": 0}
    assert "1 has no score" in sheet.facts and "thin: second parents" in sheet.facts
    thin = [line for line in drawn(sheet).lines if line.get_linewidth() == 0.7]
    assert [list(line.get_xdata()) for line in thin] == [[2, 3]]


def test_a_seed_that_wins_as_it_is_is_a_line_of_one():
    (sheet,) = ancestry.sheets(family(before=SEED, winner=SEED))
    assert sheet.panels[0].table["place"].max() == 1
    assert len(drawn(sheet).get_legend().get_texts()) == 1


def test_a_winner_that_is_no_formula_is_told_by_what_is_noted_of_it():
    file = entry("f", -0.3, policy="edited sieve", note="edited sieve", proposer="ast")
    (sheet,) = ancestry.sheets(family(file, before=file, winner=file))
    assert "edited sieve" in drawn(sheet).get_legend().get_texts()[0].get_text()


def test_policies_break_between_words_and_the_winner_is_told_in_full():
    long = "ranked: " + " + ".join(f"{k}.25 * tenure" for k in range(14))
    entries = (replace(SEED, policy=long), OTHER, replace(CHILD, policy=long))
    (sheet,) = ancestry.sheets(family(*entries, winner=replace(WINNER, policy=long)))
    winner, *others = [text.get_text().splitlines()[1:] for text in drawn(sheet).get_legend().get_texts()]
    assert " ".join(winner) == long and max(map(len, winner)) <= 50 and sheet.height == 3.8
    assert [(len(other), other[:2], other[2][-1]) for other in others] == [(3, winner[:2], "…")] * 2


def test_numbers_of_near_points_keep_off_each_other_and_off_the_line():
    line = [entry(f"{k}", -0.1 - 0.001 * k, number=k, parents=(f"{k - 1}",)) for k in range(1, 12)]
    others = [entry("far", 0.5, number=150)]
    axes = drawn(ancestry.sheets(family(*line, *others, before=line[-1], winner=line[-1]))[0])
    numbers = [text for text in axes.texts if text.get_text().isdigit()]
    assert [text.get_text() for text in numbers] == [str(k) for k in range(11, 0, -1)]
    axes.figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in numbers]  # without the thin lines that lead there
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


# front


def test_the_front_holds_what_no_other_is_both_smaller_and_better_than():
    entries = (
        entry("a", -0.1, size=3, generation=0),
        entry("b", -0.1, size=5),  # as good as a, and larger
        entry("c", -0.3, size=7),
        entry("d", -0.2, size=9),  # worse than c, and larger
        entry("e", -0.4, size=11),
        entry("f", -0.9, size=2, n_instances=4),  # not tried on all
    )
    (sheet,) = front.sheets(family(*entries, before=entries[4], winner=entries[4]))
    table = sheet.panels[0].table.set_index("id")
    assert table.index[table["is_front"]].tolist() == ["a", "c", "e"] and "f" not in table.index
    assert table["kind"].to_dict() == {"a": "seed", "b": "candidate", "c": "candidate", "d": "candidate", "e": "winner"}
    line = drawn(sheet).lines[0]
    assert list(line.get_xdata()) == [3, 7, 11] and line.get_drawstyle() == "steps-post"


def test_the_winner_stands_beside_what_it_was_before_it_was_simplified():
    legend = [text.get_text() for text in drawn(front.sheets(family())[0]).get_legend().get_texts()]
    assert any(text.startswith("winner, simplified, −17.3 %\nsampled: w") for text in legend)
    assert any(text.startswith("winner before it was simplified, −18.1 %\nsampled: c") for text in legend)


def test_candidates_far_off_the_front_are_counted_and_not_drawn():
    entries = (entry("a", -0.1), entry("b", 3.0, size=9))
    axes = drawn(front.sheets(family(*entries, before=entries[0], winner=entries[0]))[0])
    assert "1 outside the picture" in texts(axes) and axes.get_ylim()[1] < 1


def test_a_bad_small_candidate_of_the_front_is_outside_too_and_its_entry_says_so():
    entries = (entry("a", 3.0, size=1), entry("b", -0.1), entry("c", 0.05, size=9))
    axes = drawn(front.sheets(family(*entries, before=entries[1], winner=entries[1]))[0])
    assert "1 outside the picture" in texts(axes) and axes.get_ylim()[1] < 0.2
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend[-2:] == ["1  +1,908.6 %, outside the picture\nsampled: a", "2  −9.5 %, winner"]


def test_a_single_candidate_is_drawn_and_none_at_all_is_said():
    alone = entry("a", 0.0)
    drawn(front.sheets(family(alone, before=alone, winner=alone))[0])
    drawn(ancestry.sheets(family(alone, before=alone, winner=alone))[0])
    lost = replace(alone, n_instances=4)
    with pytest.raises(Unfit):
        front.sheets(family(lost, before=lost, winner=lost))
