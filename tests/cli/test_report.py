"""`augsim report`, as a user meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bokeh", reason="Bokeh is not installed")

from sim.adrs import record
from tests.adrs import runs
from tests.cli.command import augsim
from tests.study.report import stores


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: augsim(capsys, monkeypatch, *words)


@pytest.fixture
def folder(tmp_path):
    stores.written(tmp_path / "results", stores.study(2)).close()
    return tmp_path / "results"


def test_a_report_lies_beside_its_study_and_its_size_is_said(say, folder):
    said = say("report", "results")
    assert (said.code, said.out) == (0, "results/report.html\n")
    text = (folder / "report.html").read_text()
    assert text.startswith("<!doctype html>") and text.endswith("</html>")
    assert f"results/report.html: {len(text.encode()) / 1e6:.1f} MB, for any browser, without a network" in said.err


def test_a_report_is_written_where_it_is_wanted_and_may_be_written_again(say, folder, tmp_path):
    (tmp_path / "mine.html").write_text("old")
    said = say("report", "results", "-o", "mine.html", "--metric", "miss_ratio", "--baseline", "belady")
    assert said.out == "mine.html\n"
    assert "--metric miss_ratio --baseline belady" in (tmp_path / "mine.html").read_text()
    assert not (folder / "report.html").exists()


def test_a_folder_without_a_study_and_a_wrong_name_are_refused_in_a_line(say, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    said = say("report", "empty")
    assert said.code == 2 and "empty has no results" in said.err
    said = say("report", "results", "--baseline", "lruu")
    assert said.code == 2 and 'did you mean "lru"' in said.err
    assert not (folder / "report.html").exists()


def test_a_place_that_cannot_be_written_is_named(say, folder):
    said = say("report", "results", "-o", "results/results.sqlite/page.html")
    assert said.code == 2 and "the report cannot be written to results/results.sqlite/page.html" in said.err


def test_without_bokeh_the_user_is_told_what_to_install(folder):
    program = (
        "import sys; sys.modules['bokeh'] = None; sys.argv = ['augsim', 'report', 'results']; "
        "from sim.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "augsim: a report needs Bokeh: pip install 'augsim[report]'\n"


def test_the_page_of_a_search_is_written_from_its_folder(say, tmp_path):
    record.write(runs.small(), tmp_path / "search")
    said = say("report", "search", "-o", "mine.html")
    assert (said.code, said.out) == (0, "mine.html\n")
    assert "<title>A search for fewer misses: paging</title>" in (tmp_path / "mine.html").read_text()
    said = say("report", "search", "--baseline", "lru")
    assert said.code == 2 and "leave --baseline out" in said.err
