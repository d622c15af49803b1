"""Writing a file: whole or not at all, compressed as its ending says."""

import errno
import gzip
import lzma
import os
import subprocess
import sys

import numpy as np
import pytest
import zstandard

from sim.core.errors import InputError, UnknownName
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.transactions.tokens import trace_of as transactions_of
from tests.worked import trace_of
from traces import sink
from traces.readers import lns
from traces.source import Source
from workloads.bandits import auction

OPENERS = {
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    ".zst.22": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "": bytes,
}


def large(format: str) -> Trace:
    """A trace of what the format holds, of more than a few thousand bytes however it is compressed."""
    if format == "transactions":
        tokens = [[f"w-{i * 7919 % 1_000_003}"] for i in range(20_000)]
        return transactions_of("worked", tokens, ids=[f"txn{i}" for i in range(len(tokens))], origin={})
    if format == "mps":
        return auction(stream(0, "sink"), items=100, bids=500)
    if format == "lns":
        rows = np.arange(20_000)
        columns = dict.fromkeys(lns.ROWS, rows * 7919 % 1000003)
        return Trace("worked", "bandits", columns, dict.fromkeys(lns.NEEDED, 0))
    return trace_of([i * 7919 % 1_000_003 for i in range(20_000)])


@pytest.mark.parametrize("ending", OPENERS)
def test_a_file_is_compressed_as_its_ending_says(tmp_path, ending):
    path = tmp_path / f"a.txt{ending}"
    with sink.whole(path) as file:
        file.write(b"1\n2\n")
    assert OPENERS[ending](path.read_bytes()) == b"1\n2\n"
    assert Source(path).open().read() == b"1\n2\n"


@pytest.mark.parametrize("ending", OPENERS)
def test_equal_traces_give_equal_files(tmp_path, ending):
    paths = [tmp_path / f"{name}.txt{ending}" for name in "ab"]
    for path in paths:
        sink.save(trace_of([3, 1, 3]), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("path", "format", "expected"),
    [
        ("a.txt", "auto", "txt"),
        ("a.csv.zst.19", "auto", "csv"),
        ("A.CSV.GZ", "auto", "csv"),
        ("a.oracleGeneral.zst", "auto", "oracle_general"),
        ("a.oracleGeneral.bin", "auto", "oracle_general"),
        ("a.bin", "oracleGeneral", "oracle_general"),
    ],
)
def test_the_format_is_told_by_the_ending_or_by_name(path, format, expected):
    assert sink.writer(path, format).__name__ == f"traces.writers.{expected}"


def test_an_unknown_ending_or_format_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match=r"no trace format has the ending of a.docx \(known: .*\.csv.*\.txt"):
        sink.writer("a.docx")
    with pytest.raises(UnknownName, match='no trace format named "cvs" is written; did you mean "csv"'):
        sink.writer("a", "cvs")


def test_a_level_out_of_range_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"the level of .gz must be from 1 to 9, got 22"):
        sink.check(tmp_path / "a.txt.gz.22")


def test_a_failure_leaves_nothing_and_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), sink.whole(path) as file:
        file.writelines(b"new" * (6 // n) for n in (3, 2, 1, 0))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt.gz"]


def test_a_new_file_has_the_usual_permissions_and_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.touch()
    link.symlink_to(target)
    sink.save(trace_of([1]), link)
    assert link.is_symlink() and target.read_bytes() == b"1\n"
    sink.save(trace_of([1]), tmp_path / "new.txt")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "new.txt").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("n_requests", [1, 1_000_000])
def test_a_full_device_is_one_clear_line_and_stays_a_device(n_requests):
    with pytest.raises(InputError, match="/dev/full cannot be written: No space left on device; nothing of it is kept"):
        sink.save(trace_of([7] * n_requests), "/dev/full", "txt")
    assert not os.path.isfile("/dev/full")


@pytest.mark.parametrize("ending", OPENERS)
@pytest.mark.parametrize("format", sink.formats())
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, format, ending):
    class Full:
        """A file on a disk with room for 1000 bytes."""

        room = 1000

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, data):
            self.room -= len(data)
            if self.room < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.file.write(data)

        def __getattr__(self, name):
            return getattr(self.file, name)

    opened = sink.Path.open
    path = tmp_path / f"a{ending}"

    def full_there(self, *arguments, **others):
        file = opened(self, *arguments, **others)
        return Full(file) if self.parent == tmp_path else file

    monkeypatch.setattr(sink.Path, "open", full_there)
    with pytest.raises(InputError, match=rf"{path} cannot be written: No space left on device; nothing of it is kept"):
        sink.save(large(format), path, format)
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_written_is_said_before_anything_is_made(tmp_path):
    with pytest.raises(InputError, match="is a folder; expected a file to write"):
        sink.check(tmp_path)
    with pytest.raises(InputError, match=f"cannot be written: there is no folder {tmp_path}/none"):
        sink.check(tmp_path / "none" / "a.txt")


def test_a_pipe_is_written_directly():
    script = (
        "from tests.worked import trace_of; from traces import sink; sink.save(trace_of('abca'), '/dev/stdout', 'txt')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"a\nb\nc\na\n"
