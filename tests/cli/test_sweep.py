"""`augsim sweep` and `augsim compare`, as a user meets them."""

import json
import resource
import signal

import pandas as pd
import pytest

from tests.cli.command import augsim, spawned
from tests.study.studies import written

STUDY = """
domain = "paging"
traces = [{name = "workload:zipf", alpha = 1.0, n_pages = 60, n_requests = [300, 400]}]
policies = ["lru", "random"]
seeds = 4
system.capacity = ["10%"]
"""


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: augsim(capsys, monkeypatch, *words)


def test_a_sweep_says_what_is_done_and_what_comes_next(say, tmp_path):
    written(tmp_path, STUDY, "mine.toml")
    said = say("sweep", "mine.toml", "--backend", "serial")
    assert (said.code, said.out) == (0, "")
    assert "augsim: mine: 24 of 24 runs are done" in said.err
    assert "augsim compare mine says who is better" in said.err


def test_json_is_the_whole_table_also_when_nothing_is_left_to_do(say, tmp_path):
    written(tmp_path, STUDY)
    first = say("sweep", "study.toml", "-o", "r", "--backend", "serial", "--json")
    again = say("sweep", "study.toml", "-o", "r", "--backend", "serial", "--json")
    assert first.out == again.out
    assert len(json.loads(again.out)) == 24
    table = say("sweep", "study.toml", "-o", "r", "--csv", "--export", "t.parquet")
    assert len(table.out.splitlines()) == 25
    assert len(pd.read_parquet(tmp_path / "t.parquet")) == 24


def test_a_failing_policy_is_said_once_with_how_often_and_the_exit_code_is_1(say, tmp_path):
    (tmp_path / "bad.py").write_text(
        "from policies.paging.lru import LRU\n\n\n"
        "class Bad(LRU):\n    def begin(self, setting, rng):\n        raise ValueError('no')\n"
    )
    written(tmp_path, STUDY.replace('"random"', '"./bad.py"'))
    said = say("sweep", "study.toml", "-o", "r", "--backend", "serial")
    assert said.code == 1
    assert "16 of 24 runs are done, 8 failed" in said.err
    assert "failed 8 times: Bad " in said.err


def test_options_that_do_not_go_together_are_refused(say, tmp_path):
    written(tmp_path, STUDY)
    for words, expected in (
        (("--scheduler", "tcp://x:1"), "--scheduler goes with --backend dask, not with processes"),
        (("--backend", "serial", "--workers", "2"), "--backend serial has one process"),
        (("--export", "t.xlsx"), "t.xlsx: the ending must be .csv or .parquet"),
    ):
        said = say("sweep", "study.toml", "-o", "r", *words)
        assert said.code == 2
        assert expected in said.err.splitlines()[-1]


def test_a_refused_study_leaves_no_folder(say, tmp_path):
    written(tmp_path, STUDY.replace('"random"', '"rndom"'))
    said = say("sweep", "study.toml", "-o", "r", "--backend", "serial")
    assert said.code == 2
    assert 'did you mean "random"' in said.err
    assert not (tmp_path / "r").exists()


def test_too_few_traces_for_a_winner_are_said_before_the_sweep(say, tmp_path):
    written(tmp_path, STUDY.replace("seeds = 4", "seeds = 1"))
    said = say("sweep", "study.toml", "-o", "r", "--backend", "serial")
    assert said.err.startswith("augsim: no policy can be called the winner on 2 paired draws") or said.err.startswith(
        "augsim: no policy can be called the winner on 2 paired traces"
    )


def test_compare_says_who_is_better_and_by_how_much(say, tmp_path):
    written(tmp_path, STUDY.replace("policies", 'baseline = "random"\npolicies'))
    say("sweep", "study.toml", "-o", "r", "--backend", "serial")
    said = say("compare", "r")
    assert said.code == 0
    assert said.out.startswith("miss ratio against random, capacity 10%")
    sentence = next(line for line in said.out.splitlines() if line.startswith("- capacity 10%: lru has"))
    assert "lower than random, 95 % interval" in sentence and "of 8 draws: better" in sentence
    found = json.loads(say("compare", "r", "--json").out)
    assert {"comparisons", "worth", "bounds"} == set(found)


def test_compare_refuses_in_one_line(say, tmp_path):
    written(tmp_path, STUDY)
    say("sweep", "study.toml", "-o", "r", "--backend", "serial")
    for words, expected in (
        (("r", "--baseline", "lruu"), 'no baseline in this study named "lruu"; did you mean "lru"?'),
        (("r", "--metric", "misratio"), 'no metric named "misratio"'),
        (("nowhere",), "nowhere has no results (results.sqlite); augsim sweep STUDY.toml -o nowhere makes them"),
    ):
        said = say("compare", *words)
        assert (said.code, said.out) == (2, "")
        assert expected in said.err
        assert len(said.err.splitlines()) == 1


def test_a_full_disk_is_said_and_what_was_written_is_kept(tmp_path):
    """The limit on the size of a file stands for the disk."""
    study = written(tmp_path, STUDY.replace("seeds = 4", "seeds = 60"))

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    said = spawned("sweep", study, "-o", tmp_path / "r", "--backend", "serial", "--no-cache", preexec_fn=small_disk)
    assert said.code == 2
    assert len(said.err.strip().splitlines()) <= 2
    assert "results.sqlite" in said.err
    assert "full" in said.err or "cannot be written" in said.err
    again = spawned("sweep", study, "-o", tmp_path / "r", "--backend", "serial")
    assert "360 of 360 runs are done" in again.err
