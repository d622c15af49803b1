"""What machine code promises: state that comes back, draws bit for bit, and what it cannot do by name and line."""

import inspect

import numpy as np
import pytest

from sim.core.compile import compile_loop
from sim.core.engine import replay
from sim.core.errors import CannotCompile
from sim.core.rewrite import DRAWS
from sim.core.seeds import stream
from sim.core.structures import Structure
from tests.core import toy


class Counter(Structure):
    def __init__(self):
        self.total = 0
        self.mean = 0.0
        self.seen = np.zeros(5, np.int64)


def count(counter, start, stop):
    for i in range(start, stop):
        counter.total += i
        counter.seen[i % 5] += 1
        counter.mean = counter.total / (i + 1)


def test_state_comes_back_after_each_part_of_a_run():
    compiled, plain = Counter(), Counter()
    loop = compile_loop(count, {"counter": compiled}, "count")
    for start, stop in ((0, 3), (3, 100)):
        loop(start, stop)
        count(plain, start, stop)
        assert (compiled.total, compiled.mean, compiled.seen.tolist()) == (
            plain.total,
            plain.mean,
            plain.seen.tolist(),
        )
    assert type(compiled.total) is int


def test_an_integer_beyond_64_bits_is_refused_and_spoils_nothing_for_others():
    """Whether a number fits is no property of the code, so the refusal must not be remembered with it."""
    counter = Counter()
    counter.total = 2**64
    with pytest.raises(CannotCompile, match=f"total is {2**64}, an integer beyond 64 bits"):
        compile_loop(count, {"counter": counter}, "count")
    counter.total = 3
    compile_loop(count, {"counter": counter}, "count")(0, 2)
    assert counter.total == 4


def skip_to(counter, i):
    counter.total = i


def count_by_helper(counter, start, stop):
    for i in range(start, stop):
        skip_to(counter, i)


def test_a_field_that_only_a_function_of_the_module_assigns_changes_in_the_object():
    counter = Counter()
    compile_loop(count_by_helper, {"counter": counter}, "count_by_helper")(0, 8)
    assert counter.total == 7


def past_the_end(counter, start, stop):
    for i in range(start, stop):
        counter.seen[i] = 1


def test_an_index_outside_an_array_raises_as_in_python():
    counter = Counter()
    loop = compile_loop(past_the_end, {"counter": counter}, "past_the_end")
    loop(0, 5)
    with pytest.raises(IndexError):
        loop(5, 6)


def with_try(counter, start, stop):
    for i in range(start, stop):
        try:
            counter.total += i
        except ValueError:
            counter.total = 0


def with_set(counter, start, stop):
    for i in range(start, stop):
        seen = {i}
        counter.total += len(seen)


def with_numpy_sum(counter, start, stop):
    for _ in range(start, stop):
        counter.total += np.sum(counter.seen)


def with_other_type(counter, start, stop):
    for i in range(start, stop):
        counter.total = i / 2


@pytest.mark.parametrize(
    ("loop", "construct"),
    [(with_try, "try"), (with_set, "set"), (with_numpy_sum, "np.sum"), (with_other_type, "begins as an int")],
)
def test_what_has_no_compiled_form_is_named_with_its_line(loop, construct):
    with pytest.raises(CannotCompile, match=construct) as caught:
        compile_loop(loop, {"counter": Counter()}, loop.__name__)
    first = loop.__code__.co_firstlineno
    place = str(caught.value).rpartition("line ")[2].rstrip(")")
    assert "test_compile.py" in str(caught.value)
    assert first < int(place) <= first + 5


class Drawer(Structure):
    def __init__(self, rng):
        self.rng = rng
        self.reals = np.zeros((5, N_DRAWS))
        self.wholes = np.zeros((6, N_DRAWS), np.int64)
        self.order = np.arange(7)


N_DRAWS = 1000


def draw_all(drawer, start, stop):
    """Every method of `DRAWS` with its usual arguments, in turn, so that each begins where the others left the stream."""
    rng = drawer.rng
    for i in range(start, stop):
        drawer.reals[0, i] = rng.random() + rng.uniform(1.0, 2.0) * rng.uniform()
        drawer.reals[1, i] = rng.standard_normal()
        drawer.reals[2, i] = rng.normal(1.0, 2.0) + rng.normal()
        drawer.reals[3, i] = rng.standard_exponential()
        drawer.reals[4, i] = rng.exponential(2.0) + rng.exponential()
        drawer.wholes[0, i] = rng.integers(0, 1000)
        drawer.wholes[1, i] = rng.integers(7)
        drawer.wholes[2, i] = rng.integers(0, 2**40)
        drawer.wholes[3, i] = rng.integers(-5, 2)


def reorder_all(drawer, start, stop):
    rng = drawer.rng
    for i in range(start, stop):
        rng.shuffle(drawer.order)
        drawer.wholes[4, i] = drawer.order[0]
        drawer.wholes[5, i] = rng.permutation(9)[4]


@pytest.mark.parametrize("loop", [draw_all, pytest.param(reorder_all, marks=pytest.mark.slow)])
def test_each_listed_draw_is_the_same_bit_for_bit_in_both_forms_and_leaves_the_same_stream(loop):
    plain, compiled = (Drawer(stream(5, "draws")) for _ in range(2))
    loop(plain, 0, N_DRAWS)
    compile_loop(loop, {"drawer": compiled}, loop.__name__)(0, N_DRAWS)
    assert np.array_equal(plain.reals, compiled.reals)
    assert np.array_equal(plain.wholes, compiled.wholes)
    assert plain.order.tolist() == compiled.order.tolist()
    assert plain.rng.bit_generator.state == compiled.rng.bit_generator.state


def test_every_listed_draw_is_among_those_compared():
    text = inspect.getsource(draw_all) + inspect.getsource(reorder_all)
    assert {name for name in DRAWS if f"rng.{name}(" in text} == set(DRAWS)


METHODS = [name for name in dir(np.random.Generator) if not name.startswith("_")]


@pytest.mark.parametrize("name", sorted(set(METHODS) - set(DRAWS)))
def test_any_other_method_of_the_generator_is_refused_by_name(name, tmp_path):
    policy = toy.written(tmp_path, f"draws_{name}", f"return self.rng.{name}()")()
    with pytest.raises(CannotCompile, match=rf"rng\.{name}.* \(.*draws_{name}\.py, line \d+\)"):
        replay(toy.trace(), toy.System(), policy, mode="compiled")
