"""Arms of a bandit over a run: shares of pulls, and what is believed of each."""

import numpy as np
import pytest

from sim.study.figures import arms
from sim.study.figures.gallery import Unfit
from tests.study.figures.material import drawn, material
from tests.study.tables import on_traces, table

COLUMNS = {
    "row": np.array([10, 20]),
    "pulls_0": np.array([4, 10]),
    "pulls_1": np.array([6, 0]),
    "reward_0": np.array([1.0, 6.0]),
    "reward_1": np.array([3.0, 0.0]),
}


def study(columns, **policies):
    frame = table(policies or {"ucb1": on_traces(8), "exp3": on_traces(9)})
    return material(frame, timelines=[(row, columns) for row in frame.to_dict("records")])


def test_shares_of_pulls_stand_on_top_of_each_other():
    use, _ = arms.sheets(study(COLUMNS))
    assert [panel.heading for panel in use.panels] == ["ucb1", "exp3"]
    shares = use.panels[0].table.pivot(index="row", columns="arm", values="value")
    assert shares.to_numpy().tolist() == [[0.4, 0.6], [1.0, 0.0]]
    axes = drawn(use)
    assert axes.get_ylabel() == "share of pulls" and axes.get_ylim() == (0, 1)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["arm 1", "arm 0"]


def test_policies_that_are_chosen_among_are_called_by_their_names():
    frame = table({"bandit_of": on_traces(8)}).assign(**{"policy.of": "[lru;lfu,x=1]"})
    use, beliefs = arms.sheets(material(frame, timelines=[(row, COLUMNS) for row in frame.to_dict("records")]))
    for sheet in (use, beliefs):
        assert [text.get_text() for text in drawn(sheet).get_legend().get_texts()] == ["lfu,x=1", "lru"]


def test_arms_that_have_names_are_called_by_them():
    use, _ = arms.sheets(study({**COLUMNS, "arm_names": np.array(["rins_50", "dins"])}))
    assert [text.get_text() for text in drawn(use).get_legend().get_texts()] == ["dins", "rins_50"]


def test_where_pulls_are_few_windows_are_wider_and_none_is_empty():
    """Eleven pulls in six rows: two windows of three; the first of 5, the second of 6. One pull in six rows: one window."""
    columns = {
        "row": np.array([10, 20, 30, 40, 50, 60]),
        "pulls_0": np.array([0, 2, 0, 1, 0, 0]),
        "pulls_1": np.array([0, 0, 3, 0, 0, 5]),
    }
    (use,) = arms.sheets(study(columns))
    table = use.panels[0].table
    assert table[table["arm"] == 0][["row", "value"]].to_numpy().tolist() == [[30, 0.4], [60, 1 / 6]]
    late = {"row": np.array([10, 20]), "pulls_0": np.array([0, 9]), "pulls_1": np.array([0, 1])}
    (use,) = arms.sheets(study(late))
    assert use.panels[0].table["row"].tolist() == [20, 20]  # nothing was pulled before


def test_runs_that_pull_one_arm_alone_stand_back_where_others_do_not():
    frame = table({"ucb1": on_traces(8), "fixed": on_traces(7), "plain": on_traces(1)})
    one = {**COLUMNS, "pulls_1": np.array([0, 0])}
    none = {**one, "pulls_0": np.array([0, 0])}
    columns = {"ucb1": COLUMNS, "fixed": one, "plain": none}
    runs = [(row, columns[row["label"]]) for row in frame.to_dict("records")]
    use, _ = arms.sheets(material(frame, timelines=runs))
    assert [panel.heading for panel in use.panels] == ["ucb1"]
    alone = [run for run in runs if run[0]["label"] != "ucb1"]
    use, _ = arms.sheets(material(frame, timelines=alone))
    assert [panel.heading for panel in use.panels] == ["fixed"]


def test_a_long_name_is_broken_after_commas():
    folded = arms._folded("bandit_of,bandit=[thompson_gaussian,s=0.05],of=[lru;lfu]")
    assert folded == "bandit_of,bandit=[thompson_gaussian,\ns=0.05],of=[lru;lfu]"


def test_beliefs_are_means_of_all_pulls_so_far_with_an_interval_that_narrows():
    _, beliefs = arms.sheets(study(COLUMNS))
    first = beliefs.panels[0].table
    assert first[first["arm"] == 0]["value"].tolist() == pytest.approx([0.25, 0.5])
    assert first[first["arm"] == 1]["value"].tolist() == pytest.approx([0.5, 0.5])
    width = (first["high"] - first["low"])[first["arm"] == 0].tolist()
    assert width[1] < width[0] and ((first["low"] >= 0) & (first["high"] <= 1)).all()
    # Wilson's interval of 7 successes in 14: 0.5 +- 0.23
    assert width[1] == pytest.approx(2 * 1.96 / (1 + 3.84 / 14) * np.sqrt(0.25 / 14 + 0.96 / 196))
    axes = drawn(beliefs)
    assert axes.get_ylabel() == "mean reward so far" and len(axes.lines) == 2


def test_an_arm_has_no_belief_before_its_first_pull():
    columns = {**COLUMNS, "pulls_1": np.array([0, 6]), "reward_1": np.array([0.0, 3.0])}
    _, beliefs = arms.sheets(study(columns))
    rows = beliefs.panels[0].table
    assert rows[rows["arm"] == 1]["row"].tolist() == [20]


def test_costs_alone_give_no_beliefs():
    columns = {key: value for key, value in COLUMNS.items() if not key.startswith("reward")}
    (use,) = arms.sheets(study(columns))
    assert use.title == "Share of the pulls of each arm"


def test_many_arms_are_shaded_in_the_order_of_their_numbers():
    assert len(set(arms.shades(20))) == 20 and arms.shades(3) == arms.shades(5)[:3]


def test_a_run_without_arms_has_no_such_figure():
    with pytest.raises(Unfit, match="no run tells how often it pulled which arm"):
        arms.sheets(study({"row": np.array([10]), "misses": np.array([1])}))
