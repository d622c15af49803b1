"""Each structure against the plainest Python that does the same."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.compile import compile_loop
from sim.core.kinds import instances, state
from sim.core.memory import LINE_BYTES, reach_parts, touch, touch_parts, zeros_on_lines
from sim.core.seeds import stream
from sim.core.structures import Heap, IndexSet, LinkedList, LinkedLists, Queue, RandomSet, Slots, Structure
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


def test_nothing_goes_behind_an_integer_that_is_not_in_the_list():
    with pytest.raises(IndexError, match="behind one that is not in the list"):
        LinkedList(3).insert_after(1, 2)


class Trial(Structure):
    """An operation that has no sense on fresh lists of two."""

    def __init__(self, number):
        self.number = number
        self.order = LinkedList(2)
        self.queues = LinkedLists(2, 2)


def attempt(trial, start, stop):
    for _ in range(start, stop):
        if trial.number == 0:
            trial.order.move_to_front(1)
        elif trial.number == 1:
            trial.order.push_front(3)
        elif trial.number == 2:
            trial.order.insert_after(0, 1)
        elif trial.number == 3:
            trial.queues.move_to_front(-1, 1)
        elif trial.number == 4:
            trial.queues.push_front(2, 1)
        elif trial.number == 5:
            trial.queues.push_back(0, 4)
        elif trial.number == 6:
            trial.queues.move_to_back(0, 1)
        elif trial.number == 7:
            trial.order.remove(-1)


def test_machine_code_raises_before_it_writes_beside_a_structure():
    for number in range(8):
        trial = Trial(number)
        with pytest.raises(IndexError):
            compile_loop(attempt, {"trial": trial}, "attempt")(0, 1)


class Index(Structure):
    """Tells where to look for a page, which is the first thing to fetch."""

    def __init__(self):
        self.place = np.arange(N)[::-1].copy()
        self.text = np.arange(N)

    def touch(self, page):
        touch(self.place, page)

    def reach(self, page):
        touch(self.text, self.place[page])


class Library(Structure):
    """Structures within structures, and what is touched in them."""

    def __init__(self):
        self.order = LinkedList(N)
        self.shelves = [LinkedLists(N, 2), LinkedLists(N, 3)]
        self.index = Index()
        self.row = np.arange(8)
        self.bits = np.ones(8, np.bool_)


def browse(library, pages, start, stop):
    for i in range(start, stop):
        touch_parts(library, pages, i + 4)
        reach_parts(library, pages, i + 2)
        touch(library.row, i)
        touch(library.bits, i)
        library.order.push_back(int(pages[i]))


def test_touching_changes_nothing_and_needs_no_row_to_be_there():
    pages = np.array([3, 1, 4, 0, 5, 9], np.int32)
    plain, compiled = Library(), Library()
    browse(plain, pages, 0, len(pages))
    loop = compile_loop(browse, {"library": compiled, "pages": pages}, "browse")
    loop(0, len(pages))
    text = Path(loop.module.__file__).read_text()
    assert text.count("touch(library.") == 6  # three lists, the index, the row and the bits
    assert text.count("reach(library.") == 1  # the index alone
    assert plain.order.links.tolist() == compiled.order.links.tolist()
    assert compiled.shelves[1].lists.tolist() == [NONE] * N
    assert compiled.row.tolist() == list(range(8))
    assert compiled.index.text.tolist() == list(range(N))


@pytest.mark.parametrize("n_rows", [1, 7, 5000])
def test_rows_of_a_line_lie_in_one_line(n_rows):
    others = [np.zeros(n) for n in range(1, 9)]  # so that memory begins anywhere
    rows = zeros_on_lines((n_rows, LINE_BYTES // 4), np.int32)
    assert others and rows.shape == (n_rows, 16) and rows.dtype == np.int32 and rows.flags.c_contiguous
    assert rows.ctypes.data % LINE_BYTES == 0
    assert not rows.any()


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
        elif action == "b":
            lower = (k + 1) % 3
            plain[lower][:0] = plain[k][-1:]
            assert mine.sink(k, lower) == (plain[k].pop() if plain[k] else NONE)
        assert mine.sizes.tolist() == [len(each) for each in plain]
        for number, each in enumerate(plain):
            assert [mine.front(number), mine.back(number)] == ([each[0], each[-1]] if each else [NONE, NONE])
            assert all(mine.list_of(j) == number for j in each)


@given(STEPS)
def test_a_queue_gives_what_was_first_in_of_what_was_not_removed(steps):
    mine, plain = Queue(N, 3), []
    for action, i, _ in steps:
        if action in "abc" and i not in plain and len(plain) < 3:
            mine.push(i)
            plain.append(i)
        elif action in "de" and i in plain:
            mine.remove(i)
            plain.remove(i)
        elif action == "f":
            assert mine.pop() == (plain.pop(0) if plain else NONE)
    assert [mine.pop() for _ in range(len(plain) + 1)] == [*plain, NONE]


def test_a_queue_refuses_more_than_it_has_places_for():
    queue = Queue(10, 2)
    for i in range(4):  # a ring has places for twice as many
        queue.push(i)
    with pytest.raises(IndexError, match="more integers into a queue than it can hold"):
        queue.push(4)


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


class Yard(Structure):
    """One of each structure, and what a fixed list of steps got out of them."""

    def __init__(self, steps, rng):
        self.rng = rng
        self.steps = steps
        self.got = np.zeros((len(steps), 9), np.int64)
        self.order = LinkedList(N)
        self.queues = LinkedLists(N, 3)
        self.line = Queue(N, N)
        self.waits = np.zeros(N, np.bool_)  # in the line
        self.heap = Heap(N)
        self.pages = IndexSet(5000)
        self.bag = RandomSet(N)
        self.slots = Slots(N, N)


def work(yard, start, stop):
    """Every operation of every structure, where it is legal."""
    for t in range(start, stop):
        action, i, k = int(yard.steps[t, 0]), int(yard.steps[t, 1]), int(yard.steps[t, 2])
        listed, queued, seated = yard.order.contains(i), yard.queues.list_of(i) >= 0, yard.slots.slot(i) >= 0
        if action == 0:
            if listed:
                yard.order.move_to_front(i)
                yard.heap.discard(i)
            else:
                yard.order.push_front(i)
            if queued:
                yard.queues.move_to_front(k, i)
            else:
                yard.queues.push_front(k, i)
        elif action == 1:
            if listed:
                yard.order.move_to_back(i)
            else:
                yard.order.push_back(i)
            if queued:
                yard.queues.move_to_back(k, i)
            else:
                yard.queues.push_back(k, i)
            yard.queues.set_tag(i, t)
        elif action == 2:
            yard.got[t, 0] = yard.order.pop_back()
            yard.got[t, 1] = yard.queues.pop_back(k)
            yard.got[t, 2] = yard.heap.pop()
            yard.bag.clear()
        elif action == 3:
            yard.got[t, 0] = yard.order.pop_front()
            yard.got[t, 1] = yard.queues.pop_front(k)
        elif action == 4:
            if listed:
                yard.order.remove(i)
            if queued:
                yard.queues.remove(i)
            yard.bag.discard(i)
            yard.pages.discard(400 * i + k)
        elif listed:
            j = (i + 1) % N
            if not yard.order.contains(j):
                yard.order.insert_after(j, i)
        if action == 2:
            first = yard.line.pop()
            yard.got[t, 8] = first
            if first != NONE:
                yard.waits[first] = False
        elif yard.waits[i]:
            yard.line.remove(i)
            yard.waits[i] = False
        else:
            yard.line.push(i)
            yard.waits[i] = True
        yard.heap.set(i, 0.5 * k, t % 4)
        yard.bag.add(i)
        yard.pages.add(400 * i + k)
        if seated:
            yard.got[t, 3] = yard.slots.drop(i)
        else:
            yard.got[t, 3] = yard.slots.load(i)
        yard.got[t, 4] = yard.order.front() * 100 + yard.order.back() + 10000 * yard.order.after(i)
        yard.got[t, 5] = yard.queues.front(k) * 100 + yard.queues.back(k) + 10000 * yard.queues.tag(i)
        yard.got[t, 6] = yard.pages.least() * 10000 + yard.pages.largest() + yard.heap.first()
        yard.got[t, 7] = yard.bag.draw(yard.rng) * 100 + yard.bag.draw_to(0, yard.rng) + yard.bag.item(0)


def test_every_structure_works_the_same_compiled():
    steps = stream(2, "steps").integers(0, [6, N, 3], (3000, 3))
    plain, compiled = (Yard(steps, stream(3, "yard")) for _ in range(2))
    work(plain, 0, len(steps))
    compile_loop(work, {"yard": compiled}, "yard")(0, len(steps))
    assert plain.got.tolist() == compiled.got.tolist()
    for mine, theirs in zip(instances(plain), instances(compiled), strict=True):
        for name, part in state(mine).items():
            if isinstance(part, np.ndarray | int | float):
                assert np.array_equal(part, state(theirs)[name]), (type(mine).__name__, name)
    assert plain.rng.bit_generator.state == compiled.rng.bit_generator.state


class Nosy(Structure):
    """Keeps what it is told of coming pages, by a method of that name and by a call within one that fetches."""

    def __init__(self):
        self.seen = np.zeros(N, np.int64)
        self.n = 0
        self.inner = Prying()

    def touch(self, page):
        self.n += 1

    def reach(self, page):
        touch(self.seen, self.look(page))

    def look(self, page):
        self.n += page
        return page


def pry(array, page):
    array[page] = 1


class Prying(Structure):
    def __init__(self):
        self.seen = np.zeros(N, np.int64)
        self.order = LinkedList(N)

    def touch(self, page):
        self.seen[page] = 1

    def reach(self, page):
        touch = pry
        touch(self.seen, page)


def test_a_method_that_does_more_than_fetch_is_not_told_of_what_comes():
    library = Library()
    library.nosy = Nosy()
    pages = np.arange(N, dtype=np.int64)
    loop = compile_loop(browse, {"library": library, "pages": pages}, "browse")
    loop(0, len(pages))
    assert library.nosy.n == 0 and not library.nosy.inner.seen.any()
    assert Path(loop.module.__file__).read_text().count("touch(library.") == 7  # the list within as well
