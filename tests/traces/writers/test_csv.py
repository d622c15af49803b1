"""csv: a header, then one request a line."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.core.trace import Interned, Ragged, Trace
from tests.worked import trace_of
from traces.writers import csv


def test_columns_stand_in_the_customary_order_and_operations_by_name(tmp_path):
    trace = trace_of(
        ["a", "b,c", 'd"e'],
        op=np.array([Operation.GET, Operation.SET, Operation.DELETE], np.uint8),
        size_bytes=[1, 2, 3],
        time_s=[0.1, 1e-7, 1.0],
    )
    assert csv.write(trace, tmp_path / "a.csv") == []
    assert (tmp_path / "a.csv").read_text() == (
        'time_s,page,size_bytes,op\n0.1,a,1,get\n1e-07,"b,c",2,set\n1.0,"d""e",3,delete\n'
    )


def test_a_trace_of_pages_alone_is_the_published_form(tmp_path):
    csv.write(trace_of([5, 6, 5]), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"page\n5\n6\n5\n"


def test_interned_text_stands_as_it_was(tmp_path):
    column = Interned(np.array([0, 1, 0], np.int32), np.array(["x", "y"]))
    trace = Trace("jobs", "dispatch", {"size": np.array([1.5, 2.0, 3.0]), "kind": column}, {"speed": [1, 2]})
    assert csv.write(trace, tmp_path / "a.csv") == ["csv has no place for the table speed"]
    assert (tmp_path / "a.csv").read_text() == "size,kind\n1.5,x\n2.0,y\n3.0,x\n"


def test_a_column_of_several_values_a_row_is_refused(tmp_path):
    ragged = Ragged(np.arange(3), np.array([0, 1, 3]))
    for column in (ragged, np.zeros((2, 2))):
        with pytest.raises(InputError, match="column cells of trace t has several values a row"):
            csv.write(Trace("t", "transactions", {"cells": column}), tmp_path / "a.csv")
