import numpy as np

from sim.core.errors import InputError
from sim.core.policy import defines
from sim.core.structures import Heap, RandomSet
from sim.domains import paging


class Guard(paging.Policy):
    """Makes a policy robust at little cost: pages that it evicted too early come back under guard for the rest of a phase.

    A phase begins when every resident was requested since the last one began. A miss on a page evicted in this phase proves the
    base wrong: a uniform page of those not requested in the phase leaves instead, and the page comes in guarded. Otherwise the
    base's choice among the unguarded leaves. 1-consistent and `2 H_(k-1) + 2` robust for a base that is 1-consistent.

    Parameters:
        base: a policy with `score` and `forget`, whose score of a page changes only when it is requested; ties: lowest page.
        relax_times: guard from this error of a phase on, at least 1.
        relax_prob: skip guarding with this probability, in [0, 1].

    Reference: Chen et al., "Robustifying Learning-Augmented Caching Efficiently without Compromising 1-Consistency", NeurIPS 2025
    (arXiv 2507.16242), algorithm 1.
    """

    randomized = True
    base: paging.Policy = "follow_pred"  # type: ignore[assignment]
    relax_times: int = 1
    relax_prob: float = 0.0

    def begin(self, setting, rng):
        for verb in ("score", "forget"):
            if not defines(self.base, verb):
                raise InputError(f"guard needs a base with {verb}(page), and {type(self.base).__name__} has none")
        if self.relax_times < 1:
            raise InputError(f"guard: relax_times must be at least 1, got {self.relax_times}")
        if not 0 <= self.relax_prob <= 1:
            raise InputError(f"guard: relax_prob must be between 0 and 1, got {self.relax_prob}")
        self.rng = rng
        self.phase = 0
        self.errors = 0
        self.residents = RandomSet(setting.n_pages)
        self.idle = RandomSet(setting.n_pages)  # not requested since the phase began
        self.unguarded = Heap(setting.n_pages)  # highest score first
        self.is_guarded = np.zeros(setting.n_pages, np.bool_)
        self.evicted_in = np.full(setting.n_pages, -1, np.int64)  # phase
        self.comes_guarded = False
        self.base.begin(setting, rng)

    def hit(self, request):
        self.base.hit(request)
        self.idle.discard(request.page)
        self.rank(request.page)

    def admit(self, request):
        self.base.admit(request)
        self.residents.add(request.page)
        self.is_guarded[request.page] = self.comes_guarded
        self.comes_guarded = False
        self.rank(request.page)

    def rank(self, page):
        if not self.is_guarded[page]:
            self.unguarded.set(page, -self.base.score(page), page)

    def evict(self, request):
        if self.idle.size == 0:
            self.begin_phase()
        if self.evicted_in[request.page] == self.phase and not self.comes_guarded and self.is_guard_due():
            self.comes_guarded = True
            page = self.idle.draw(self.rng)
        else:
            page = self.unguarded.first()
            if page < 0:
                page = self.idle.draw(self.rng)
        self.evicted_in[page] = self.phase
        self.forget(page)
        return page

    def is_guard_due(self):
        self.errors += 1
        if self.errors < self.relax_times:
            return False
        return self.relax_prob == 0 or self.rng.random() >= self.relax_prob

    def begin_phase(self):
        self.phase += 1
        self.errors = 0
        for k in range(self.residents.size):
            page = self.residents.item(k)
            self.idle.add(page)
            self.is_guarded[page] = False
            self.rank(page)

    def forget(self, page):
        self.base.forget(page)
        self.residents.discard(page)
        self.idle.discard(page)
        self.unguarded.discard(page)

    def bound(self, facts):
        is_strict = self.relax_times == 1 and self.relax_prob == 0
        return 2 * (facts.h_k - 1 / facts.k + 1) * facts.opt if is_strict and self.base.channels else None
