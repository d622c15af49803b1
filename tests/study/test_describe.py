"""What a trace looks like: the golden trace, worked examples, a generated Zipf trace, a recorded one."""

import json

import numpy as np
import pytest

from policies.paging.lru import LRU
from sim.core.errors import InputError
from sim.core.operations import Operation
from sim.domains.paging import popularity, windows
from sim.study.describe import describe, head, head_table, tables
from sim.study.experiment import Bench
from sim.study.figures import trace_overview
from tests.worked import golden, misses, trace_of


def test_the_golden_trace_has_the_figures_of_its_specification():
    found = describe(golden())
    assert (found["requests"], found["distinct_pages"], found["one_hit_wonders"]) == (1000, 113, 51)
    assert [row["requests"] for row in found["most_popular_pages"][:3]] == [242, 60, 42]
    assert found["most_popular_pages"][0]["page"] == 0
    assert found["compulsory_miss_ratio"] == 0.113
    assert found["zipf"] == {"notice": "no fit: 113 pages are too few ranks for a power law, at least 200 are needed"}


def test_reuse_distances_of_both_kinds_are_counted_in_powers_of_two():
    rows = describe(trace_of("abcabdab"))["reuse_distances"]  # gaps 3 3 3 3, stack distances 3 3 3 3
    assert [(row["from"], row["to"], row["time_gap"], row["stack_distance"]) for row in rows] == [
        (1, 1, 0, 0),
        (2, 2, 0, 0),
        (3, 4, 4, 4),
    ]
    rows = describe(trace_of("abbbba"))["reuse_distances"]  # b: 1 1 1; a: a gap of 5, but one page between
    assert [row["time_gap"] for row in rows] == [3, 0, 0, 1]
    assert [row["stack_distance"] for row in rows] == [3, 1, 0, 0]
    assert describe(trace_of("abc"))["reuse_distances"] == []


@pytest.mark.parametrize("k", [1, 2, 4, 8, 16, 32, 64])
def test_the_running_share_of_stack_distances_is_the_hit_ratio_of_lru(k):
    row = next(row for row in describe(golden())["reuse_distances"] if row["to"] == k)
    assert row["stack_distance_share_so_far"] == pytest.approx(1 - misses(LRU(), golden(), k) / 1000)


def test_pages_are_told_by_how_often_they_are_requested():
    rows = describe(trace_of("aaabbcd"))["pages_by_requests"]
    assert [row["pages"] for row in rows] == [2, 1, 1, 0, 0, 0, 0, 0]
    assert rows[1]["share_of_pages"] == 1 / 4 and rows[1]["share_of_requests"] == 2 / 7


def test_sizes_count_as_requested_and_a_page_weighs_what_it_did_at_first():
    found = describe(trace_of("abab", size_bytes=[10, 0, 30, 0]))
    assert (found["requested_bytes"], found["distinct_bytes"]) == (40, 10)
    assert found["compulsory_byte_miss_ratio"] == 10 / 40
    assert (found["size_0_requests"], found["size_change_requests"]) == (2, 1)


def test_rates_are_those_of_whole_windows():
    times = [0, 1, 2, 300, 599, 600]  # 3 in the first window, 2 in the second; the third is not whole
    found = describe(trace_of("abcdef", time_s=times))
    assert found["least_requests_per_s_over_300_s"] == 2 / 300
    assert found["most_requests_per_s_over_300_s"] == 3 / 300
    assert (found["time_span_s"], found["requests_per_s"]) == (600, 6 / 600)


def test_a_long_silence_is_a_rate_of_0_and_takes_no_memory():
    assert windows.rates(np.array([0, 1, 10**15]), 300) == (0.0, 2 / 300)


def test_times_that_go_backwards_are_counted():
    assert describe(trace_of("abca", time_s=[5, 4, 6, 3]))["backward_requests"] == 2


def test_operations_are_counted_by_name():
    ops = np.array([Operation.READ, Operation.WRITE, Operation.READ], np.uint8)
    assert describe(trace_of("aba", op=ops))["operations"] == {"read": 2, "write": 1}


def test_working_sets_are_cut_by_requests():
    found = describe(trace_of("aabbcaad", size_bytes=[1, 1, 2, 2, 4, 1, 1, 8]), window="3")["working_set"]
    assert found["first_request"] == [0, 3, 6]
    assert found["pages"] == [2, 3, 2]
    assert found["size_bytes"] == [3, 7, 9]
    assert found["pages_so_far"] == [2, 3, 4]


def test_working_sets_are_cut_by_the_clock():
    trace = trace_of("abcad", time_s=[100.0, 109.5, 110, 105, 131])  # the fourth comes late, and counts where it stands
    found = describe(trace, window="10s")["working_set"]
    assert found["pages"] == [2, 2, 0, 1]
    assert found["start_s"] == [0, 10, 20, 30]


@pytest.mark.parametrize("window", ["0", "-5", "many", "1.5", "0s", "5m", ""])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(InputError, match="is not understood; expected requests"):
        describe(trace_of("ab", time_s=[0, 1]), window=window)


def test_a_window_without_clock_or_too_short_is_refused():
    with pytest.raises(InputError, match="has no times; give the window in requests"):
        describe(trace_of("ab"), window="1s")
    with pytest.raises(InputError, match="more than 100,000; give a longer one"):
        describe(trace_of("ab", time_s=[0, 10**9]), window="1s")


