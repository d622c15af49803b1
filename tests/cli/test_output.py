"""Tables for the eye: what gives way where there is little room."""

import pytest

from sim.cli import output
from sim.study.ranking import Ranking

RANKING = Ranking(
    "trace: 100 requests",
    [("policy", "left"), ("miss ratio", "right"), ("eta0", "right"), ("eta1", "right"), ("M req/s", "right")],
    [
        ["belady *", "0.1000", "", "", "10.0"],
        ["combiner,of=[marker;follow_pred]", "0.2000 ± 0.0100", "1.2k", "3.4k", "5.00"],
    ],
    "best first",
    spared=(("M req/s",), ("eta0", "eta1"), ("eta",)),
)


def printed(capsys, width=None):
    output.table(RANKING, width)
    return capsys.readouterr().out.splitlines()


def test_a_table_is_as_wide_as_it_needs_and_has_no_trailing_blanks(capsys):
    lines = printed(capsys)
    assert lines[0] == "trace: 100 requests"
    assert lines[2].split() == ["policy", "miss", "ratio", "eta0", "eta1", "M", "req/s"]
    assert lines[-1] == "best first"
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(("width", "missing"), [(77, []), (70, ["M req/s"]), (62, ["eta0", "eta1", "M req/s"])])
def test_columns_that_can_be_spared_go_first_and_are_named(capsys, width, missing):
    lines = printed(capsys, width)
    assert max(map(len, lines)) <= width
    assert [heading for heading in ("eta0", "eta1", "M req/s") if heading not in lines[2]] == missing
    assert (lines[-1] == f"not shown for want of room: {', '.join(missing)}") == bool(missing)


def test_then_long_names_are_folded_and_nothing_is_lost(capsys):
    lines = printed(capsys, 40)
    assert "0.2000 ± 0.0100" in "\n".join(lines)
    assert "".join(line.split()[0] for line in lines[5:] if line.split())[:32] == "combiner,of=[marker;follow_pred]"


def test_rows_without_a_number_are_null_in_json():
    assert output.as_json([{"a": float("inf"), "b": 1.5, "c": None}]) == (
        '[\n {\n  "a": null,\n  "b": 1.5,\n  "c": null\n }\n]'
    )


def test_csv_has_a_column_for_every_key_of_any_row():
    assert output.as_csv([{"a": 1}, {"a": 2, "b": "x,y"}]) == 'a,b\n1,\n2,"x,y"'


def test_progress_is_told_now_and_then_with_the_time_left_and_only_on_a_terminal(capsys, monkeypatch):
    assert output.Progress().of("lru") is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    clock = iter([7.0, 7.1, 7.3, 7.4, 9.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    tell = output.Progress().of("lru")
    assert tell is not None
    for done in (10, 15, 20, 25, 60):
        tell(done, 1000)
    lines = capsys.readouterr().err.split("\r\033[K")
    assert lines == ["", "lru:   2% of 1,000 requests, 29 s left", "lru:   6% of 1,000 requests, 38 s left"]
