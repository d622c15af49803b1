import numpy as np
import pytest
from hypothesis import given

from policies.paging.ftp import FTP
from policies.paging.trust_and_doubt import TrustAndDoubt
from sim.core.errors import InputError
from sim.domains.paging import truth
from tests.policies.paging.states import following, instances, perfect, states
from tests.worked import evictions, golden, misses, run


class Plain:
    """The rules word for word, with sets and lists; only the random order of the stale pages is taken from the policy."""

    def __init__(self, k):
        self.k = k
        self.cache, self.last, self.arrived = set(), {}, set()

    def play(self, r, now, predicted, random_order):
        arrives = r not in self.arrived
        if now == 0 or (arrives and len(self.arrived) == self.k):
            self.ancient = {p for p in self.cache if p not in self.arrived and p != r}
            self.order = random_order()
            assert sorted(self.order) == sorted(self.cache - self.ancient)
            self.clean, self.p, self.trusted, self.start, self.length = [], {}, {}, {}, {}
            self.arrived = set()
        had_ancient = bool(self.ancient)
        self.last[r] = now
        self.ancient.discard(r)
        if arrives:
            self.arrived.add(r)
            self.start[r] = len(self.arrived) - 1
        n = len(self.arrived)
        if len(self.cache) < self.k or had_ancient:
            if r not in self.cache:
                if len(self.cache) == self.k:
                    victim = min(self.ancient - predicted or self.ancient, key=self.last.get)
                    self.ancient.remove(victim)
                    self.cache.remove(victim)
                self.cache.add(r)
            return
        joins = arrives and r not in self.order
        if r not in self.cache:
            self.cache.remove(next(p for p in self.order if p in self.cache and p not in self.arrived))
            self.cache.add(r)
        if joins:
            self.clean.append(r)
            self.p[r], self.trusted[r], self.length[r] = self.pick(predicted), True, 1
        for q in self.clean:
            if self.p[q] == r:
                self.p[q], self.trusted[q], self.start[q] = self.pick(predicted), False, n
        if not arrives:
            return
        for q in self.clean:
            if n - self.start[q] != self.length[q]:
                continue
            self.start[q] = n
            if not self.trusted[q]:
                self.length[q] *= 2
                self.trusted[q] = True
            trusted = {self.p[c] for c in self.clean if self.trusted[c]}
            unmarked = [p for p in self.order if p not in self.arrived and p not in self.cache and p not in trusted]
            if self.p[q] in self.cache and unmarked:
                self.cache.remove(self.p[q])
                self.cache.add(unmarked[-1])

    def pick(self, predicted):
        pages = (set(self.order) | self.arrived) - predicted - set(self.p.values())
        return min(pages, key=self.last.get, default=None)


class Checked(TrustAndDoubt):
    """Compares its simulated cache with the plain one after every request, and keeps the longest interval it saw."""

    longest = 1

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.plain = Plain(setting.n_slots)

    def observe(self, request):
        if request.index == self.now:
            return
        super().observe(request)
        predicted = set(np.flatnonzero(request.cache_state).tolist())
        n_stale = int(np.count_nonzero(self.stale_in == self.phase))
        self.plain.play(request.page, request.index, predicted, lambda: self.stale[:n_stale].tolist())
        assert {self.simulated.item(place) for place in range(self.simulated.size)} == self.plain.cache
        Checked.longest = max([Checked.longest, *self.plain.length.values()])


def test_a_clean_page_displaces_the_one_the_prediction_lacks():
    assert evictions(TrustAndDoubt(), states("a b c b", ". . a ."), 2) == ["a"]
    assert evictions(TrustAndDoubt(), states("a b c a", ". . b ."), 2) == ["b"]


def test_when_the_displaced_page_returns_it_stays_against_the_prediction():
    # The predictor then lacks c, which is doubted, but not trusted to be out yet: b leaves, stale and not requested.
    assert evictions(TrustAndDoubt(), states("a b c a", ". . a c"), 2) == ["a", "b"]
    assert evictions(FTP(), states("a b c a", ". . a c"), 2) == ["a", "c"]


@given(instances())
def test_it_agrees_with_the_rules_written_out_with_sets(instance):
    trace, capacity = instance
    for seed in range(3):
        run(Checked(), trace, capacity, seed=seed)


@pytest.mark.parametrize("capacity", [2, 10, 20, 40])
def test_it_agrees_with_the_rules_on_the_golden_trace_under_wrong_states(capacity):
    Checked.longest = 1
    run(Checked(), following(golden(), -truth.next_use(golden()).astype(float), capacity), capacity)
    assert capacity < 10 or Checked.longest >= 4  # some page was doubted twice and trusted again


@given(instances())
def test_it_never_beats_the_optimum_and_both_forms_agree(instance):
    trace, capacity = instance
    forms = [run(TrustAndDoubt(), trace, capacity, mode=mode) for mode in ("interpreted", "compiled")]
    assert forms[0].decisions.same_as(forms[1].decisions)
    assert forms[0].metrics["misses"] >= truth.optimum(trace, capacity)


def test_robustness_has_a_price_under_perfect_states_and_pays_under_wrong_ones():
    capacity = 20
    right = perfect(golden(), capacity)
    wrong = following(golden(), -truth.next_use(golden()).astype(float), capacity)
    assert misses(TrustAndDoubt(), right, capacity) > truth.optimum(golden(), capacity)
    assert misses(TrustAndDoubt(), wrong, capacity) < 0.6 * misses(FTP(), wrong, capacity)


def test_a_capacity_in_bytes_is_refused():
    sized = perfect(golden(), 20).with_column("size_bytes", np.ones(1000, np.int64))
    with pytest.raises(InputError, match="pages, not bytes"):
        run(TrustAndDoubt(), sized, 20, sized=True)
