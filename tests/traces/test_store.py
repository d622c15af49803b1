"""Opening traces: read once, found again, never stale, safe against crashes and other processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

import traces
from sim.core.errors import InputError, UnknownName
from tests.traces.files import oracle_general
from traces import store
from traces.readers import oracle_general as reader
from traces.shelf import Shelf

IDS = [7, 8, 7, 9, 7]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Each test has an empty cache of its own; machine code stays where it is."""
    monkeypatch.setattr(store, "cache_folder", lambda kind: tmp_path / "cache" / kind)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.oracleGeneral.bin"
    path.write_bytes(oracle_general(IDS))
    return path


@pytest.fixture
def reads(monkeypatch):
    """Paths of the files that were read, in order; and of those that were hashed."""
    seen = {"read": [], "hashed": []}
    read, sha256 = reader.read, store._sha256

    def spying_read(source, *, check_next: bool = True, allow_truncated: bool = False, skip_zero_size: bool = False):
        seen["read"].append(source.path.name)
        return read(source, check_next=check_next, allow_truncated=allow_truncated, skip_zero_size=skip_zero_size)

    def spying_hash(source, stop):
        seen["hashed"].append(source.path.name)
        return sha256(source, stop)

    monkeypatch.setattr(reader, "read", spying_read)
    monkeypatch.setattr(store, "_sha256", spying_hash)
    return seen


def kept(tmp_path) -> list[str]:
    return Shelf(tmp_path / "cache" / "traces", 1e9).names("")


def test_a_file_is_read_once_and_then_not_even_hashed(file, reads):
    first, second = store.open_trace(file), store.open_trace(str(file))
    assert reads == {"read": ["a.oracleGeneral.bin"], "hashed": ["a.oracleGeneral.bin"]}
    for trace in (first, second):
        assert trace["page"].tolist() == [0, 1, 0, 2, 0]
        assert trace.tables["pages"].tolist() == [7, 8, 9]
        assert trace.name == "a.oracleGeneral.bin"
        assert (trace.origin["file"], trace.origin["bytes"]) == (str(file), 120)
    assert dict(first.origin) == dict(second.origin)


def test_kept_and_unkept_traces_are_equal(file):
    mapped, read = store.open_trace(file), store.open_trace(file, cache=False)
    assert list(mapped.columns) == list(read.columns)
    assert all(
        np.array_equal(mapped[name], read[name]) and mapped[name].dtype == read[name].dtype for name in read.columns
    )
    assert not mapped["page"].flags.writeable


def test_without_the_cache_nothing_is_written(file, tmp_path):
    store.open_trace(file, cache=False)
    assert not (tmp_path / "cache").exists()


def test_an_edited_file_is_a_new_trace(file, tmp_path):
    store.open_trace(file)
    file.write_bytes(oracle_general([7, 8, 7, 9, 9]))
    assert store.open_trace(file)["page"].tolist() == [0, 1, 0, 2, 2]
    assert len(kept(tmp_path)) == 2


def test_an_edit_that_restores_size_and_time_stamp_is_seen(file):
    store.open_trace(file)
    stat = file.stat()
    with file.open("r+b") as opened:
        opened.write(oracle_general([7, 8, 7, 9, 9]))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns, file.stat().st_ino) == (
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ino,
    )
    assert store.open_trace(file)["page"].tolist() == [0, 1, 0, 2, 2]


def test_edits_in_quick_succession_are_all_seen(file):
    for last in range(20):
        file.write_bytes(oracle_general([100, 101, last]))
        assert store.open_trace(file).tables["pages"].tolist() == [100, 101, last]


def test_the_same_content_by_another_name_is_hashed_but_not_read(file, reads):
    store.open_trace(file)
    moved = file.rename(file.with_name("b.oracleGeneral.bin"))
    trace = store.open_trace(moved)
    assert reads["read"] == ["a.oracleGeneral.bin"]
    assert (trace.name, trace.origin["file"]) == ("b.oracleGeneral.bin", str(moved))


def test_other_options_are_another_trace(file, reads, tmp_path):
    store.open_trace(file)
    store.open_trace(file, skip_zero_size="true")
    assert len(reads["read"]) == 2
    assert len(kept(tmp_path)) == 2


