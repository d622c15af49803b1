"""Mean ranks and the groups that are not told apart."""

from sim.study.figures import critical_difference, style
from tests.study.figures.material import drawn, material, texts
from tests.study.tables import on_traces, table

N = 12


def found():
    frame = table({name: on_traces(*(100 + i * 10 for _ in range(N))) for i, name in enumerate("abcd")})
    return critical_difference.sheets(material(frame))[0]


def test_marks_stand_at_the_mean_ranks_of_the_table_best_on_top():
    table = found().table()
    axes = drawn(found())
    marks = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    assert marks == [1, 2, 3, 4] and table["mean_rank"].tolist() == marks
    assert [label.get_text() for label in axes.get_yticklabels()] == list("abcd") and axes.yaxis_inverted()
    assert "misses (requests)" in axes.get_xlabel()


def test_a_bar_joins_each_group_that_is_not_told_apart_and_a_scale_shows_the_critical_difference():
    table = found().table()
    axes = drawn(found())
    bars = [tuple(line.get_ydata()) for line in axes.lines if line.get_linewidth() == 3]
    assert table["alike"].tolist() == ["a", "ab", "bc", "c"]  # 1.35 for 4 policies on 12 traces
    assert bars == [(-0.3, 1.3), (0.7, 2.3), (1.7, 3.3)]
    scale = next(line for line in axes.lines if line.get_marker() == "|")
    assert scale.get_xdata()[1] - scale.get_xdata()[0] == table["critical_difference"].iloc[0]
    assert any("critical difference 1.35" in text for text in texts(axes))


def test_bars_stand_inside_the_axes_however_many_there_are():
    frame = table({f"p{i:02}": on_traces(*(100 + i for _ in range(40))) for i in range(20)})
    axes = drawn(critical_difference.sheets(material(frame))[0])
    bars = [line for line in axes.lines if line.get_linewidth() == 3]
    assert len(bars) > 5 and max(bar.get_xdata()[0] for bar in bars) < axes.get_xlim()[1]
    assert all(bar.get_color() == style.INK for bar in bars)
