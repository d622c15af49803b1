"""txt: one page id a line."""

import pytest

from sim.core.errors import InputError
from tests.worked import trace_of
from traces.writers import txt


def test_the_original_ids_stand_one_a_line(tmp_path):
    path = tmp_path / "a.txt"
    assert txt.write(trace_of([42, -7, 42, 2**63 - 1]), path) == []
    assert path.read_bytes() == b"42\n-7\n42\n9223372036854775807\n"


def test_columns_without_a_place_are_named(tmp_path):
    trace = trace_of([1, 2], time_s=[0.5, 1.0])
    assert txt.write(trace, tmp_path / "a.txt") == ["txt has no place for the column time_s"]


@pytest.mark.parametrize("text", ["two\nlines", " blank", "", "carriage\rreturn"])
def test_an_id_that_would_not_come_back_is_refused(tmp_path, text):
    with pytest.raises(InputError, match=r"cannot stand on a line of its own; write a \.csv instead"):
        txt.write(trace_of(["a", text]), tmp_path / "a.txt")


def test_many_chunks_are_one_file(tmp_path, monkeypatch):
    monkeypatch.setattr("traces.sink.CHUNK", 3)
    txt.write(trace_of(list(range(10))), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text().split() == [str(i) for i in range(10)]
