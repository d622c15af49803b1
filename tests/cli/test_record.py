"""`augsim record`: through the command line."""

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