def test_other_code_of_the_reader_is_another_trace(file, reads, monkeypatch):
    store.open_trace(file)
    monkeypatch.setattr(store, "_code", lambda reader: "edited")
    store.open_trace(file)
    assert len(reads["read"]) == 2


def test_what_was_noticed_is_said_each_time(tmp_path):
    path = tmp_path / "a.oracleGeneral.bin"
    path.write_bytes(oracle_general([1, 2], times=[5, 4]))
    assert store.open_trace(path).origin["notices"] == store.open_trace(path).origin["notices"] != ()


def test_the_description_tells_what_the_trace_is(file, tmp_path):
    store.open_trace(file)
    (name,) = kept(tmp_path)
    facts = store.columns.describe(tmp_path / "cache" / "traces" / "whole" / name)
    assert (facts["requests"], facts["pages"], facts["one_hit_pages"]) == (5, 3, 2)
    assert (facts["first_time_s"], facts["last_time_s"], facts["file"]) == (0, 4, str(file))
    assert (facts["origin"]["bytes"], len(facts["origin"]["sha256"])) == (120, 64)


def test_the_published_facts_are_in_the_description(shared_data, tmp_path):
    store.open_trace(shared_data / "cache" / "cloudPhysicsIO.oracleGeneral.bin")
    (name,) = kept(tmp_path)
    facts = store.columns.describe(tmp_path / "cache" / "traces" / "whole" / name)
    assert (facts["requests"], facts["pages"], facts["one_hit_pages"]) == (113_872, 48_974, 21_049)
    assert (facts["first_time_s"], facts["last_time_s"]) == (5_633_898, 5_641_098)


def test_a_bad_file_leaves_nothing_behind(file, tmp_path):
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(InputError, match="record 5: 23 left-over bytes"):
        store.open_trace(file)
    assert kept(tmp_path) == []
    assert list((tmp_path / "cache" / "traces" / "unfinished").iterdir()) == []


def test_a_damaged_store_is_read_anew(file, tmp_path, reads):
    store.open_trace(file)
    (name,) = kept(tmp_path)
    os.truncate(tmp_path / "cache" / "traces" / "whole" / name / "page.npy", 130)
    assert store.open_trace(file)["page"].tolist() == [0, 1, 0, 2, 0]
    assert len(reads["read"]) == 2
    assert store.open_trace(file)["page"].tolist() == [0, 1, 0, 2, 0]
    assert len(reads["read"]) == 2


def test_a_damaged_note_is_written_anew(file, tmp_path, reads):
    store.open_trace(file)
    (note,) = (tmp_path / "cache" / "traces" / "files").iterdir()
    note.write_text("{")
    store.open_trace(file)
    assert (len(reads["read"]), len(reads["hashed"])) == (1, 2)


def test_a_file_that_grows_while_it_is_read_is_refused(file, monkeypatch):
    read = reader.read

    def slow_read(source, *, check_next: bool = True, allow_truncated: bool = False, skip_zero_size: bool = False):
        trace = read(source)
        with file.open("ab") as opened:
            opened.write(bytes(24))
        return trace

    monkeypatch.setattr(reader, "read", slow_read)
    with pytest.raises(InputError, match="changed while it was read"):
        store.open_trace(file)


@pytest.mark.parametrize(("limit", "n_kept"), [("0.0000001", 0), ("0", 0), ("1", 1)])
def test_a_trace_larger_than_the_limit_is_opened_but_not_kept(file, tmp_path, monkeypatch, limit, n_kept):
    monkeypatch.setenv("AUGSIM_CACHE_GB", limit)
    assert store.open_trace(file)["page"].tolist() == [0, 1, 0, 2, 0]
    assert len(kept(tmp_path)) == n_kept


def test_a_limit_that_is_no_number_is_refused(file, monkeypatch):
    monkeypatch.setenv("AUGSIM_CACHE_GB", "plenty")
    with pytest.raises(InputError, match='AUGSIM_CACHE_GB must be a number of at least 0, got "plenty"'):
        store.open_trace(file)


