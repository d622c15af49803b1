"""What transactions look like: a handful of them, counted by hand."""

import numpy as np

from sim.study.describe import describe, head, tables
from tests.domains.transactions.worked import made

TRACE = made("r-x w-y", "r-y w-x *", "r-z", "w-y", types=["a", "a", "b", "b"], rolls_back=[True, False, False, False])


def test_operations_keys_conflicts_and_bounds_are_those_counted_by_hand():
    found = describe(TRACE)
    assert (found["transactions"], found["operations"], found["reads"], found["writes"]) == (4, 7, 3, 3)
    assert (found["private_operations"], found["distinct_keys"], found["keys_on_which_any_conflict"]) == (1, 3, 2)
    assert (found["shortest_transaction"], found["longest_transaction"], found["serial_makespan"]) == (1, 3, 7)
    assert (found["conflicting_pairs"], found["conflicting_share_of_pairs"]) == (3, 0.5)
    assert found["roll_back"] == 1 and "last_arrival" not in found
    # T1, then T3 writes y at 2, T0 reads x at 3 and writes y at 4; one of the first two must wait for the other
    assert found["optimum"] == 4


def test_types_and_the_hottest_keys_are_listed_by_how_many_there_are():
    found = describe(TRACE)
    assert [(row["type"], row["transactions"], row["operations_per_transaction"]) for row in found["types"]] == [
        ("a", 2, 2.5),
        ("b", 2, 1.0),
    ]
    assert [tuple(row.values()) for row in found["hottest_keys"]] == [("y", 3, 1, 2), ("x", 2, 1, 1)]


def test_a_trace_without_types_or_shared_keys_is_described_too():
    found = describe(made("*", "r-x", arrival=np.array([1, 5])))
    assert found["types"] == found["hottest_keys"] == []
    assert (found["conflicting_pairs"], found["last_arrival"], found["optimum"]) == (0, 5, 5)
    assert len(tables(found)) == 1


def test_the_first_rows_are_shown_as_a_file_has_them():
    assert head(TRACE, 2) == [
        {"request": 1, "id": "txn0", "type": "a", "rolls_back": True, "ops": "r-x w-y"},
        {"request": 2, "id": "txn1", "type": "a", "rolls_back": False, "ops": "r-y w-x *"},
    ]
