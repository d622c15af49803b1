"""`augsim mrc paging TRACE`, as a user calls it."""

import csv
import io
import json

import pytest

from tests.cli.command import augsim

ZIPF = "workload:zipf,n_requests=2000,n_pages=100"
FEW = ("--capacity", "5,20,60", "--mode", "interpreted")


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: augsim(capsys, monkeypatch, "mrc", *words)


def plain(text):
    """Without the breaks of its lines."""
    return " ".join(text.split())


def test_json_holds_the_rows_that_replay_prints_at_each_capacity(say, capsys, monkeypatch):
    said = say("paging", ZIPF, "-p", "lru", "-p", "sieve", *FEW, "--json")
    assert (said.code, said.err) == (0, "")
    rows = json.loads(said.out)
    replayed = augsim(capsys, monkeypatch, "replay", "paging", ZIPF, "-p", "lru", "-p", "sieve", *FEW, "--json")
    expected = {(row["policy"], row["system.capacity"]): row for row in json.loads(replayed.out)}
    assert {row["policy"] for row in rows} == {"lru", "sieve", "belady"} and len(rows) == 9
    for row in rows:
        single = expected[row["policy"], row["system.capacity"]]
        for key in ("trace", "predictions", "seed", "clairvoyant", "requests", "misses", "cold_misses", "miss_ratio"):
            assert row[key] == single[key]


def test_lru_alone_is_shown_over_a_grid_of_capacities(say):
    said = say("paging", ZIPF, "--no-reference")
    assert said.code == 0 and said.err == ""
    lines = said.out.splitlines()
    assert lines[0] == "zipf,alpha=1,n_pages=100,n_requests=2000: miss ratio, 2,000 requests"
    capacities = [line.split()[0] for line in lines if line.strip()[:1].isdigit()]
    assert capacities[0] == "1" and capacities[-1] == "100" and capacities == sorted(set(capacities), key=int)
    assert "lru: one pass of stack distances" in plain(said.out)


def test_csv_has_one_line_per_point(say):
    said = say("paging", ZIPF, *FEW, "--csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [(row["label"], row["method"]) for row in rows] == [("lru", "stack")] * 3 + [("belady", "replay")] * 3


def test_a_sample_is_compared_in_words_and_its_seeds_are_told(say):
    said = say("paging", ZIPF, *FEW, "--sample", "50%", "--compare", "--seeds", "2", "--no-reference")
    for text in ("50% of pages sampled", "lru: mean absolute error", "over 6 points", "2 seeds from 0, means"):
        assert text in plain(said.out)
    assert "below 200 pages a sampled cache holds fewer than 100" in said.err


def test_a_sample_of_fixed_size_leaves_the_reference_out(say):
    rows = json.loads(say("paging", ZIPF, *FEW, "--sample-pages", "20", "--json").out)
    assert [row["label"] for row in rows] == ["lru"] * 3 and all(row["sample_rate"] < 1 for row in rows)


def test_a_figure_comes_with_its_table_and_its_command(say, tmp_path):
    said = say("paging", ZIPF, "-p", "fifo", *FEW, "--figure", "curve.svg", "--json")
    assert said.err == "augsim: figure written to curve.svg, its table to curve.csv\n"
    assert "augsim mrc paging workload:zipf" in (tmp_path / "curve.svg").read_text()
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 1 + len(json.loads(said.out))


def test_a_policy_without_its_predictions_is_named_and_the_others_are_shown(say):
    said = say("paging", ZIPF, "-p", "mark0", "-p", "lru", *FEW, "--json")
    assert said.code == 2
    assert said.err.count("needs predictions of channel discard_bit: give --predict discard") <= 1
    assert {row["label"] for row in json.loads(said.out)} >= {"lru", "belady"}


def test_the_optimum_asked_for_is_not_shown_twice(say):
    rows = json.loads(say("paging", ZIPF, "-p", "opt", *FEW, "--json").out)
    assert len(rows) == 3 and all(row["clairvoyant"] for row in rows)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["paging", ZIPF, "--sample", "0"], '--sample must be a share above 0 and at most 1 (0.01 or 1%), got "0"'),
        (["paging", ZIPF, "--sample", "many"], '(0.01 or 1%), got "many"'),
        (["paging", ZIPF, "--sample-pages", "0"], '--sample-pages must be a whole number of at least 1, got "0"'),
        (["paging", ZIPF, "--metric", "hits"], 'no curve of "hits" (curves of: miss_ratio, byte_miss_ratio)'),
        (["paging", ZIPF, *FEW, "--metric", "byte_miss_ratio"], "byte miss ratios need sizes"),
        (["paging/timed", ZIPF], "paging/timed has no miss-ratio curves (with curves: paging)"),
        (["pagin", ZIPF], 'no domain named "pagin"; did you mean "paging"?'),
        (["paging", ZIPF, "-p", "lruu"], 'no paging policy named "lruu"; did you mean "lru"?'),
        (["paging", ZIPF, "--capacity", "x"], 'capacity "x" is not understood'),
        (["paging", ZIPF, "--figure", "a.gif"], "a figure's ending is one of .png, .pdf, .svg"),
        (["paging", "none.txt"], "none.txt"),
        (["paging", ZIPF, "--predict", "oracle"], 'no predictor named "oracle"'),
        (["paging", ZIPF, "--sample", "1e-9"], "a sample of 1e-09 has none of the"),
    ],
)
def test_bad_usage_is_one_line(say, words, expected):
    said = say(*words)
    assert said.code == 2 and said.out == ""
    assert said.err.startswith("augsim: ") and said.err.count("\n") == 1 and expected in said.err
