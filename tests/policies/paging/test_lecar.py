import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.paging.belady import Belady
from policies.paging.lecar import LeCaR
from sim.core.errors import InputError
from sim.core.seeds import stream
from tests.worked import evictions, golden, misses, run, trace_of
from workloads.paging import zipf


class Drawn:
    """Gives these numbers one by one where a generator would draw."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


class WithDraws(LeCaR):
    """Draws 0.2 always: LRU's choice while its weight is above that."""

    def begin(self, setting, rng):
        super().begin(setting, Drawn(*[0.2] * setting.n_requests))
        WithDraws.last = self


class Plain:
    """The rules word for word: lists, dictionaries, two weights that are normalised."""

    def __init__(self, k, rng, rate=0.45):
        self.k, self.rng, self.rate = k, rng, rate
        self.recent, self.counts, self.since = [], {}, {}
        self.ghosts, self.weights, self.victims = ({}, {}), [0.5, 0.5], []

    def request(self, now, page):
        if page in self.recent:
            self.recent.remove(page)
            self.counts[page] += 1
        else:
            for expert, ghost in enumerate(self.ghosts):
                if page in ghost:
                    self.weights[expert] *= math.exp(-self.rate * 0.005 ** ((now - ghost.pop(page)) / self.k))
                    self.weights = [w / sum(self.weights) for w in self.weights]
            if len(self.recent) == self.k:
                self.evict(now)
            self.counts[page] = 1
        self.recent.append(page)
        self.since[page] = now

    def evict(self, now):
        choices = [self.recent[0], min(self.recent, key=lambda page: (self.counts[page], self.since[page]))]
        expert = None
        if choices[0] != choices[1]:
            expert = 0 if self.rng.random() < self.weights[0] else 1
            ghost = self.ghosts[expert]
            ghost[choices[expert]] = now
            if len(ghost) > max(1, self.k // 2):
                del ghost[min(ghost, key=ghost.get)]
        self.recent.remove(choices[expert or 0])
        self.victims.append(choices[expert or 0])


def test_lecar_evicts_what_both_experts_name_without_a_draw():
    assert evictions(LeCaR(), "a b b c", capacity=2) == ["a"]


def test_lecar_lowers_the_weight_of_the_expert_whose_page_is_missed():
    # At request 3 LRU names a (twice requested), LFU b; 0.2 < 1/2 takes a. It is missed one request later, with k = 2.
    assert evictions(WithDraws(), "a a b c a", capacity=2) == ["a", "b"]
    assert WithDraws.last.lru_weight == pytest.approx(1 / (1 + math.exp(0.45 * 0.005 ** (1 / 2))))


def test_lecar_forgets_what_left_its_ghost():
    # A ghost holds one id at k = 2: b pushes a out of LRU's, so that the miss of a at the end teaches nothing.
    assert evictions(WithDraws(), "a a b c b b c d a", capacity=2) == ["a", "b", "c"]
    assert WithDraws.last.lru_weight == 0.5


@pytest.mark.parametrize(
    ("parameter", "value"), [("rate", -0.1), ("rate", math.inf), ("discount", 0.0), ("discount", 2)]
)
def test_lecar_refuses_parameters_out_of_range(parameter, value):
    with pytest.raises(InputError, match=f"lecar: {parameter} must be"):
        run(LeCaR(**{parameter: value}), "abc", 2)


@settings(deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(0, 12), min_size=1, max_size=120), st.integers(0, 1000))
def test_lecar_does_what_its_rules_say_word_for_word(capacity, ids, seed):
    trace = trace_of(ids)
    plain = Plain(min(capacity, len(set(ids))), stream(seed, "policy", trace.name))
    for now, page in enumerate(trace["page"].tolist()):
        plain.request(now, page)
    result = run(LeCaR(), trace, capacity, seed=seed)
    assert result.decisions.subject.tolist() == plain.victims
    assert result.metrics["misses"] >= misses(Belady(), trace, capacity)


@pytest.mark.parametrize("setting", [{"capacity": 20}, {"capacity": 400, "sized": True}])
def test_lecar_evicts_the_same_pages_interpreted_and_compiled(setting):
    trace = golden()
    trace = trace.with_column("size_bytes", 1 + trace["page"].astype(np.int64) % 37)
    compiled, interpreted = (run(LeCaR(), trace, mode=mode, **setting) for mode in ("compiled", "interpreted"))
    assert compiled.engine == "compiled"
    assert np.array_equal(compiled.decisions.subject, interpreted.decisions.subject)
    assert compiled.metrics == interpreted.metrics


def test_lecar_takes_a_deleted_page_for_gone():
    trace = trace_of("a a b a c b", op=[1, 1, 1, 9, 1, 1])
    assert run(LeCaR(), trace, 2).decisions.subject.tolist() == []


@pytest.mark.parametrize("capacity", [20, 100, 400])
def test_lecar_is_near_libcachesim_and_better_than_experts_that_are_not_weighed(capacity):
    libcachesim = pytest.importorskip("libcachesim")
    trace = zipf(np.random.default_rng(1), alpha=0.9, n_pages=2_000, n_requests=50_000)
    theirs = libcachesim.LeCaR(cache_size=capacity)
    expected = sum(not theirs.get(request_for(libcachesim, page)) for page in trace["page"].tolist())
    found = misses(LeCaR(), trace, capacity, mode="compiled")
    assert found == pytest.approx(expected, rel=0.01)
    assert found < misses(LeCaR(rate=0.0), trace, capacity, mode="compiled")


def request_for(libcachesim, page):
    request = libcachesim.Request()
    request.obj_id, request.obj_size = page + 1, 1
    return request
