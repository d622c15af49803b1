import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.paging.follower_robust import FollowerRobust, window_starts
from policies.paging.ftp import FTP
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.paging import truth
from sim.domains.paging.truth import Furthest, next_use
from tests.policies.paging.states import following, instances, perfect, states
from tests.worked import evictions, golden, misses, run


def held_by_belady(requests: list[int], capacity: int) -> set[int]:
    """Belady's cache, played anew over the requests so far."""
    pages = np.array(requests, np.int32)
    prefix = Trace("prefix", "paging", {"page": pages}, {"pages": np.arange(max(requests, default=0) + 1)})
    rule = Furthest(pages, next_use(prefix), len(prefix.tables["pages"]), capacity)
    for i in range(len(requests)):
        rule.request(i)
    return set(np.flatnonzero(rule.resident).tolist())


class Plain:
    """The rules word for word, with sets; of several pages that may be drawn it takes the one that the policy drew."""

    def __init__(self, k, a):
        self.k, self.a = k, a
        self.cache, self.answer, self.requests = set(), set(), []
        self.f = self.b = self.queries = 0
        self.asked_at = -a
        self.arrivals = None  # pages marked in Robust; None in Follower
        self.windows = [1, *(s for s in range(2, k + 1) if any(s == k - k // 2**i + 1 for i in range(64) if 2**i <= k))]

    def play(self, r, predicted, after):
        self.after = after
        if self.arrivals is not None:
            self.robust(r, predicted)
        elif r not in self.cache:
            self.follow(r, predicted)
        if self.arrivals is not None and len(self.arrivals) == self.k:
            self.arrivals = None
        self.requests.append(r)

    def follow(self, r, predicted):
        if len(self.cache) < self.k:
            self.answer = predicted
            self.cache.add(r)
            return
        self.f += 1
        self.b += r not in held_by_belady(self.requests, self.k)
        if r in self.answer:
            self.draw(self.cache - self.answer, r)
        elif self.f <= self.b:
            self.query(predicted)
            self.draw(self.cache - self.answer, r)
        else:
            self.f = self.b = 0
            recent = dict.fromkeys(p for p in reversed(self.requests) if p != r)
            self.cache = set(list(recent)[: self.k])
            self.old, self.arrivals = set(self.cache), []
            self.robust(r, predicted)

    def robust(self, r, predicted):
        if r not in self.arrivals:
            self.arrivals.append(r)
            i = len(self.arrivals)
            if i in self.windows[:-1]:
                self.query(predicted)
            if i in self.windows:
                self.reload = self.answer - self.cache - set(self.arrivals)
        if r in self.cache:
            return
        if r not in self.old or r in self.reload:
            self.draw(self.cache - self.answer, r)
        else:
            self.draw(self.cache - set(self.arrivals), r)

    def query(self, predicted):
        if len(self.requests) - self.asked_at >= self.a:
            self.asked_at = len(self.requests)
            self.queries += 1
            self.answer = predicted

    def draw(self, choice, r):
        (victim,) = (self.cache | {r}) - self.after
        assert victim in (choice or self.cache)
        self.cache = (self.cache | {r}) - {victim}


class Checked(FollowerRobust):
    """Compares itself with the plain rules after every request, and keeps how often it turned to Robust."""

    turns = 0

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.plain = Plain(setting.n_slots, self.a)

    def observe(self, request):
        if request.index == self.now:
            return
        super().observe(request)
        Checked.turns = max(Checked.turns, self.n_robust)
        simulated = {self.simulated.item(place) for place in range(self.simulated.size)}
        self.plain.play(request.page, set(np.flatnonzero(request.cache_state).tolist()), simulated)
        assert simulated == self.plain.cache
        assert set(np.flatnonzero(self.answer).tolist()) == self.plain.answer
        assert (self.misses, self.shared, self.queries) == (self.plain.f, self.plain.b, self.plain.queries)
        assert (self.n_arrived < self.k) == (self.plain.arrivals is not None)


def test_windows_begin_where_half_of_the_remaining_arrivals_are_over():
    assert window_starts(10) == [1, 6, 9, 10]
    assert window_starts(1) == [1]
    assert window_starts(8) == [1, 5, 7, 8]


def test_it_follows_until_it_misses_more_than_belady_so_far_and_is_robust_for_as_many_arrivals_as_pages_fit():
    # At the second c Belady of "a b c a" would have kept c. Robust begins with {a, b}: c is clean and displaces b, which the
    # answer lacks; then b returns, is old and not to be reloaded, and displaces a, the only page not marked.
    trace = states("a b c a c b", ". . a c b a")
    result = run(FollowerRobust(), trace, 2)
    assert evictions(FollowerRobust(), trace, 2) == ["a", "c", "b", "a"]
    assert result.notices == ("follower_robust asked for 3 predictions in 6 requests, and was robust 1 times",)


@pytest.mark.parametrize("capacity", [1, 10, 20, 40])
def test_perfect_states_give_the_optimum_eviction_by_eviction(capacity):
    best = truth.furthest(golden(), capacity)
    log = run(FollowerRobust(), perfect(golden(), capacity), capacity).decisions
    assert log.subject.tolist() == best.leaves[best.leaves >= 0].tolist()


@given(instances(), st.sampled_from([1, 2, 5]))
def test_it_agrees_with_the_rules_written_out_with_sets(instance, a):
    trace, capacity = instance
    for seed in range(3):
        run(Checked(a=a), trace, capacity, seed=seed)


@pytest.mark.parametrize("capacity", [2, 10, 20])
def test_it_agrees_with_the_rules_on_the_golden_trace_under_noisy_states(capacity):
    noise = stream(0, "noise").lognormal(0, 5, 1000)
    trace = following(golden(), np.minimum(truth.next_use(golden()), 2000) + noise, capacity).rows(0, 600)
    Checked.turns = 0
    run(Checked(), trace, capacity)
    assert Checked.turns >= 5


@given(instances())
def test_it_never_beats_the_optimum_and_both_forms_agree(instance):
    trace, capacity = instance
    forms = [run(FollowerRobust(), trace, capacity, mode=mode) for mode in ("interpreted", "compiled")]
    assert forms[0].decisions.same_as(forms[1].decisions)
    assert forms[0].metrics["misses"] >= truth.optimum(trace, capacity)


def test_it_is_robust_where_following_is_not_and_asks_seldom():
    capacity = 20
    wrong = following(golden(), -truth.next_use(golden()).astype(float), capacity)
    assert misses(FollowerRobust(), wrong, capacity) < 0.6 * misses(FTP(), wrong, capacity)
    notice = run(FollowerRobust(a=50), wrong, capacity).notices[0]
    assert int(notice.split()[3]) <= 1000 / 50


@pytest.mark.parametrize(
    ("parameters", "setting", "cause"), [({"a": 0}, {}, "a must be"), ({}, {"sized": True}, "bytes")]
)
def test_what_it_cannot_do_is_refused(parameters, setting, cause):
    trace = perfect(golden(), 20).with_column("size_bytes", np.ones(1000, np.int64))
    with pytest.raises(InputError, match=cause):
        run(FollowerRobust(**parameters), trace, 20, **setting)
