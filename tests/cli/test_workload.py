"""`augsim workload DOMAIN NAME -o FILE`, as a user calls it."""

import pytest

from sim.study.experiment import Bench
from tests.cli.command import augsim
from traces import store


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: augsim(capsys, monkeypatch, "workload", *words)


def test_a_workload_is_written_and_reads_back(say, tmp_path):
    said = say("paging", "loop,n_pages=3,n_requests=7", "-o", "a.txt")
    assert (said.code, said.out) == (0, "")
    assert said.err == "augsim: 7 requests written to a.txt: loop,n_pages=3,n_requests=7, seed 0\n"
    assert (tmp_path / "a.txt").read_text().split() == ["0", "1", "2", "0", "1", "2", "0"]


def test_the_seed_draws_it_as_it_does_in_a_replay(say, tmp_path):
    text = "zipf,n_pages=50,n_requests=300,rate=10"
    for name, seed in (("a.csv", 1), ("b.csv", 1), ("c.csv", 2)):
        assert say("paging", text, "-o", name, "--seed", seed).code == 0
    a, b, c = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b != c
    invented, written = Bench().trace(f"workload:{text}", "paging", 1), store.open_trace(tmp_path / "a.csv")
    assert (invented["page"] == written["page"]).all() and (invented["time_s"] == written["time_s"]).all()
    assert (invented.tables["pages"] == written.tables["pages"]).all()


def test_a_workload_needs_no_parameters(say, tmp_path):
    assert say("paging", "uniform", "-o", "a.oracleGeneral.zst").code == 0
    assert len(store.open_trace(tmp_path / "a.oracleGeneral.zst")) == 100_000


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("paging", "zipff", "-o", "a.txt"), 'no paging workload named "zipff"; did you mean "zipf"'),
        (("pagin", "zipf", "-o", "a.txt"), 'no domain named "pagin"; did you mean "paging"'),
        (("paging", "zipf,alfa=1", "-o", "a.txt"), 'no parameter of zipf named "alfa"; did you mean "alpha"'),
        (("paging", "zipf,alpha=-1", "-o", "a.txt"), "alpha must be at least 0"),
        (("paging", "zipf,alpha=x", "-o", "a.txt"), 'parameter alpha of zipf must be a number, got "x"'),
        (("paging", "loop", "-o", "a.txt"), "workload loop needs the parameter n_pages"),
        (("paging", "zipf"), "Missing option '-o'"),
        (("paging", "zipf", "-o", "a.docx"), "no trace format has the ending of a.docx"),
        (("paging", "zipf", "-o", "old.txt"), "old.txt is there already; --force replaces it"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(say, tmp_path, words, expected):
    (tmp_path / "old.txt").write_text("1\n")
    said = say(*words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert expected in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["old.txt"]
