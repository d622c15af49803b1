"""`augsim replay DOMAIN TRACE -p NAME ...`, as a user calls it."""

import csv
import io
import json

import pytest

from tests.cli.command import augsim, spawned

SIZED = "time,id,size\n0,7,100\n1,8,300\n2,7,100\n5,9,200\n6,8,300\n7,7,100\n"


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("1\n2\n1\n3\n2\n1\n")
    (tmp_path / "sized.csv").write_text(SIZED)
    return lambda *words: augsim(capsys, monkeypatch, "replay", "paging", *words, "--mode", "interpreted")


@pytest.fixture
def rows(say):
    def rows(*words) -> list[dict]:
        said = say(*words, "--json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    return rows


def test_the_table_ranks_best_first_and_marks_the_reference(say):
    said = say("a.txt", "--capacity", "2", "-p", "lru", "-p", "fifo")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "a.txt: 6 requests, capacity 2"
    assert lines[2].split() == ["policy", "miss", "ratio", "ratio", "to", "OPT", "bound", "M", "req/s"]
    assert [line.split()[:-1] for line in lines[4:7]] == [
        ["belady", "*", "0.6667", "1.0000", "holds"],
        ["fifo", "0.6667", "1.0000"],
        ["lru", "0.8333", "1.2500"],
    ]
    assert lines[-1] == "best first by miss ratio (lower is better); seed 0; * sees the future; interpreted"


def test_json_has_the_keys_that_scripts_rely_on(rows):
    row, reference = rows("a.txt", "--capacity", "2", "-p", "clock,n_bits=2", "--seed", "3")
    assert row["trace"] == "a.txt" and row["policy"] == "clock" and row["policy.n_bits"] == 2
    assert row["system.capacity"] == 2 and row["predictions"] == "none" and row["seed"] == 3
    assert row["engine"] == "interpreted" and row["seconds"] > 0 and row["requests_per_s"] > 0
    assert {"requests", "misses", "cold_misses", "miss_ratio", "byte_miss_ratio", "ratio_to_opt", "bound"} <= set(row)
    assert (row["clairvoyant"], reference["clairvoyant"]) == (False, True)


def test_csv_has_nothing_but_the_rows(say):
    said = say("sized.csv", "--capacity", "2", "-p", "lru", "--csv")
    found = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["policy"] for row in found] == ["lru", "belady"] and found[0]["misses"] == "5"
    assert said.err == (
        'augsim: guessed: delimiter ",", a header, page in column 2 "id", time in column 1 "time", '
        'size in column 3 "size"\n'
    )


def test_several_capacities_give_a_table_each(rows, say):
    found = rows("a.txt", "--capacity", "1,2,100%", "-p", "lru")
    assert [(r["policy"], r["system.capacity"], r["misses"]) for r in found] == [
        ("lru", 1, 6), ("lru", 2, 5), ("lru", 3, 3), ("belady", 1, 6), ("belady", 2, 4), ("belady", 3, 3),
    ]  # fmt: skip
    assert say("a.txt", "--capacity", "1,2", "-p", "lru").out.count("best first") == 2


def test_customary_capacities_are_shares_of_the_pages(rows):
    found = rows("workload:scan,n_requests=1000", "--capacity", "auto", "-p", "lru", "--no-reference")
    assert [row["system.capacity"] for row in found] == [10, 30, 100, 200, 400, 800]


def test_sizes_count_where_the_capacity_is_in_bytes(rows):
    (in_bytes,) = rows("sized.csv", "--capacity", "400b", "-p", "lru", "--no-reference")
    (sized,) = rows("sized.csv", "--capacity", "400", "--sized", "-p", "lru", "--no-reference")
    # 7 miss, 8 miss, 7 hit, 9 miss evicts 8, 8 miss evicts 7 and 9 (100 + 200 + 300 > 400), 7 miss: 1000 of 1100 bytes
    assert (in_bytes["misses"], in_bytes["byte_miss_ratio"]) == (5, pytest.approx(1000 / 1100))
    assert in_bytes["system.sized"] and in_bytes["ratio_to_opt"] is None
    assert {k: v for k, v in in_bytes.items() if "second" not in k and not k.endswith("_s")} == {
        k: v for k, v in sized.items() if "second" not in k and not k.endswith("_s")
    }


