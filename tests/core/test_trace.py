import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.trace import Interned, Ragged, Trace


def test_a_new_column_leaves_the_old_trace_as_it_was():
    trace = Trace("t", "paging", {"page": np.arange(3)})
    longer = trace.with_column("bit", np.zeros(3, bool), predictor="discard", capacity=2)
    assert "bit" not in trace
    assert longer.about["bit"] == {"predictor": "discard", "capacity": 2}


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(InputError, match="differ in length"):
        Trace("t", "paging", {"page": np.arange(3), "time_s": np.arange(4)})


def test_a_missing_column_is_named_with_those_that_are_there():
    with pytest.raises(InputError, match=r'no column "size" \(columns: page\)'):
        Trace("t", "paging", {"page": np.arange(3)})["size"]


def test_rows_of_a_ragged_column_are_cut_with_their_values():
    operations = Ragged(np.array([1, 2, 3, 4, 5]), np.array([0, 2, 2, 5]))
    trace = Trace("t", "transactions", {"operations": operations})
    cut = trace.rows(1, 3)["operations"]
    assert [cut[0].tolist(), cut[1].tolist()] == [[], [3, 4, 5]]


def test_an_interned_column_gives_its_labels_back():
    tenants = Interned(np.array([0, 1, 0], np.int32), np.array(["red", "blue"]))
    assert [tenants[i] for i in range(3)] == ["red", "blue", "red"]
    assert len(tenants[1:]) == 2
