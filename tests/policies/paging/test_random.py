from collections import Counter

from policies.paging.random import Random
from tests.worked import evictions, trace_of


def test_random_evicts_nothing_while_there_is_room():
    assert evictions(Random(), "a b a b c", capacity=3) == []


def test_random_evicts_all_residents_equally_often():
    # Of 2,000 draws each of 4 pages is expected 500 times, with a standard deviation of sqrt(2000 / 4 * 3 / 4) = 19.4.
    trace = trace_of("a b c d a a a e")
    counts = Counter(evictions(Random(), trace, capacity=4, seed=seed)[0] for seed in range(2000))
    assert sorted(counts) == ["a", "b", "c", "d"]
    assert all(abs(count - 500) < 5 * 19.4 for count in counts.values())


def test_random_draws_the_same_from_the_same_seed():
    pages = "abcdefabcdef"
    assert evictions(Random(), pages, 3, seed=1) == evictions(Random(), pages, 3, seed=1)
    assert evictions(Random(), pages, 3, seed=1) != evictions(Random(), pages, 3, seed=2)
