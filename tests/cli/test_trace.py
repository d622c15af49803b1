"""`augsim trace info|head|convert`, as a user calls it."""

import json
import os
import resource

import numpy as np
import pytest

from sim.core.trace import Trace
from tests.cli.command import augsim, spawned
from tests.traces.files import oracle_general, vscsi_1
from tests.worked import golden
from traces import sink, store


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: augsim(capsys, monkeypatch, "trace", *words)


@pytest.fixture
def blocks(tmp_path):
    path = tmp_path / "blocks.vscsi"
    path.write_bytes(vscsi_1([7, 2**40, 7, 9], times=[0, 1_500_000, 2_000_000, 9_000_000], sizes=[512, 1024, 512, 0]))
    return path


def test_info_prints_tables_without_trailing_blanks(say, tmp_path):
    sink.save(golden(), tmp_path / "golden.txt")
    said = say("info", "golden.txt")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "golden.txt: 1,000 rows of paging"
    assert any(line.split() == ["one", "hit", "wonders", "51"] for line in lines)
    assert any(line.split() == ["1", "0", "242", "24.20", "%", "24.20", "%"] for line in lines)
    assert not [line for line in lines if line != line.rstrip()]


def test_info_as_json_is_json_only(say, blocks):
    said = say("info", blocks, "--json", "--window", "2s")
    found = json.loads(said.out)
    assert (found["requests"], found["distinct_pages"], found["size_0_requests"]) == (4, 3, 1)
    assert found["working_set"]["pages"] == [2, 1, 0, 0, 1]
    assert "1 request of size 0" in said.err


def test_info_draws_a_figure(say, blocks, tmp_path):
    said = say("info", blocks, "--figure", "a.png")
    assert said.code == 0 and "figure written to a.png" in said.err
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_info_reads_workloads_and_reader_options(say, tmp_path):
    assert json.loads(say("info", "workload:loop,n_pages=5,n_requests=20", "--json").out)["distinct_pages"] == 5
    (tmp_path / "a.log").write_text("x|1\ny|2\nx|3\n")
    words = ("--format", "csv", "-t", "page-column=1", "-t", "delimiter=|", "-t", "has-header=false", "-n", "2")
    assert json.loads(say("info", "a.log", "--json", *words).out)["requests"] == 2


def test_info_reads_standard_input():
    said = spawned("trace", "info", "-", "--format", "txt", "--json", input=b"a\nb\na\n")
    assert (said.code, json.loads(said.out)["distinct_pages"]) == (0, 2)


def test_head_shows_the_first_rows_with_the_ids_of_the_file(say, blocks):
    assert json.loads(say("head", blocks, "-n", 2, "--json").out) == [
        {"request": 1, "page": 7, "time_s": 0.0, "size_bytes": 512, "op": "read"},
        {"request": 2, "page": 2**40, "time_s": 1.5, "size_bytes": 1024, "op": "read"},
    ]
    assert say("head", blocks, "-n", 1, "--csv").out == "request,page,time_s,size_bytes,op\n1,7,0.0,512,read\n"
    assert say("head", blocks).out.rstrip().splitlines()[-1].split() == ["4", "9", "9.0", "0", "read"]


def same(one: Trace, other: Trace, *columns: str) -> bool:
    ids = [np.asarray(trace.tables["pages"])[trace["page"]].tolist() for trace in (one, other)]
    return ids[0] == ids[1] and all(np.array_equal(one[name], other[name]) for name in columns)


@pytest.mark.parametrize("ending", ["", ".gz", ".zst", ".xz"])
@pytest.mark.parametrize(
    ("out", "columns"),
    [
        ("a.csv", ("time_s", "size_bytes", "op")),
        ("a.oracleGeneral", ("size_bytes",)),
        ("a.txt", ()),
    ],
)
def test_what_is_converted_reads_back(say, blocks, tmp_path, out, columns, ending):
    said = say("convert", blocks, out + ending)
    assert said.code == 0 and f"4 requests written to {out}{ending}" in said.err and said.out == ""
    assert same(store.open_trace(blocks), store.open_trace(tmp_path / (out + ending)), *columns)


def test_convert_says_what_the_format_has_no_place_for(say, blocks):
    said = say("convert", blocks, "a.oracleGeneral")
    assert "oracleGeneral has no place for the column op" in said.err
    assert "whole seconds only: times are rounded down" in said.err
    assert "txt has no place for the column time_s" in say("convert", blocks, "a.txt").err


