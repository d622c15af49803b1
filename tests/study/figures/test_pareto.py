"""Which policies are not beaten in both of two metrics."""

import pandas as pd
import pytest

from sim.study.figures import pareto
from sim.study.figures.gallery import Unfit
from tests.study.figures.material import drawn, material
from tests.study.tables import MISSES, THROUGHPUT, on_traces, table


def frame(**points):
    """Policies from (misses, throughput)."""
    rows = table({name: on_traces(misses) for name, (misses, _) in points.items()}, clairvoyant=["o"])
    rows["throughput"] = [throughput for _, throughput in points.values()]
    return rows


def test_the_front_holds_those_that_no_other_beats_in_both():
    study = material(frame(a=(1, 1), b=(2, 5), c=(3, 4), d=(4, 9), o=(0.5, 10)), [MISSES, THROUGHPUT])
    (sheet,) = pareto.sheets(study)
    table = sheet.table().set_index("policy")
    assert table.index[table["is_front"]].tolist() == ["a", "b", "d"]  # c: b is better in both; o sees the future
    axes = drawn(sheet)
    assert list(axes.lines[0].get_xdata()) == [1, 5, 9] and list(axes.lines[0].get_ydata()) == [1, 2, 4]
    assert axes.get_xlabel() == "throughput (jobs/s), higher is better"
    assert axes.get_ylabel() == "misses (requests), lower is better"


def test_the_corners_of_the_front_are_where_nothing_better_was_measured():
    study = material(frame(a=(1, 1), b=(2, 5), c=(3, 4)), [MISSES, THROUGHPUT])
    assert drawn(pareto.sheets(study)[0]).lines[0].get_drawstyle() == "steps-pre"


def test_a_metric_that_orders_policies_as_the_main_one_does_has_no_front():
    with pytest.raises(Unfit):
        pareto.sheets(material(frame(a=(1, 9), b=(2, 5), c=(3, 4)), [MISSES, THROUGHPUT]))


def test_speed_is_set_against_the_metric_as_a_geometric_mean():
    runs = [
        frame(a=(1, 1), b=(2, 2), c=(3, 3)).assign(trace=trace, requests_per_s=[speed, 2 * speed, 3 * speed])
        for trace, speed in (("t", 10), ("u", 1000))
    ]
    (sheet,) = pareto.sheets(material(pd.concat(runs, ignore_index=True), [MISSES]))
    assert sheet.table()["other"].tolist() == pytest.approx([100, 200, 300]) and sheet.name == "requests_per_s"
    assert drawn(sheet).get_xlabel() == "requests per second, higher is better"
