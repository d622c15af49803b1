"""What the engine promises of any run: both forms alike, errors in one line, a timeline that adds up."""

import numpy as np
import pytest

from policies.paging.lru import LRU
from policies.paging.marker import Marker
from sim.core.engine import replay
from sim.core.errors import CannotCompile, IllegalDecision, PolicyError
from sim.domains import paging
from sim.domains.paging import Setting, System
from tests.worked import golden, run, trace_of


class Nobody(paging.Policy):
    def evict(self, request):
        return -1


class Absent(paging.Policy):
    def evict(self, request):
        return 7 if request.index >= 3 else 0


class Raises(paging.Policy):
    def begin(self, setting, rng):
        self.n = 0

    def admit(self, request):
        self.n += 1
        if self.n == 3:
            raise ValueError("I lost count:\nfour")

    def evict(self, request):
        return 0


class Remembers(paging.Policy):
    """Keeps a dict, which has no compiled form."""

    def begin(self, setting, rng):
        self.order = {}

    def admit(self, request):
        self.order[request.page] = request.index

    def hit(self, request):
        self.order[request.page] = request.index

    def evict(self, request):
        page = min(self.order, key=self.order.get)
        del self.order[page]
        return page


class Twice(paging.Policy):
    """Releases each page again."""

    def begin(self, setting, rng):
        self.n = 0

    def evict(self, request):
        return -1

    def release(self, request):
        self.n += 1
        return request.page if self.n <= 2 else -1


class Endless(paging.Policy):
    """Never answers that it has released enough."""

    def evict(self, request):
        return -1

    def release(self, request):
        return 0


class Far(paging.Policy):
    def evict(self, request):
        return 10**12


ILLEGAL = [
    (Nobody(), "a b c", "Nobody evicted nothing at request 2, but the cache is full"),
    (Absent(), "a b c d", "Absent evicted page 7 at request 3, but page 7 is not in the cache"),
    (Endless(), "a b c", "Endless released page 0 at request 0, but page 0 is not in the cache"),
    pytest.param(
        *(Far(), "a b c d", "Far evicted page 1000000000000 at request 2, but page 1000000000000 is not in the cache"),
        marks=pytest.mark.slow,
    ),
    pytest.param(
        *(Twice(), "a b c", "Twice released page 0 at request 0, but page 0 is not in the cache"),
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
@pytest.mark.parametrize(("policy", "pages", "line"), ILLEGAL, ids=lambda value: type(value).__name__)
def test_each_illegal_decision_is_one_line_with_policy_request_and_page(policy, pages, line, mode):
    with pytest.raises(IllegalDecision, match=f"^{line}$"):
        run(policy, pages, 2, mode=mode)


@pytest.mark.parametrize("mode", ["interpreted", "compiled"])
def test_a_policy_that_raises_is_named_with_the_request(mode):
    with pytest.raises(PolicyError, match=r"Raises raised ValueError at request 2: I lost count: four$"):
        run(Raises(), "a b c d", 4, mode=mode)


def test_what_cannot_be_compiled_runs_interpreted_and_says_the_construct_with_its_place():
    result = run(Remembers(), golden(), 10, mode="auto")
    assert result.engine == "interpreted"
    assert result.metrics["misses"] == 605
    (notice,) = result.notices
    assert "Remembers runs interpreted" in notice
    assert "order" in notice
    assert "dict" in notice
    assert "test_engine.py, line" in notice


def test_asking_for_the_compiled_form_where_there_is_none_is_refused():
    with pytest.raises(CannotCompile, match="dict"):
        run(Remembers(), golden(), 10, mode="compiled")


@pytest.mark.parametrize("policy", [LRU(), Marker()])
def test_both_forms_decide_alike(policy):
    plain, compiled = (run(policy, golden(), 20, mode=mode, seed=3) for mode in ("interpreted", "compiled"))
    assert (plain.engine, compiled.engine) == ("interpreted", "compiled")
    assert plain.decisions.same_as(compiled.decisions)
    assert plain.metrics == compiled.metrics


def test_the_timeline_adds_up_to_the_misses():
    result = run(LRU(), golden(), 10)
    assert result.timeline["misses"].sum() == result.metrics["misses"] == 605
    assert result.timeline["row"][-1] == 1000


def test_a_timeline_of_fewer_points_is_of_the_same_run():
    whole, short = (replay(golden(), System(Setting(10)), LRU(), n_parts=n) for n in (100, 4))
    assert short.timeline["row"].tolist() == [250, 500, 750, 1000]
    assert short.timeline["misses"].tolist() == whole.timeline["misses"].reshape(4, 25).sum(axis=1).tolist()
    assert short.metrics == whole.metrics


def test_every_metric_can_be_recomputed_from_the_decisions_alone():
    trace, system = golden(), System(Setting(10))
    result = replay(trace, system, LRU(), record=True)
    recomputed = system.replay(trace, result.decisions)
    assert recomputed == dict(result.metrics)


def test_a_decision_taken_out_of_the_log_is_noticed():
    trace, system = golden(), System(Setting(10))
    log = replay(trace, system, LRU(), record=True).decisions
    shorter = type(log)(np.delete(log.row, 5), np.delete(log.kind, 5), np.delete(log.subject, 5))
    with pytest.raises(IllegalDecision):
        system.replay(trace, shorter)


def test_the_policy_that_was_passed_in_stays_as_it_is():
    policy = LRU()
    run(policy, "a b c a", 2)
    assert vars(policy) == {}


def test_progress_is_told_and_ends_at_the_last_row():
    seen = []
    replay(trace_of("abcabc"), System(Setting(2)), LRU(), progress=lambda done, n: seen.append((done, n)))
    assert seen[-1] == (6, 6)
