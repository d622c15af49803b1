"""What a user may write as a capacity or a warm-up, and what is refused."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.domains.paging import Setting
from tests.worked import trace_of


def capacities(text: str, trace=None, **options) -> list[int]:
    trace = trace if trace is not None else trace_of(list(range(1000)))
    return [setting.capacity for setting in Setting.from_options(trace, capacity=text, **options)[0]]


def sized_trace():
    return trace_of("abcd", size_bytes=np.array([100, 200, 300, 400]))


def test_a_bare_number_counts_pages():
    assert capacities("100") == [100]


def test_several_capacities_stay_in_the_order_given():
    assert capacities("100,1%,20") == [100, 10, 20]


def test_a_share_is_of_the_distinct_pages_or_of_the_bytes_where_sizes_count():
    assert capacities("10%") == [100]
    assert capacities("10%", sized_trace(), sized=True) == [100]


def test_bytes_are_binary_units_of_any_case():
    (setting,), _ = Setting.from_options(sized_trace(), capacity="2KB")
    assert (setting.capacity, setting.sized) == (2048, True)


def test_auto_gives_the_customary_shares_without_those_below_five_pages():
    assert capacities("auto") == [10, 30, 100, 200, 400, 800]


def test_a_capacity_above_the_distinct_pages_is_only_a_notice():
    settings, notices = Setting.from_options(trace_of("abc"), capacity="7")
    assert settings[0].capacity == 7
    assert "above the 3 distinct pages" in notices[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0", "capacity must be at least 1 page, got 0"),
        ("-3", "capacity must be at least 1 page, got -3"),
        ("0.5", "a share is written 50%"),
        ("1.5", "whole number of pages"),
        ("ten", "is not understood"),
        ("0%", "above 0%"),
        ("0.1b", "at least 1 byte"),
        ("", "is not understood"),
    ],
)
def test_what_is_no_capacity_is_refused_with_the_cure(text, line):
    with pytest.raises(InputError, match=line):
        capacities(text)


def test_bytes_without_sizes_are_refused():
    with pytest.raises(InputError, match="has no sizes"):
        Setting.from_options(trace_of("abc"), capacity="2kb")[0][0].on(trace_of("abc"))


def test_a_warm_up_is_in_requests_seconds_or_until_the_cache_is_full():
    trace = trace_of("abcdef", time_s=np.arange(6) * 10.0)
    warmups = [Setting.from_options(trace, capacity="2", warmup=text)[0][0].warmup for text in ("3", "25s", "full")]
    assert warmups == [3, 3, -1]


def test_a_warm_up_that_leaves_nothing_is_refused():
    with pytest.raises(InputError, match="leaves nothing"):
        Setting(2, warmup=3).on(trace_of("abc"))


def test_the_most_pages_that_fit_follow_from_the_smallest_size():
    assert Setting(700, sized=True).on(sized_trace()).n_slots == 4
    assert Setting(250, sized=True).on(sized_trace()).n_slots == 2
    assert Setting(2).on(trace_of("abc")).n_slots == 2


@pytest.mark.parametrize("width", ["u1", "u4", "i8", "u8"])
def test_sizes_are_of_any_integer_width(width):
    trace = trace_of("abc", size_bytes=np.array([0, 100, 200], width))
    assert Setting(700, sized=True).on(trace).n_slots == 3
    assert Setting(1, sized=True).on(trace.rows(0, 0)).n_slots == 1