def test_convert_takes_the_format_by_name_and_writes_to_standard_output(tmp_path):
    path = tmp_path / "a.oracleGeneral"
    path.write_bytes(oracle_general([5, 6, 5]))
    said = spawned("trace", "convert", path, "-", "--to", "txt")
    assert (said.code, said.out) == (0, "5\n6\n5\n")


def test_convert_replaces_a_file_only_on_demand(say, blocks, tmp_path):
    old = tmp_path / "a.txt"
    old.write_text("old\n")
    said = say("convert", blocks, "a.txt")
    assert said.code == 2 and "a.txt is there already; --force replaces it" in said.err
    assert old.read_text() == "old\n"
    assert say("convert", blocks, "a.txt", "--force").code == 0
    assert old.read_text().splitlines() == ["7", str(2**40), "7", "9"]
    assert "is the trace that is read" in say("convert", "a.txt", "./a.txt", "--force").err
    assert old.read_text().splitlines() == ["7", str(2**40), "7", "9"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_device_is_one_line(say, blocks):
    said = say("convert", blocks, "/dev/full", "--to", "txt", "--force")
    assert said.code == 2
    assert "/dev/full cannot be written: No space left on device; nothing of it is kept" in said.err.splitlines()[-1]


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    source, out = tmp_path / "a.txt", tmp_path / "out"
    source.write_text("".join(f"{i}\n" for i in range(30_000)))
    out.mkdir()
    limit = (200_000, 200_000)  # less than the 720,000 bytes that are to be written
    said = spawned(
        "trace", "convert", source, out / "a.oracleGeneral", "--no-cache",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )  # fmt: skip
    assert said.code == 2 and "cannot be written: File too large; nothing of it is kept" in said.err.splitlines()[-1]
    assert os.listdir(out) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("info", "none.csv"), "no trace file none.csv"),
        (("info", "."), ". is a folder; expected a trace file"),
        (("info", "empty.txt"), "empty.txt is empty; expected a trace"),
        (("info", "a.docx"), "the format of a.docx is not known by its ending"),
        (("info", "blocks.vscsi", "--format", "vscsii"), 'no trace format named "vscsii"; did you mean "vscsi"'),
        (("info", "blocks.vscsi", "-t", "speed=1"), 'no option of format vscsi named "speed"'),
        (("info", "blocks.vscsi", "--window", "soon"), 'window "soon" is not understood'),
        (("info", "blocks.vscsi", "--figure", "a.gif"), "the ending must be one of .png, .pdf, .svg"),
        (("info", "blocks.vscsi", "--figure", "none/a.png"), "there is no folder"),
        (("info", "workload:zipff"), 'no paging workload named "zipff"; did you mean "zipf"'),
        (("info", "sample:nothing"), 'no paging sample named "nothing"'),
        (("info", "blocks.vscsi", "--domain", "pagin"), 'no domain named "pagin"; did you mean "paging"'),
        (("head", "blocks.vscsi", "-n", "0"), '-n must be a whole number of at least 1, got "0"'),
        (("convert", "blocks.vscsi", "a.docx"), "no trace format has the ending of a.docx"),
        (("convert", "blocks.vscsi", "a", "--to", "cvs"), 'no trace format named "cvs" is written; did you mean "csv"'),
        (("convert", "blocks.vscsi", "-"), "standard output needs a format"),
        (("convert", "blocks.vscsi", "folder.txt"), "folder.txt is a folder; expected a file to write"),
        (("convert", "blocks.vscsi", "none/a.txt"), "there is no folder"),
        (("convert", "none.txt", "a.txt"), "no trace file none.txt"),
        (("convert", "words.txt", "a.oracleGeneral", "-t", "ids=text"), "has page ids that oracleGeneral cannot hold"),
        (("convert", "blocks.vscsi"), "Missing argument 'OUT'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(say, tmp_path, words, expected):
    (tmp_path / "blocks.vscsi").write_bytes(vscsi_1([7, 8, 7]))
    (tmp_path / "empty.txt").touch()
    (tmp_path / "a.docx").write_text("1\n")
    (tmp_path / "words.txt").write_text("one\ntwo\n")
    (tmp_path / "folder.txt").mkdir()
    before = sorted(os.listdir(tmp_path))
    said = say(*words)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith("augsim: ") and expected in said.err
    assert sorted(os.listdir(tmp_path)) == before
