"""All figures of a study: which are drawn, what lies beside them, and what they share."""

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from sim.core.errors import InputError, UnknownName
from sim.study.figures import gallery, style
from tests.study.figures.material import drawn, material
from tests.study.tables import on_traces, table

ALL = [
    "capacity",
    "comparison",
    "critical-difference",
    "distribution",
    "heat-map",
    "parameter",
    "pareto",
    "performance-profile",
    "robustness",
    "timeline",
]
"""Figures that this study has material for."""

OF_BANDITS = ["arms", "incumbents"]


def fitting():
    return {name: module for name, module in gallery.figures().items() if name not in OF_BANDITS}


@pytest.fixture(scope="module")
def study():
    """Two capacities, seven traces, two seeds, two policies without predictions, one with three errors, and the reference."""
    parts = []
    for capacity, scale in ((10, 2), (100, 1)):
        hard = [scale * n for n in (100, 120, 150, 90, 110, 130, 70)]
        part = table(
            {
                "belady": on_traces(*([n, n] for n in hard)),
                "lru": on_traces(*([1.5 * n, 1.5 * n] for n in hard)),
                "marker": on_traces(*([1.4 * n, 1.6 * n + 5] for n in hard)),
                "mark0 with discard:flip=0": on_traces(*([1.0 * n, 1.01 * n] for n in hard)),
                "mark0 with discard:flip=0.1": on_traces(*([1.2 * n, 1.25 * n] for n in hard)),
                "mark0 with discard:flip=0.5": on_traces(*([1.7 * n, 1.9 * n] for n in hard)),
            },
            clairvoyant=["belady"],
            **{"asked.capacity": capacity, "system.capacity": capacity, "system.sized": False, "requests": 1000},
        )
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    flip = pd.to_numeric(frame["predictions"].str.partition("=")[2], errors="coerce")
    frame["eta0"] = flip * 1000
    frame["bound"] = frame["misses"] * 1.3 + flip * 1000
    frame["requests_per_s"] = np.where(frame["label"] == "lru", 3e6, 1e6) * (1 + frame["seed"] / 10)
    runs = [
        (row, {"row": np.array([500, 1000]), "misses": np.array([row["misses"] // 2, row["misses"] // 2])})
        for row in frame.to_dict("records")
    ]
    return material(frame, baseline="lru", timelines=runs)


@pytest.fixture(scope="module")
def files(study, tmp_path_factory):
    """Everything, drawn once."""
    folder = tmp_path_factory.mktemp("figures")
    drawn = list(gallery.save(study, folder, source="results"))
    assert [one.figure for one in drawn if one.path is None] == OF_BANDITS
    return [one for one in drawn if one.path]


def test_a_figure_is_a_module_and_needs_no_list():
    assert list(gallery.figures()) == sorted(ALL + OF_BANDITS)


def test_every_figure_that_fits_is_drawn_with_its_table_beside_it(files):
    assert {one.figure for one in files} == set(ALL)
    for one in files:
        assert matplotlib.image.imread(one.path).std() > 0.01
        assert len(pd.read_csv(one.table)) > 0 and one.table == one.path.with_suffix(".csv")


def test_every_file_carries_the_command_that_draws_it_and_the_one_that_ran_the_study(files):
    for one in files:
        words = one.path.read_bytes()
        assert f"augsim plot results --figure {one.figure} --metric misses".encode() in words
        assert b"augsim sweep s.toml -o s" in words


def test_nothing_but_figures_and_tables_is_left_in_the_folder(files):
    folder = files[0].path.parent
    assert {path.suffix for path in folder.iterdir()} == {".png", ".csv"}
    assert len(list(folder.iterdir())) == 2 * len(files)


def test_every_figure_names_the_metric_and_its_unit_and_says_how_many_traces_or_seeds(study):
    for name, module in fitting().items():
        for sheet in module.sheets(study):
            axes = drawn(sheet)
            words = " ".join([axes.get_xlabel(), axes.get_ylabel(), sheet.title])
            words += "".join(other.get_ylabel() for other in axes.get_figure().axes)
            assert "misses" in words.lower(), name
            assert any("trace" in fact or "seed" in fact for fact in sheet.facts), name


def test_a_policy_has_one_colour_and_one_marker_in_all_figures(study):
    looks = {}
    for module in fitting().values():
        for sheet in module.sheets(study):
            for panel in range(len(sheet.panels)):
                for line in drawn(sheet, panel).lines:
                    looks.setdefault(line.get_color(), set()).add(line.get_marker())
    for policy in ("lru", "marker", "mark0"):
        look = study.looks[policy]
        assert looks[look.color] - {"None", "", None, "|"} == {look.marker}


def test_a_study_of_thirty_policies_shows_no_two_alike_even_without_colours():
    looks = style.looks([*style.FAMILIAR, *(f"mine,k={k}" for k in range(20))]).values()
    assert len({(look.color, look.marker) for look in looks}) == 30
    assert len({(look.marker, str(look.linestyle)) for look in looks}) == 30


def test_a_familiar_policy_looks_the_same_whoever_stands_beside_it():
    for label in style.FAMILIAR:
        look = style.looks(["mine", "another", label, "third"])[label]
        assert (look.color, look.marker) == (style.colour(label), style.marker(label))


def test_long_names_are_shortened_in_their_middle_and_stay_apart():
    long = [f"combiner,of=[flush_all_zeros;two_q,kin={k};lru;arc;sieve],eta=0.01 with discard:flip=0" for k in (1, 2)]
    names = style.shortened([*long, "lru"])
    assert names["lru"] == "lru" and len(set(names.values())) == 3
    one = style.short(long[0])
    assert (
        len(one) == 52
        and one.startswith("combiner,of=")
        and one.endswith("eta=0.01 with discard:flip=0")
        and "…" in one
    )


def test_policies_that_are_too_many_for_one_panel_stand_with_those_of_equal_error():
    names = [f"p{i} with discard:flip={flip}" for flip in (0, 0.1) for i in range(5)] + ["lru", "fifo"]
    rows = pd.DataFrame(
        {"name": names, "predictions": [name.partition(" with ")[2] or "none" for name in names]},
    )
    found = gallery.facets(rows, {name: i for i, name in enumerate(names)})
    assert [heading for heading, _ in found] == ["predictions: flip=0", "predictions: flip=0.1"]
    assert found[1][1] == [*names[5:10], "lru", "fifo"]


def test_twenty_policies_are_split_in_nearly_equal_panels_best_first():
    rows = pd.DataFrame({"name": [f"p{i:02}" for i in range(20)], "predictions": "none"})
    found = gallery.facets(rows, {f"p{i:02}": -i for i in range(20)}, most=8)
    assert [len(names) for _, names in found] == [7, 6, 7] and found[0][1][0] == "p19"


def test_values_of_several_traces_are_relative_to_the_clairvoyant_of_the_same_trace(study):
    block = study.blocks()[0]
    means = study.means(block).set_index("policy")["value"]
    assert study.relative_to.label == "belady" and "relative to belady" in study.value_label
    assert means["lru"] == pytest.approx(1.5) and means["belady"] == 1


def test_values_of_one_trace_are_those_of_the_metric():
    one = material(table({"belady": on_traces(10), "lru": on_traces([20, 22])}, clairvoyant=["belady"]))
    means = one.means(one.blocks()[0]).set_index("policy")
    assert one.relative_to is None and means.loc["lru", "value"] == 21
    assert one.value_label == "misses (requests), lower is better"
    assert means.loc["lru", "low"] < 20 and means.loc["lru", "high"] > 22  # two seeds say little


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("robustness", "no policy ran with predictions of two errors"),
        ("capacity", "no trace was run with two capacities"),
        ("distribution", "needs 5 traces"),
        ("critical-difference", "three policies on two traces"),
        ("parameter", "no setting or number of a policy has two values"),
        ("heat-map", "two axes with two values"),
        ("pareto", "three policies and a second metric"),
        ("performance-profile", "needs 3 traces"),
        ("timeline", "no run has a timeline"),
        ("comparison", "no policy has a trace in common"),
    ],
)
def test_a_figure_that_does_not_fit_says_why_and_writes_nothing(tmp_path, name, why):
    small = material(table({"lru": on_traces(10)}))
    (one,) = gallery.save(small, tmp_path, source="results", names=[name])
    assert one.path is None and why in one.why and "\n" not in one.why
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_name_gets_the_right_one_and_the_list():
    with pytest.raises(
        UnknownName, match=r'no figure named "robustnes"; did you mean "robustness"\? \(figures: arms, capacity'
    ):
        gallery.find(["robustnes"])


def test_a_name_may_be_written_as_its_file():
    assert list(gallery.find(["heat_map"])) == ["heat-map"]


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_equal_studies_give_equal_files_in_vector_formats_too(study, tmp_path, kind):
    first, second = (
        next(gallery.save(study, tmp_path / place, source="results", names=["comparison"], kind=kind)) for place in "ab"
    )
    assert first.path.suffix == f".{kind}" and first.path.read_bytes() == second.path.read_bytes()


def test_a_folder_that_cannot_be_made_is_refused(study, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="figures cannot be written"):
        list(gallery.save(study, tmp_path / "file" / "figures", source="results", names=["comparison"]))


@pytest.mark.parametrize(
    ("values", "redrawn", "said"),
    [
        (on_traces([1, 2], [3, 4]), False, "95 % bootstrap intervals (traces, then seeds)"),
        (on_traces(1, 3), False, "95 % bootstrap intervals (traces)"),
        (on_traces([1, 2]), False, "95 % bootstrap intervals (seeds)"),
        (on_traces([1, 2]), True, "95 % bootstrap intervals (draws)"),
    ],
)
def test_captions_say_what_intervals_are_over(values, redrawn, said):
    found = material(table({"lru": values}, redrawn=redrawn))
    assert said in found.facts(found.means(found.blocks()[0]))
