"""Recording: lackey's lines as requests, and real programs where valgrind is installed."""

import io
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sim.core.errors import InputError, MissingDependency
from traces.record import _Requests, record

LINES = b"""\
I  00001000,3
 L 1fff000ffe,8
I  00001003,5
 S 00001ff8,8
 M 1fff001000,4
I  00002fff,2
"""
"""Pages of 4096: 1 | 1fff000, 1fff001 (spans two) | 1 | 1 | 1fff001 | 2, 3 (spans two)."""

STACK = 0x1FFF000


def pages(text: bytes, *, accesses="all", page_bytes=4096, collapse=0, n_requests=None) -> list[int]:
    requests = _Requests(accesses, page_bytes, collapse, n_requests)
    requests.read(io.BytesIO(text))
    trace = requests.trace(["a"], {})
    return trace.tables["pages"][trace["page"]].tolist()


def test_an_access_that_spans_two_pages_requests_both():
    assert pages(LINES) == [1, STACK, STACK + 1, 1, 1, STACK + 1, 2, 3]


def test_instructions_and_data_are_told_apart():
    assert pages(LINES, accesses="instructions") == [1, 1, 2, 3]
    assert pages(LINES, accesses="data") == [STACK, STACK + 1, 1, STACK + 1]


def test_a_page_is_a_part_of_the_address():
    assert pages(b" L 00000100,1\n L 0000013f,1\n L 0000013f,2\n", page_bytes=64) == [4, 4, 4, 5]
    assert pages(b" L ffffffffff600000,8\n") == [0xFFFFFFFFFF600]


@pytest.mark.parametrize(
    ("collapse", "expected"),
    [(0, [1, 1, 2, 1, 3, 2, 1]), (1, [1, 2, 1, 3, 2, 1]), (2, [1, 2, 3, 2, 1]), (3, [1, 2, 3])],
)
def test_collapse_leaves_out_what_a_buffer_of_the_last_pages_serves(collapse, expected):
    text = b"".join(b" L %x000,4\n" % page for page in [1, 1, 2, 1, 3, 2, 1])
    assert pages(text, collapse=collapse) == expected


def test_other_lines_are_no_accesses():
    assert pages(b"==1== Lackey, an example tool\n\nI\n L 00001000,4\n--1-- S 5,5\n") == [1]


def test_half_a_line_at_the_end_is_no_access():
    assert pages(b" L 00001000,4\n L 0000") == [1]


def test_reading_stops_at_enough_requests():
    requests = _Requests("all", 4096, 0, 2)
    assert requests.read(io.BytesIO(LINES))
    assert requests.page.n == 2


def test_lines_may_arrive_in_any_pieces():
    class Pieces(io.RawIOBase):
        """Gives 7 bytes at a time."""

        rest = LINES

        def readinto(self, room):
            piece, self.rest = self.rest[:7], self.rest[7:]
            room[: len(piece)] = piece
            return len(piece)

    requests = _Requests("all", 4096, 0, None)
    requests.read(Pieces())
    assert requests.page.n == 8


def test_many_requests_are_the_same_as_by_a_slow_obvious_reader():
    rng = np.random.default_rng(1)
    rows = [
        ("LSM"[k], int(a), int(s)) for k, a, s in zip(*rng.integers(0, (3, 1 << 40, 64), (200_000, 3)).T, strict=True)
    ]
    text = "".join(f" {kind} {address:08x},{size + 1}\n" for kind, address, size in rows)
    expected = [page for _, a, s in rows for page in range(a >> 8, (a + s >> 8) + 1)]
    assert pages(text.encode(), page_bytes=256) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accesses": "writes"}, 'accesses must be one of all, instructions, data, got "writes"'),
        ({"page_bytes": 1000}, "page_bytes must be a power of two of at least 16, got 1000"),
        ({"page_bytes": 8}, "page_bytes must be a power of two of at least 16, got 8"),
        ({"collapse": -1}, "collapse must be from 0 to 4096 pages, got -1"),
        ({"n_requests": 0}, "the number of requests must be at least 1, got 0"),
    ],
)
def test_an_option_out_of_range_is_refused_before_anything_runs(options, message):
    with pytest.raises(InputError, match=message):
        record(["true"], **options)


def test_without_valgrind_one_line_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match=r"needs the program valgrind.*\(apt install valgrind\)"):
        record(["/bin/true"])


needs_valgrind = pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")


def children() -> set[str]:
    """Processes that we started and have not waited for, zombies too."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


@needs_valgrind
def test_a_real_program_is_recorded_alike_twice(capfd):
    first, second = (record(["echo", "hello"]) for _ in range(2))
    assert capfd.readouterr().out == "hello\nhello\n"
    assert first.exit_code == 0
    assert len(first.trace) > 10_000 and 50 < len(first.trace.tables["pages"]) < 500
    assert np.all(np.diff(first.trace["page"]) != 0)  # repeats are left out
    one, other = (np.bincount(each.trace["page"], minlength=500) for each in (first, second))
    n_moved = np.abs(one - other).sum()
    assert n_moved <= len(first.trace) / 1000  # rarely a few, by what the system puts on a stack
    assert first.trace.name == "echo" and first.trace.origin["command"] == "echo hello"


@needs_valgrind
def test_a_loop_over_many_pages_is_seen_as_one(tmp_path):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler is installed")
    (tmp_path / "walk.c").write_text(
        "static volatile char room[400][4096];\n"
        "int main(void) { for (int i = 0; i < 3; i++) for (int k = 0; k < 400; k++) room[k][0]++; return 7; }\n"
    )
    subprocess.run([compiler, "-O1", "walk.c", "-o", "walk"], cwd=tmp_path, check=True)
    recording = record([str(tmp_path / "walk")], accesses="data", collapse=2)
    ids = recording.trace.tables["pages"][recording.trace["page"]]
    runs = np.split(ids, np.flatnonzero(np.diff(ids) != 1) + 1)
    assert recording.exit_code == 7
    assert sum(len(run) >= 400 for run in runs) == 3


@needs_valgrind
def test_a_program_that_fails_is_recorded_with_its_exit_code(capfd):
    assert record(["false"]).exit_code == 1
    assert record(["sh", "-c", "kill -9 $$"]).exit_code == 137


@needs_valgrind
def test_a_program_is_stopped_after_enough_requests():
    before = children()
    recording = record(["sleep", "1000"], n_requests=500)
    assert len(recording.trace) == 500 and recording.exit_code == 0
    assert children() == before


@needs_valgrind
def test_a_program_left_running_by_the_recorded_one_is_not_waited_for():
    start = time.monotonic()
    recording = record(["sh", "-c", "sleep 30 >/dev/null 2>&1 & exit 3"])
    assert time.monotonic() - start < 25
    assert recording.exit_code == 3


@needs_valgrind
def test_a_program_that_is_none_is_one_line(tmp_path):
    with pytest.raises(InputError, match="there is no program no-such-thing to record"):
        record(["no-such-thing"])
    with pytest.raises(InputError, match="a program to record is missing"):
        record([])


@needs_valgrind
def test_an_interrupt_ends_the_program_and_keeps_what_was_recorded():
    script = "from traces.record import record; r = record(['cat']); print(len(r.trace), r.exit_code)"
    running = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        print("ready", file=running.stdin, flush=True)
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGINT)
        n_requests, exit_code = running.communicate(timeout=30)[0].split()
    finally:
        running.kill()
        running.wait()
    assert int(n_requests) > 1000 and int(exit_code) == 128 + signal.SIGINT
