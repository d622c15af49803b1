"""Each structure against the plainest Python that does the same."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.seeds import stream
from sim.core.structures import Heap, IndexSet, LinkedList, LinkedLists, RandomSet, Slots
from sim.core.trace import NONE

N = 12
STEPS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, N - 1), st.integers(-3, 3)), max_size=60)


@given(STEPS)
def test_a_linked_list_keeps_the_order_of_a_python_list(steps):
    mine, plain = LinkedList(N), []
    for action, i, _ in steps:
        if action == "a" and i not in plain:
            mine.push_front(i)
            plain.insert(0, i)
        elif action == "b" and i not in plain:
            mine.push_back(i)
            plain.append(i)
        elif action == "c" and i in plain:
            mine.move_to_front(i)
            plain.insert(0, plain.pop(plain.index(i)))
        elif action == "d" and i in plain:
            mine.move_to_back(i)
            plain.append(plain.pop(plain.index(i)))
        elif action == "e":
            assert mine.pop_back() == (plain.pop() if plain else NONE)
        elif action == "f":
            assert mine.pop_front() == (plain.pop(0) if plain else NONE)
        assert mine.size == len(plain)
        assert [mine.front(), mine.back()] == ([plain[0], plain[-1]] if plain else [NONE, NONE])
        assert [j for j in range(N) if mine.contains(j)] == sorted(plain)
    for leader, follower in itertools.pairwise(plain):
        assert (mine.after(leader), mine.before(follower)) == (follower, leader)


def test_removing_what_is_not_there_raises():
    with pytest.raises(IndexError, match="not in the list"):
        LinkedList(3).remove(1)
    with pytest.raises(IndexError, match="in no list"):
        LinkedLists(3, 2).remove(1)


@given(STEPS)
def test_linked_lists_hold_each_integer_in_one_list_at_most(steps):
    mine, plain = LinkedLists(N, 3), [[], [], []]
    for action, i, number in steps:
        k = number % 3
        home = next((each for each in plain if i in each), None)
        if action == "a" and home is None:
            mine.push_front(k, i)
            plain[k].insert(0, i)
        elif action == "b" and home is None:
            mine.push_back(k, i)
            plain[k].append(i)
        elif action == "c" and home is not None:
            home.remove(i)
            mine.move_to_front(k, i)
            plain[k].insert(0, i)
        elif action == "d" and home is not None:
            home.remove(i)
            mine.remove(i)
        elif action == "e":
            assert mine.pop_back(k) == (plain[k].pop() if plain[k] else NONE)
        elif action == "f":
            assert mine.pop_front(k) == (plain[k].pop(0) if plain[k] else NONE)
        assert mine.sizes.tolist() == [len(each) for each in plain]
        for number, each in enumerate(plain):
            assert [mine.front(number), mine.back(number)] == ([each[0], each[-1]] if each else [NONE, NONE])
            assert all(mine.list_of(j) == number for j in each)


@given(STEPS)
def test_a_heap_gives_the_least_key_and_among_equals_the_least_tie(steps):
    mine, plain = Heap(N), {}
    for action, i, key in steps:
        if action in "abc":
            mine.set(i, float(key), i % 4)
            plain[i] = (key, i % 4)
        elif action == "d":
            mine.discard(i)
            plain.pop(i, None)
        elif plain:
            first = mine.pop()
            assert plain.pop(first) == min([*plain.values(), (mine.key(first), first % 4)])
        else:
            assert mine.pop() == NONE
        assert mine.size == len(plain)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4999)), max_size=80))
def test_an_index_set_finds_least_and_largest_over_several_levels(steps):
    mine, plain = IndexSet(5000), set()
    for is_added, i in steps:
        if is_added:
            mine.add(i)
            plain.add(i)
        else:
            mine.discard(i)
            plain.discard(i)
        assert (mine.least(), mine.largest()) == ((min(plain), max(plain)) if plain else (NONE, NONE))
        assert mine.size == len(plain)
        assert mine.contains(i) == is_added


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097])
def test_a_filled_index_set_equals_one_filled_one_by_one(n):
    at_once, one_by_one = IndexSet(n), IndexSet(n)
    at_once.fill()
    for i in range(n):
        one_by_one.add(i)
    assert at_once.words.tolist() == one_by_one.words.tolist()
    assert at_once.size == one_by_one.size == n


def test_slots_are_filled_lowest_first_and_a_freed_one_is_used_again():
    slots = Slots(3, 10)
    assert [slots.load(page) for page in (7, 8, 9)] == [0, 1, 2]
    assert slots.drop(8) == 1
    assert slots.load(4) == 1
    assert (slots.page(1), slots.slot(4), slots.slot(8)) == (4, 1, NONE)


def test_a_random_set_draws_each_member_about_equally_often():
    chosen, rng = RandomSet(10), stream(1, "test")
    for i in (2, 3, 5, 7):
        chosen.add(i)
    chosen.discard(3)
    counts = dict.fromkeys((2, 5, 7), 0)
    for _ in range(6000):
        counts[chosen.draw(rng)] += 1
    # the standard deviation of a count is sqrt(6000 * 1/3 * 2/3) = 37; five of them
    assert all(abs(count - 2000) < 185 for count in counts.values())
    chosen.clear()
    assert chosen.draw(rng) == NONE
