"""`augsim record`: through the command line."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from traces.store import open_trace

needs_valgrind = pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")


def augsim(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sim.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


@needs_valgrind
def test_a_recording_is_written_and_reads_back(tmp_path):
    path = tmp_path / "echo.oracleGeneral.zst"
    done = augsim("record", "-o", path, "--collapse", 4, "--", "echo", "-n", "hello")
    assert (done.returncode, done.stdout) == (0, "hello")
    accesses, written = done.stderr.splitlines()
    trace = open_trace(path, cache=False)
    assert f" are {len(trace):,} requests to {len(trace.tables['pages']):,} pages; requests to the last 4" in accesses
    assert written == f"augsim: {path} is written"
    assert os.listdir(tmp_path) == [path.name]


@needs_valgrind
def test_a_program_that_fails_is_told_and_its_recording_kept(tmp_path):
    path = tmp_path / "a.txt.gz"
    done = augsim("record", "-o", path, "-n", 10**9, "--", "false")
    assert done.returncode == 0
    assert "augsim: false ended with exit code 1\n" in done.stderr
    assert path.exists()


@needs_valgrind
def test_a_recording_may_be_cut_short(tmp_path):
    path = tmp_path / "a.txt"
    assert augsim("record", "-o", path, "-n", 100, "sleep", "1000").returncode == 0
    assert len(path.read_text().split()) == 100


@needs_valgrind
def test_a_file_that_is_there_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("1\n")
    done = augsim("record", "-o", path, "--", "true")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"augsim: {path} is there already; --force replaces it")
    assert path.read_text() == "1\n"
    assert augsim("record", "-o", path, "--force", "-n", 50, "--", "true").returncode == 0
    assert len(path.read_text().split()) == 50


@needs_valgrind
def test_a_missing_program_is_one_line(tmp_path):
    done = augsim("record", "-o", tmp_path / "a.txt", "--", "no-such-thing")
    assert (done.returncode, done.stderr) == (2, "augsim: there is no program no-such-thing to record\n")
    assert os.listdir(tmp_path) == []


def test_without_valgrind_one_line_says_how_to_get_it(tmp_path):
    done = augsim("record", "-o", tmp_path / "a.txt", "--", "/bin/true", PATH=str(tmp_path))
    expected = "augsim: recording needs the program valgrind, which is not installed (apt install valgrind)\n"
    assert (done.returncode, done.stderr) == (2, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.docx", "--", "true"], "no trace format has the ending of a.docx"),
        (["-o", "no/such/folder/a.txt", "--", "true"], "there is no folder"),
        (["-o", "a.txt"], "Missing argument '-- COMMAND [ARGUMENT]...'"),
        (["--", "true"], "Missing option '-o'"),
        (["-o", "a.txt", "--page-bytes", "1000", "--", "true"], "page_bytes must be a power of two"),
    ],
)
def test_wrong_usage_is_one_line_before_anything_runs(arguments, message):
    done = augsim("record", *arguments)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1


SMALL = ("workload:multi_knapsack,m=10,n=30", "--budget", 1500, "--portfolio", "mutation_50;rins_50")


def test_outcomes_of_neighbourhoods_are_recorded_and_bandits_replayed_against_them(tmp_path):
    path = tmp_path / "knapsack.lns.json.gz"
    done = augsim("record", "bandits/lns", *SMALL, "-o", path, "--states", 6, "--draws", 2, "--optimum", 11877.852959)
    assert (done.returncode, done.stdout) == (0, "")
    words = done.stderr.split()
    assert words[1:4] == [str(path), "is", "written:"] and words[5] == "outcomes"
    trace = open_trace(path, cache=False)
    assert len(trace) == int(words[4]) == 2 * 2 * int(words[7]) and trace.tables["instance"] == "multi_knapsack"
    policies = ("-p", "uniform", "-p", "ucb1", "-p", "best_fixed")
    replayed = augsim("replay", "bandits/lns", path, *policies, "--budget", 1500, "--most-fallbacks", 1, "--json")
    rows = {row["policy"]: row for row in json.loads(replayed.stdout)}
    assert replayed.returncode == 0 and set(rows) == {"uniform", "ucb1", "best_fixed"}
    for row in rows.values():
        assert 0 <= row["fallbacks"] <= 1 and row["pulls"] > 5 and row["engine"] == "compiled"
        assert 0 <= row["primal_gap"] <= row["primal_integral"] < 1


def test_a_replay_that_a_table_cannot_answer_fails_and_says_what_to_do(tmp_path):
    path = tmp_path / "knapsack.lns.json"
    augsim("record", "bandits/lns", *SMALL, "-o", path, "--states", 1, "--draws", 1)
    done = augsim("replay", "bandits/lns", path, "-p", "uniform", "--budget", 1500, "--accept", "always")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "pulls came by points without outcomes, more than 5%: record more points" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("workload:gisp,nodes=20",), "Missing option '-o'"),
        (("-o", "a.lns.json"), "Missing argument 'MODEL'"),
        (
            ("workload:gisp,nodes=20", "-o", "a.csv"),
            "a table of outcomes ends in .lns.json, or .lns.json.gz, got a.csv",
        ),
        (("workload:gisp,nodes=20", "-o", "a.lns.json", "--budget", "100,200"), "a table is recorded with one setting"),
        (("workload:gisp,nodes=20", "-o", "a.lns.json", "--states", "0"), "--states"),
        (
            ("workload:gisp,nodes=5", "-o", "a.lns.json"),
            "there is nothing to record, its first point is proven optimal",
        ),
        (("sample:links", "-o", "a.lns.json"), "holds no mixed-integer program"),
    ],
)
def test_what_cannot_be_recorded_as_a_table_is_one_line(words, message):
    done = augsim("record", "bandits/lns", *words)
    assert done.returncode == 2 and not os.path.exists("a.lns.json")
    assert message in done.stderr and done.stderr.count("\n") == 1
