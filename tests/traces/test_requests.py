"""What becomes of the columns of a reader."""

import numpy as np
import pytest

from sim.core.errors import InputError
from traces.requests import Requests, counted
from traces.source import Source


def collected(*chunks, **options):
    requests = Requests(Source("a.csv.gz"), unit="line", **options)
    for ids, columns in chunks:
        requests.add(np.array(ids), **{name: np.array(values) for name, values in columns.items()})
    return requests.trace([], format="test")


def test_chunks_are_joined_under_the_name_of_the_plain_file():
    trace = collected(([5, 6], {"time_s": [0, 1]}), ([6, 7], {"time_s": [2, 3]}))
    assert (trace.name, trace.domain) == ("a.csv", "paging")
    assert (trace["page"].tolist(), trace["time_s"].tolist()) == ([0, 1, 1, 2], [0, 1, 2, 3])
    assert trace.origin == {"format": "test", "file": "a.csv.gz", "notices": ()}


def test_columns_grow_beyond_what_was_expected():
    chunks = [(np.arange(900) % 7, {"size_bytes": np.arange(900)}) for _ in range(5)]
    trace = collected(*chunks, n_expected=10)
    assert np.array_equal(trace["size_bytes"], np.tile(np.arange(900), 5))


def test_a_bad_value_is_named_by_its_line():
    with pytest.raises(InputError, match=r"a.csv.gz, line 4: time is -2.5; expected a number of at least 0"):
        collected(([5, 6], {"time_s": [0.0, 1.0]}), ([6, 7], {"time_s": [2.0, -2.5]}))


def test_a_size_with_a_fraction_is_refused():
    with pytest.raises(InputError, match=r"line 1: size is 0.5; expected an integer of at least 0"):
        collected(([5], {"size_bytes": [0.5]}))


def test_requests_of_another_size_than_their_pages_first_are_counted():
    trace = collected(([5, 6, 5], {"size_bytes": [1, 2, 1]}), ([6, 6, 5], {"size_bytes": [3, 2, 9]}))
    assert trace.origin["notices"] == ("2 requests of another size than at first",)


def test_times_get_fractions_once_some_have_them():
    chunks = ([5, 6], {"time_s": [0, 2**53]}), ([6, 7], {"time_s": [2.0**53, 2.0**53 + 2]})
    assert collected(*chunks)["time_s"].tolist() == [0.0, 2.0**53, 2.0**53, 2.0**53 + 2]


def test_times_may_be_negative_only_where_they_are_relative():
    with pytest.raises(InputError, match="line 2: time is -1; expected an integer of at least 0"):
        collected(([5, 6], {"time_s": [0, -1]}))
    assert collected(([5, 6], {"time_s": [0, -1]}), earliest_s=-np.inf)["time_s"].tolist() == [0, -1]


def test_counts_are_grammatical():
    assert [counted(n, "blank line") for n in (1, 2, 1234)] == ["1 blank line", "2 blank lines", "1,234 blank lines"]