def test_a_share_of_bytes_is_one_of_the_working_set(rows):
    (row,) = rows("sized.csv", "--capacity", "50%", "--sized", "-p", "lru", "--no-reference")
    assert row["system.capacity"] == 300


@pytest.mark.parametrize(("warmup", "requests"), [("2", 4), ("5s", 3), ("full", 2)])
def test_a_warm_up_is_left_out_of_the_figures(rows, warmup, requests):
    """The first eviction at two pages is at the fourth request, at time 5."""
    (row,) = rows("sized.csv", "--capacity", "2", "-p", "lru", "--no-reference", "--warmup", warmup)
    assert row["requests"] == requests + (warmup == "full")


def test_the_first_requests_alone(rows):
    row, reference = rows("a.txt", "--capacity", "2", "-p", "lru", "-n", "3")
    assert (row["requests"], row["misses"], reference["misses"]) == (3, 2, 2)


def test_the_reference_is_not_played_twice_or_against_the_users_wish(rows):
    assert [row["policy"] for row in rows("a.txt", "--capacity", "2", "-p", "opt", "-p", "lru")] == ["belady", "lru"]
    assert len(rows("a.txt", "--capacity", "2", "-p", "lru", "--no-reference")) == 1


def test_a_policy_is_run_with_every_predictor_that_fills_its_channel(rows):
    words = ("--predict", "discard:flip=0", "--predict", "discard:flip=1", "--predict", "next")
    found = rows("a.txt", "--capacity", "2", "-p", "lru", "-p", "mark0", "-p", "follow_pred", *words, "--no-reference")
    assert [(row["policy"], row["predictions"]) for row in found] == [
        ("lru", "none"), ("mark0", "discard:flip=0"), ("mark0", "discard:flip=1"), ("follow_pred", "next"),
    ]  # fmt: skip
    assert found[1]["ratio_to_opt"] == 1 and found[1]["eta0"] == found[1]["eta1"] == 0
    assert found[2]["eta0"] + found[2]["eta1"] == 6 and found[3]["ratio_to_opt"] == 1


def test_seeds_repeat_what_is_drawn_and_nothing_else(rows, say):
    words = ("a.txt", "--capacity", "2", "-p", "lru", "-p", "random", "--seed", "5", "--seeds", "3", "--no-reference")
    assert [(row["policy"], row["seed"]) for row in rows(*words)] == [
        ("lru", 5), ("random", 5), ("random", 6), ("random", 7),
    ]  # fmt: skip
    assert "mean ± 95 % interval over 3 seeds from 5" in say(*words).out


def test_the_same_seed_gives_the_same_rows_and_another_one_others(rows):
    def drawn(seed):
        words = ("workload:zipf,n_requests=400,n_pages=50", "--capacity", "10", "-p", "random", "--no-reference")
        return [(row["requests"], row["misses"], row["evictions"]) for row in rows(*words, "--seed", seed)]

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_workload_is_one_trace_under_all_its_seeds(say):
    text = "workload:mixture,of=[zipf,n_requests=50,n_pages=9;loop,n_pages=3,n_requests=40]"
    said = say(text, "--capacity", "3", "-p", "lru", "--seeds", "3", "--no-reference")
    assert said.code == 0 and said.out.count("best first") == 1
    assert "mean ± 95 % interval over 3 seeds from 0" in said.out


def test_the_timed_system_has_its_options_and_metrics(capsys, monkeypatch, tmp_path):
    (tmp_path / "sized.csv").write_text(SIZED)
    words = ("replay", "paging/timed", tmp_path / "sized.csv", "--capacity", "3", "-p", "lru", "--latency-s", "0.5")
    said = augsim(capsys, monkeypatch, *words, "--mode", "interpreted", "--json", "--no-reference")
    (row,) = json.loads(said.out)
    assert row["latency_mean_s"] == pytest.approx(3 * 0.5 / 6)
    assert row["misses"] == 3 and row["delayed_hits"] == 0 and row["system.latency_s"] == "0.5"


def test_standard_input_is_a_trace_too():
    words = ("--capacity", "2", "-p", "lru", "--mode", "interpreted", "--csv", "--no-reference")
    said = spawned("replay", "paging", "-", "--format", "txt", *words, input=b"1\n2\n1\n3\n2\n1\n")
    (row,) = csv.DictReader(io.StringIO(said.out))
    assert (said.code, row["trace"], row["misses"]) == (0, "standard input", "5")
