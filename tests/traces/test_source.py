"""Bytes of a trace file, plain or compressed, and what a broken one says."""

import gzip
import io
import lzma
import sys

import pytest
import zstandard

from sim.core.errors import InputError
from traces.source import Source

TEXT = b"page\n" + b"\n".join(b"%d" % (i * i % 997) for i in range(50_000))
COMPRESS = {
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
    ".zst.22": zstandard.ZstdCompressor(22).compress,
    ".xz": lzma.compress,
}


def written(folder, name: str, data: bytes) -> Source:
    (folder / name).write_bytes(data)
    return Source(folder / name)


def test_a_plain_file_is_read_as_it_is(tmp_path):
    assert written(tmp_path, "a.csv", TEXT).open().read() == TEXT


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_compressed_file_is_decompressed_whatever_its_name(tmp_path, ending):
    assert written(tmp_path, "a.csv", COMPRESS[ending](TEXT)).open().read() == TEXT


@pytest.mark.parametrize("ending", COMPRESS)
def test_frames_one_after_the_other_are_one_stream(tmp_path, ending):
    data = b"".join(COMPRESS[ending](TEXT[start : start + 60_000]) for start in range(0, len(TEXT), 60_000))
    assert written(tmp_path, "a" + ending, data).open().read() == TEXT


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_file_cut_short_is_an_error_and_never_a_shorter_trace(tmp_path, ending):
    whole = COMPRESS[ending](TEXT)
    for length in (7, len(whole) // 2, len(whole) - 1):
        with pytest.raises(InputError, match=r"ends inside compressed frame 1"):
            written(tmp_path, "a" + ending, whole[:length]).open().read()


@pytest.mark.parametrize("ending", [".gz", ".zst", ".xz"])
def test_a_damaged_second_frame_is_named(tmp_path, ending):
    frame = COMPRESS[ending](TEXT)
    damaged = bytearray(frame + frame)
    middle = len(frame) + len(frame) // 2
    damaged[middle : middle + 64] = bytes(64)
    with pytest.raises(InputError, match="frame 2 is broken"):
        written(tmp_path, "a" + ending, bytes(damaged)).open().read()


def test_rubbish_after_the_last_frame_is_an_error(tmp_path):
    with pytest.raises(InputError, match="frame 2 is broken"):
        written(tmp_path, "a.gz", gzip.compress(TEXT) + b"rubbish").open().read()


def test_zeros_after_a_gzip_file_are_padding(tmp_path):
    assert written(tmp_path, "a.gz", gzip.compress(TEXT) + bytes(512)).open().read() == TEXT


def test_a_zstd_file_may_begin_with_a_skippable_frame(tmp_path):
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    assert written(tmp_path, "a.zst", skippable + COMPRESS[".zst"](TEXT)).open().read() == TEXT


def test_a_compressed_nothing_is_an_empty_stream(tmp_path):
    assert written(tmp_path, "a.gz", gzip.compress(b"")).open().read() == b""


def test_the_ending_leaves_the_compression_out():
    endings = {
        name: Source(name).ending for name in ("a.csv.zst.22", "a.CSV.gz", "a.txt", "b/a.oracleGeneral.bin", "a")
    }
    assert endings == {
        "a.csv.zst.22": ".csv",
        "a.CSV.gz": ".csv",
        "a.txt": ".txt",
        "b/a.oracleGeneral.bin": ".bin",
        "a": "",
    }


@pytest.mark.parametrize(
    ("name", "line"), [("none.csv", "no trace file"), ("", "is a folder"), ("empty.csv", "is empty; expected a trace")]
)
def test_a_file_that_is_none_is_named(tmp_path, name, line):
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match=line):
        Source(tmp_path / name).open()


def test_standard_input_is_decompressed_too(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(TEXT)))))
    source = Source("-")
    assert (source.name, source.path, source.ending) == ("standard input", None, "")
    assert source.open().read() == TEXT
