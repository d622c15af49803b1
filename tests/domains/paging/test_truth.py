"""Hindsight against the values computed by hand and against slow, obvious versions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.trace import NEVER
from sim.domains.paging import truth
from tests.worked import golden, trace_of

TABLE = [  # requests, k, OPT, discard bits, phase of each request, phase bits
    ("abcab", 2, 4, "01100", "00112", "01111"),
    ("abcaba", 2, 4, "011000", "001122", "011011"),
    ("abcabdab", 2, 6, "01101100", "00112233", "01110111"),
    ("abcdabeabcde", 3, 7, "001100011000", "000111222333", "001100011111"),
    ("abcabdacbd", 3, 5, "0000101000", "0000011122", "0100101111"),
]


def digits(values) -> str:
    return "".join(str(int(value)) for value in values)


@pytest.mark.parametrize(("pages", "k", "opt", "discard", "phases", "phase_bits"), TABLE)
def test_hindsight_of_small_traces_is_as_by_hand(pages, k, opt, discard, phases, phase_bits):
    trace = trace_of(pages)
    assert truth.optimum(trace, k) == opt
    assert digits(truth.discard_bits(trace, k)) == discard
    assert digits(truth.phases(trace, k)) == phases
    assert digits(truth.phase_bits(trace, k)) == phase_bits


@pytest.mark.parametrize(
    ("k", "opt", "n_phases", "n_phase_ones", "n_discard_ones"),
    [(10, 409, 74, 614, 399), (20, 271, 30, 489, 251), (40, 152, 11, 362, 112)],
)
def test_hindsight_of_the_golden_trace(k, opt, n_phases, n_phase_ones, n_discard_ones):
    trace = golden()
    assert truth.optimum(trace, k) == opt
    assert truth.phases(trace, k)[-1] + 1 == n_phases
    assert truth.phase_bits(trace, k).sum() == n_phase_ones
    assert truth.discard_bits(trace, k).sum() == n_discard_ones


def test_next_use_is_never_for_the_last_request_of_a_page():
    assert truth.next_use(trace_of("abab")).tolist() == [2, 3, NEVER, NEVER]


def test_first_requests_after_a_row_leave_out_pages_seen_before():
    assert truth.first_requests(trace_of("abacd")) == 4
    assert truth.first_requests(trace_of("abacd"), start=2) == 2


def test_the_last_request_of_a_page_in_each_phase_is_marked():
    assert digits(truth.phases(trace_of("aabcaba"), 2)) == "0001122"
    assert digits(truth.last_in_phase(trace_of("aabcaba"), 2)) == "0111111"


def best_by_search(pages, k: int) -> int:
    """The least faults over all ways to evict, by trying every set of resident pages."""
    costs = {frozenset(): 0}
    for page in pages:
        after: dict = {}
        for resident, cost in costs.items():
            if page in resident:
                choices = [(resident, cost)]
            elif len(resident) < k:
                choices = [(resident | {page}, cost + 1)]
            else:
                choices = [(resident - {out} | {page}, cost + 1) for out in resident]
            for kept, total in choices:
                after[kept] = min(total, after.get(kept, total))
        costs = after
    return min(costs.values())


@settings(max_examples=200)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=14), st.integers(1, 4))
def test_no_other_way_to_evict_has_fewer_faults_than_the_optimum(pages, k):
    trace = trace_of(pages)
    run = truth.furthest(trace, k)
    assert run.faults == best_by_search(trace["page"].tolist(), k)
    assert run.bits.sum() == run.faults - run.resident.sum()


def states_plainly(pages, prediction, k):
    held: dict = {}
    leaves = []
    for page, predicted in zip(pages, prediction, strict=True):
        gone = -1
        if page not in held and len(held) == k:
            gone = max(held, key=lambda p: held[p][0])
            slot = held.pop(gone)[1]
            held[page] = (predicted, slot)
        elif page not in held:
            held[page] = (predicted, len(held))
        held[page] = (predicted, held[page][1])
        leaves.append(gone)
    return leaves


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 4), st.integers(0, 2**30))
def test_implied_cache_states_follow_the_prediction(pages, k, seed):
    trace = trace_of(pages)
    prediction = np.random.default_rng(seed).permutation(len(pages)).astype(float)
    assert truth.cache_states(trace, prediction, k).tolist() == states_plainly(trace["page"].tolist(), prediction, k)


def test_popu_ties_are_broken_by_the_lowest_slot():
    trace = trace_of("abcaba")
    popu = np.array([2, 4, 6, 6, 7.5, 8])
    leaves = truth.cache_states(trace, popu, 2)
    faults = 2 + np.count_nonzero(leaves >= 0)
    assert faults == 5


def test_phases_of_plain_traces_are_maximal_blocks_of_k_distinct_pages():
    rng = np.random.default_rng(3)
    for k in (1, 2, 3, 5):
        pages = rng.integers(0, 8, 60)
        phases = truth.phases(trace_of(pages.tolist()), k)
        for number, block in itertools.groupby(range(60), key=phases.__getitem__):
            block = list(block)
            assert len(set(pages[block].tolist())) <= k
            if number < phases[-1]:
                following = block[-1] + 1
                assert len(set(pages[[*block, following]].tolist())) == k + 1
