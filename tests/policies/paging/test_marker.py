import pytest

from policies.paging.marker import Marker
from tests.worked import evictions


@pytest.mark.parametrize("seed", range(8))
def test_a_marked_page_stays_while_there_is_an_unmarked_one(seed):
    # c takes the place of a or b; the other one is the only unmarked page when d comes
    assert sorted(evictions(Marker(), "abcd", 2, seed=seed)) == ["a", "b"]
    # c marks itself and a hit marks the page left over, so that e begins a phase and may take either
    assert evictions(Marker(), "abcdcde", 2, seed=seed)[2] in ("c", "d")


def test_a_phase_begins_only_when_the_cache_is_full_and_all_pages_are_marked():
    assert {evictions(Marker(), "aababcd", 3, seed=seed)[0] for seed in range(40)} == {"a", "b", "c"}


def test_the_victim_is_uniform_among_the_unmarked():
    counts = [evictions(Marker(), "abcd", 3, seed=seed)[0] for seed in range(600)]
    for page in "abc":
        assert abs(counts.count(page) - 200) < 4 * (600 * 1 / 3 * 2 / 3) ** 0.5