def test_a_cache_that_cannot_be_written_is_said_and_does_without(file, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    trace = store.open_trace(file)
    assert trace["page"].tolist() == [0, 1, 0, 2, 0]
    assert trace.origin["notices"] == ("not kept on disk: Not a directory",)


def test_a_trace_that_cannot_be_kept_is_said_and_opened(file, tmp_path, monkeypatch):
    read = reader.read

    def read_with_object(source, *, check_next: bool = True):
        trace = read(source)
        return replace(trace, tables={**trace.tables, "model": object()})

    monkeypatch.setattr(reader, "read", read_with_object)
    trace = store.open_trace(file)
    assert trace["page"].tolist() == [0, 1, 0, 2, 0]
    assert trace.origin["notices"][0].startswith("trace a.oracleGeneral.bin cannot be kept on disk")
    assert kept(tmp_path) == []


@pytest.mark.parametrize(("name", "line"), [("none.xyz", "no trace file"), ("", "is a folder; expected a trace file")])
def test_a_file_that_is_none_is_named_before_its_format_is_looked_for(tmp_path, name, line):
    with pytest.raises(InputError, match=line):
        store.open_trace(tmp_path / name)


CHILD = """
import pathlib, sys
from traces import store
from traces.readers import oracle_general as reader
store.cache_folder = lambda kind: pathlib.Path(sys.argv[2]) / kind
if sys.argv[3:] == ["crash"]:
    write = store.columns.write
    def stuck(*given, **facts):
        write(*given, **facts)
        print("written", flush=True)
        import time; time.sleep(60)
    store.columns.write = stuck
print(store.open_trace(sys.argv[1])["page"].tolist())
"""


def child(file, tmp_path, *how) -> subprocess.Popen:
    command = [sys.executable, "-c", CHILD, str(file), str(tmp_path / "cache"), *how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_process_killed_before_it_is_done_leaves_no_trace_and_does_not_disturb(file, tmp_path):
    with child(file, tmp_path, "crash") as process:
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    assert kept(tmp_path) == []
    assert len(list((tmp_path / "cache" / "traces" / "unfinished").iterdir())) == 1
    assert store.open_trace(file)["page"].tolist() == [0, 1, 0, 2, 0]
    assert len(kept(tmp_path)) == 1


def test_two_processes_may_open_the_same_file_at_once(tmp_path):
    file = tmp_path / "large.oracleGeneral.bin"
    ids = np.random.default_rng(1).integers(0, 1000, 50_000)
    file.write_bytes(oracle_general(ids.tolist()))
    processes = [child(file, tmp_path) for _ in range(3)]
    answers = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(answers)) == 1
    assert len(kept(tmp_path)) == 1
    assert list((tmp_path / "cache" / "traces" / "unfinished").iterdir()) == []


def _open_often(path, root, n):
    store.cache_folder = lambda kind: root / kind
    return [store.open_trace(path).tables["pages"].tolist() for _ in range(n)] == [[7, 8, 9]] * n


def test_processes_that_evict_each_other_still_get_their_traces(tmp_path, monkeypatch):
    monkeypatch.setenv("AUGSIM_CACHE_GB", "0.000004")
    files = []
    for name in "abcd":
        files.append(tmp_path / f"{name}.oracleGeneral.bin")
        files[-1].write_bytes(oracle_general([7, 8, 7, 9] + [9] * ord(name)))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        jobs = [pool.apply_async(_open_often, (file, tmp_path / "cache", 15)) for file in files]
        assert all(job.get(timeout=120) for job in jobs)
    total = sum(path.stat().st_size for path in (tmp_path / "cache" / "traces" / "whole").rglob("*"))
    assert total < 60_000


def test_a_large_file_opens_again_at_once(tmp_path):
    file = tmp_path / "large.oracleGeneral.bin"
    record = np.dtype([("time_s", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next", "<i8")])
    rows = np.zeros(1_000_000, record)
    rows["id"], rows["next"] = np.arange(1_000_000), -1
    rows.tofile(file)
    store.open_trace(file)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        store.open_trace(file)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05


def test_an_unknown_sample_names_the_known_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(traces, "__path__", [str(tmp_path)])
    (tmp_path / "paging").mkdir()
    (tmp_path / "paging" / "small.oracleGeneral.bin").write_bytes(oracle_general(IDS))
    trace = store.sample("small", "paging/timed")
    assert (trace.name, trace["page"].tolist()) == ("small", [0, 1, 0, 2, 0])
    with pytest.raises(UnknownName, match='no paging sample named "smal"; did you mean "small"'):
        store.sample("smal", "paging")