def test_the_exponent_of_an_exact_power_law_is_found():
    fit = popularity.zipf(1e12 * np.arange(1.0, 301) ** -0.8)
    assert fit.alpha == pytest.approx(0.8) and fit.r2 == pytest.approx(1) and fit.n_ranks == 300
    assert fit.at(np.array([1.0])) == pytest.approx(1e12)


def test_the_exponent_of_a_generated_trace_is_found():
    """With mu the expected counts, log(count) is off by about 1/sqrt(mu) at each rank, and sorting the counts brings them no
    further from log(mu) in the mean square, since mu is sorted. By Cauchy-Schwarz the slope is off by at most
    sqrt(sum 1/mu) / sqrt(sum (x - mean x)^2), x = log(rank); twice that is allowed for chance."""
    n, n_pages, alpha = 1_000_000, 300, 0.9
    trace = Bench().trace(f"workload:zipf,alpha={alpha},n_pages={n_pages},n_requests={n}", "paging", 3)
    weight = np.arange(1.0, n_pages + 1) ** -alpha
    x = np.log(np.arange(1, n_pages + 1))
    tolerance = 2 * np.sqrt(np.sum(weight.sum() / (n * weight)) / np.sum((x - x.mean()) ** 2))
    fit = popularity.zipf(np.sort(popularity.counts(trace))[::-1])
    assert tolerance < 0.06
    assert abs(fit.alpha - alpha) < tolerance


def test_a_fit_to_few_requests_warns_and_one_to_equal_counts_is_refused():
    pages = [0] * 150 + list(range(1, 250))
    assert "the most popular page has 150 requests, below 200" in describe(trace_of(pages))["zipf"]["notice"]
    assert describe(trace_of(list(range(200))))["zipf"] == {"notice": "no fit: all pages are equally popular"}


def test_a_recorded_trace_has_the_figures_of_its_specification(shared_data):
    folder = shared_data / "cache"
    found = {name: describe(Bench().trace(str(folder / f"cloudPhysicsIO.{name}"), "paging")) for name in FILES}
    for description in found.values():
        assert (description["requests"], description["distinct_pages"]) == (113_872, 48_974)
        assert (description["one_hit_wonders"], description["backward_requests"]) == (21_049, 0)
        assert round(description["first_time_s"]) == 5_633_898 and int(description["last_time_s"]) == 5_641_098
    assert found["vscsi"]["requested_bytes"] == 4_205_978_112
    assert found["vscsi"]["size_change_requests"] == 13_671
    assert found["oracleGeneral.bin"]["requested_bytes"] == 4_368_040_448
    assert found["oracleGeneral.bin"]["size_change_requests"] == 0
    assert found["vscsi"]["reuse_distances"] == found["oracleGeneral.bin"]["reuse_distances"]


FILES = ("vscsi", "oracleGeneral.bin")


def test_a_description_is_plain_and_every_table_is_filled():
    trace = trace_of("abcaab" * 100, time_s=np.arange(600), size_bytes=np.full(600, 2**20))
    description = describe(trace)
    assert json.loads(json.dumps(description, allow_nan=False)) == description
    for table in tables(description):
        assert table.rows and all(len(row) == len(table.columns) for row in table.rows)
    facts = dict(tables(description)[0].rows)
    assert facts["requested bytes"] == "629,145,600  (600.0 MiB)"
    assert facts["one hit share of pages"] == "0.00 %"


def test_the_first_rows_have_the_ids_of_the_file_and_exact_numbers():
    ops = np.array([Operation.GET, Operation.SET, Operation.GET], np.uint8)
    rows = head(trace_of([2**62 + 1, 7, 7], time_s=[0.1, 1234567.25, 3], op=ops), 2)
    assert rows == [
        {"request": 1, "page": 2**62 + 1, "time_s": 0.1, "op": "get"},
        {"request": 2, "page": 7, "time_s": 1234567.25, "op": "set"},
    ]
    assert head_table("", rows).rows[1] == ["2", "7", "1234567.25", "set"]


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_figure_shows_what_is_described(tmp_path, kind):
    for name, trace in (
        ("golden", golden()),
        ("once", trace_of("abc")),
        ("law", trace_of([0] * 300 + list(range(250)))),
    ):
        path = tmp_path / f"{name}.{kind}"
        trace_overview.save(describe(trace), path, made="augsim trace info")
        assert path.stat().st_size > 5000
    if kind == "svg":
        trace_overview.save(describe(golden()), tmp_path / "again.svg", made="augsim trace info")
        assert (tmp_path / "again.svg").read_bytes() == (tmp_path / "golden.svg").read_bytes()


def test_a_figure_that_cannot_be_written_is_refused_before_it_is_drawn(tmp_path):
    with pytest.raises(InputError, match=r"the ending must be one of .png, .pdf, .svg"):
        trace_overview.check(tmp_path / "a.gif")
    with pytest.raises(InputError, match="there is no folder"):
        trace_overview.check(tmp_path / "none" / "a.png")


def test_what_a_domain_does_not_measure_or_draw_is_told(tmp_path):
    trace = Bench(cache=False).trace("workload:public_shape_3", "transactions", 0)
    with pytest.raises(InputError, match="is one of transactions, whose description has no window; leave it out"):
        describe(trace, window="5")
    with pytest.raises(InputError, match=r"paging traces are drawn, and .* is one of transactions"):
        trace_overview.save(describe(trace), tmp_path / "a.png")
