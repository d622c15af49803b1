import numpy as np

from sim.domains import paging
from sim.domains.paging.combining import Combination
from sim.domains.paging.marking import PredictedMarks


class LNonMarker(paging.Policy):
    """Follows predictions on clean misses, chance on stale ones, and may evict marked pages; kept robust by a combiner.

    The core is not robust, so the policy is the deterministic combination of core and a robust policy.

    Parameters:
        robust: the other component.
        gamma: see `combiner`; above 0.

    Reference: Rohatgi, "Near-Optimal Bounds for Online Caching with Machine Learned Advice", SODA 2020, section 4.
    """

    channels = ("next_use",)
    robust: paging.Policy = "marker"  # type: ignore[assignment]
    gamma: float = 0.01

    def begin(self, setting, rng):
        parts = (_Core(), self.robust)
        self.combination = Combination(parts, setting, rng, "deterministic", self.gamma, 0.5, "stamp")

    def hit(self, request):
        self.combination.hit(request)

    def admit(self, request):
        self.combination.admit(request)

    def evict(self, request):
        return self.combination.evict(request)

    def forget(self, page):
        self.combination.forget(page)


class _Core(paging.Policy):
    """Phases by k distinct requests, tested before each request. A clean miss evicts the unmarked page predicted furthest; a
    stale one whose page was evicted by a clean miss a uniform page of the whole cache, any other a uniform unmarked page."""

    channels = ("next_use",)

    def begin(self, setting, rng):
        self.rng = rng
        self.capacity = setting.n_slots
        self.pages = PredictedMarks(setting.n_slots, setting.n_pages)
        self.n_distinct = 0
        self.seen_in = np.full(setting.n_pages, -1, np.int64)
        self.victim_in = np.full(setting.n_pages, -1, np.int64)  # phase of the page's eviction
        self.was_evicted_by_clean = np.zeros(setting.n_pages, np.bool_)

    def hit(self, request):
        self.count(request.page)
        self.pages.serve(request.page, request.next_use)

    def admit(self, request):
        self.count(request.page)
        self.pages.load(request.page, request.next_use)

    def count(self, page):
        """Begins a phase at the (k+1)-th distinct page."""
        if self.seen_in[page] == self.pages.marks.phase:
            return
        if self.n_distinct == self.capacity:
            self.pages.begin_phase()
            self.n_distinct = 0
        self.n_distinct += 1
        self.seen_in[page] = self.pages.marks.phase

    def evict(self, request):
        self.count(request.page)
        phase = self.pages.marks.phase
        is_clean = not self.pages.is_stale(request.page)
        if is_clean and not self.pages.is_phase_over():
            page = self.pages.furthest()
        elif self.victim_in[request.page] == phase and self.was_evicted_by_clean[request.page]:
            page = self.draw_any()
        else:
            page = self.pages.draw(self.rng)
        if page < 0:
            page = self.draw_any()
        self.victim_in[page] = phase
        self.was_evicted_by_clean[page] = is_clean
        self.pages.drop(page)
        return page

    def draw_any(self):
        """A page of the whole cache, uniformly."""
        marks = self.pages.marks
        k = int(self.rng.random() * (marks.unmarked.size + marks.marked.size))
        if k < marks.unmarked.size:
            return marks.unmarked.item(k)
        return marks.marked.item(k - marks.unmarked.size)

    def forget(self, page):
        self.pages.drop(page)
