"""A trace as a folder of columns: what is written comes back."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.trace import Interned, Ragged, Trace
from traces import columns


def there_and_back(trace: Trace, folder) -> Trace:
    columns.write(trace, folder)
    return columns.read(folder)


def test_arrays_come_back_mapped_and_read_only(tmp_path):
    values = {"page": np.array([0, 1, 0], np.int32), "pair": np.arange(6.0).reshape(3, 2), "flag": np.array([True] * 3)}
    trace = there_and_back(Trace("t", "paging", values), tmp_path)
    for name, array in values.items():
        assert np.array_equal(trace[name], array)
        assert trace[name].dtype == array.dtype
        assert not trace[name].flags.writeable


def test_ragged_and_interned_columns_come_back(tmp_path):
    ragged = Ragged(np.array([1, 2, 3]), np.array([0, 0, 3]))
    interned = Interned(np.array([1, 0], np.int32), np.array(["a", "ü"]))
    trace = there_and_back(Trace("t", "transactions", {"cells": ragged, "type": interned}), tmp_path)
    assert [trace["cells"][i].tolist() for i in range(2)] == [[], [1, 2, 3]]
    assert [str(trace["type"][i]) for i in range(2)] == ["ü", "a"]


@pytest.mark.parametrize("texts", [["a", "ü\udcff", ""], ["x" * 5000, "y"]])
@pytest.mark.parametrize("dtype", [str, object, np.dtypes.StringDType()])
def test_text_comes_back_whatever_its_type(tmp_path, texts, dtype):
    if not isinstance(dtype, type):
        texts = [text.replace("\udcff", "") for text in texts]
    trace = there_and_back(Trace("t", "paging", {}, {"pages": np.array(texts, dtype)}), tmp_path)
    assert [str(text) for text in trace.tables["pages"]] == texts


def test_origin_about_and_plain_tables_come_back(tmp_path):
    trace = Trace(
        "t",
        "spot",
        {"price": np.ones(2)},
        {"zones": ["a", "b"]},
        {"notices": ("one", "two")},
        {"price": {"capacity": 3}},
    )
    again = there_and_back(trace, tmp_path)
    assert (again.name, again.domain, again.tables["zones"]) == ("t", "spot", ["a", "b"])
    assert (again.origin["notices"], dict(again.about["price"])) == (("one", "two"), {"capacity": 3})


def test_a_trace_without_rows_comes_back(tmp_path):
    assert len(there_and_back(Trace("t", "paging", {"page": np.empty(0, np.int32)}), tmp_path)) == 0


def test_what_is_no_data_is_refused(tmp_path):
    for table, line in ((object(), "trace t cannot be kept on disk"), (np.array([{}, 1]), "objects that are not text")):
        with pytest.raises(InputError, match=line):
            columns.write(Trace("t", "paging", {}, {"model": table}), tmp_path)


def test_a_column_that_grew_in_a_file_is_an_ordinary_npy_file(tmp_path):
    column = columns.Growing(np.dtype(np.int32), tmp_path / "page.npy")
    for start in range(0, 1000, 100):
        column.append(np.arange(start, start + 100, dtype=np.int32))
    assert np.array_equal(column.array(), np.arange(1000))
    assert np.array_equal(np.load(tmp_path / "page.npy"), np.arange(1000))


def test_a_column_that_grew_in_the_folder_is_not_written_again(tmp_path):
    column = columns.Growing(np.dtype(np.int32), tmp_path / "page.npy")
    column.append(np.arange(5, dtype=np.int32))
    trace = Trace("t", "paging", {"page": column.array()})
    before = (tmp_path / "page.npy").stat().st_mtime_ns
    assert there_and_back(trace, tmp_path)["page"].tolist() == [0, 1, 2, 3, 4]
    assert (tmp_path / "page.npy").stat().st_mtime_ns == before


@pytest.mark.parametrize("is_in_file", [False, True])
def test_a_growing_column_can_take_another_type(tmp_path, monkeypatch, is_in_file):
    monkeypatch.setattr(columns, "PIECE", 3)
    column = columns.Growing(np.dtype(np.int64), tmp_path / "time_s.npy" if is_in_file else None)
    column.append(np.arange(10))
    column.widen(np.dtype(np.float64))
    column.append(np.array([0.5]))
    values = column.array()
    assert (values.tolist(), values.dtype) == ([*range(10), 0.5], np.float64)
    assert [path.name for path in tmp_path.iterdir()] == (["time_s.npy"] if is_in_file else [])
