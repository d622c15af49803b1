"""`augsim plot`: figures of a stored sweep, and what is said where there are none."""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from sim.adrs import record
from sim.study.store import Store
from tests.adrs import runs
from tests.cli.command import augsim
from tests.study.studies import sweep


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A sweep of two traces, two policies, two capacities."""
    folder = tmp_path_factory.mktemp("plot") / "results"
    with Store(folder, command="augsim sweep s.toml -o results") as store:
        sweep().run(store)
    return folder


def test_figures_stand_in_the_study_with_their_tables_and_their_paths_are_printed(stored, capsys, monkeypatch):
    said = augsim(capsys, monkeypatch, "plot", stored, "--figure", "comparison", "--figure", "timeline")
    paths = said.out.split()
    assert said.code == 0 and paths and all(path.startswith(f"{stored}/figures/") for path in paths)
    for path in paths:
        assert len(pd.read_csv(path.replace(".png", ".csv"))) > 0
    assert b"augsim sweep s.toml -o results" in (stored / "figures" / paths[0].rpartition("/")[2]).read_bytes()


def test_format_place_and_metric_are_the_user_s(stored, capsys, monkeypatch, tmp_path):
    words = ["plot", stored, "--figure", "heat-map", "-o", tmp_path / "f", "--format", "svg", "--metric", "misses"]
    said = augsim(capsys, monkeypatch, *words)
    (path,) = said.out.split()
    assert said.code == 0 and path.startswith(f"{tmp_path}/f/heat-map") and path.endswith(".svg")
    assert ">misses relative to belady" in Path(path).read_text()


def test_a_figure_that_was_asked_for_and_does_not_fit_says_why_and_exits_2(stored, capsys, monkeypatch, tmp_path):
    said = augsim(capsys, monkeypatch, "plot", stored, "--figure", "robustness", "-o", tmp_path)
    assert said.code == 2 and said.out == ""
    assert said.err == "augsim: no figure robustness: no policy ran with predictions of two errors or more\n"


def test_an_unknown_figure_is_refused_before_the_study_is_opened(capsys, monkeypatch):
    said = augsim(capsys, monkeypatch, "plot", "nowhere", "--figure", "paretto")
    assert said.code == 2 and 'no figure named "paretto"; did you mean "pareto"? (figures: arms, capacity, ' in said.err


def test_a_folder_without_results_says_how_to_make_them(capsys, monkeypatch, tmp_path):
    said = augsim(capsys, monkeypatch, "plot", tmp_path)
    assert said.code == 2 and "has no results" in said.err and said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("journal", "what"),
    [("journal.jsonl", "a search"), ("transactions-engine-0/journal.jsonl", "a comparison of loops")],
)
@pytest.mark.parametrize("command", ["plot", "report"])
def test_a_search_that_has_not_ended_says_how_it_goes_on(capsys, monkeypatch, tmp_path, command, journal, what):
    path = tmp_path / "run" / journal
    path.parent.mkdir(parents=True)
    path.write_text("{}\n")
    said = augsim(capsys, monkeypatch, command, tmp_path / "run")
    told = (
        f"run holds {what} that has not ended; the same augsim evolve again, with -o {tmp_path}/run, goes on from there"
    )
    assert (said.code, said.out) == (2, "") and told in said.err and said.err.count("\n") == 1


def test_a_comparison_of_loops_has_a_figure_and_no_report(capsys, monkeypatch, tmp_path):
    (tmp_path / "loops.json").write_text("{}")
    said = augsim(capsys, monkeypatch, "report", tmp_path)
    assert (
        said.code == 2
        and f"a comparison of loops, which has a figure and no page: augsim plot {tmp_path}\n" in said.err
    )


def test_a_place_without_a_name_is_refused(stored, capsys, monkeypatch):
    for command, what in (("plot", "folder"), ("report", "file")):
        said = augsim(capsys, monkeypatch, command, stored, "-o", "")
        assert said.code == 2 and f'--output must name a {what}, got ""' in said.err


def test_an_unknown_metric_is_refused(stored, capsys, monkeypatch):
    said = augsim(capsys, monkeypatch, "plot", stored, "--metric", "mis_ratio")
    assert said.code == 2 and 'did you mean "miss_ratio"' in said.err


def test_the_figures_of_a_search_are_drawn_from_its_folder(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    record.write(runs.small(), tmp_path / "search")
    say = partial(augsim, capsys, monkeypatch)
    said = say("plot", "search", "--figure", "front", "--figure", "archive", "--format", "svg")
    assert (said.code, said.out) == (0, "search/figures/front.svg\nsearch/figures/archive.svg\n")
    said = say("plot", "search", "--metric", "misses")
    assert said.code == 2 and "search holds a search, whose problem settles its metric; leave --metric out" in said.err
    said = say("plot", "search", "--figure", "pareto")
    assert said.code == 2 and "(figures: ancestry, archive, front, progress)" in said.err
