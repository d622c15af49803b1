import numpy as np

from sim.core.errors import InputError
from sim.core.structures import Heap, IndexSet, RandomSet, draw
from sim.core.trace import NONE
from sim.domains import paging
from sim.domains.paging.combining import Synchroniser


class TrustAndDoubt(paging.Policy):
    """Evicts what the predicted cache lacks on trust; a page wrongly evicted brings doubt, each time for twice as many arrivals.

    It works on a simulated cache, which the real one follows lazily. In each phase of `capacity` distinct pages, an arriving page
    that was not simulated before (clean) names one that the prediction lacks, the doubted one. While it trusts, that page is
    out in place of the stale page of highest random priority; when the doubted page is requested, another is named and trust is
    suspended. Competitive within `O(min(1 + log(1 + eta / OPT), log k))`; perfect predictions do not give the optimum.

    Parameters:
        order: of the pages the simulated cache lacks, "stamp": the one loaded longest ago leaves; "lru": requested longest ago.

    Reference: Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020, section 4.
    """

    channels = ("cache_state",)
    order: str = "stamp"

    def begin(self, setting, rng):
        if setting.sized:
            raise InputError("trust_and_doubt counts pages, not bytes; give the capacity in pages")
        n_pages = setting.n_pages
        k = setting.n_slots
        self.k = k
        self.rng = rng
        self.now = -1
        self.lazy = Synchroniser(n_pages, self.order)
        self.simulated = RandomSet(n_pages)
        self.last = np.zeros(n_pages, np.int64)  # last request
        self.phase = 0
        self.n_arrived = k  # arrivals in this phase; the first request of all begins one
        self.arrived_in = np.full(n_pages, -1, np.int64)
        self.stale_in = np.full(n_pages, -1, np.int64)
        self.ancient = Heap(n_pages)  # those the prediction lacks first, then by last request
        self.priority = np.zeros(n_pages, np.int64)
        self.stale = np.zeros(k, np.int32)  # stale pages by priority
        self.inside = IndexSet(k)  # priorities of stale pages not yet requested: in the simulated cache ..
        self.outside = IndexSet(k)  # .. and out of it without being doubted on trust
        self.candidates = Heap(
            n_pages
        )  # arrived or stale pages that the prediction lacks and nobody doubts, by last request
        self.n_clean = 0
        self.doubted_by = np.full(n_pages, NONE, np.int32)  # the clean arrival that doubts the page
        self.doubted = np.full(k, NONE, np.int32)
        self.is_trusted = np.zeros(k, np.bool_)
        self.length = np.zeros(k, np.int64)  # of a clean arrival's interval, in arrivals
        self.ends = Heap(k)  # clean arrivals by the number of arrivals at which their interval ends

    def hit(self, request):
        self.observe(request)
        self.lazy.hit(request.page, request.index)

    def admit(self, request):
        self.observe(request)
        self.lazy.load(request.page, request.index)

    def evict(self, request):
        self.observe(request)
        return self.lazy.evict()

    def observe(self, request):
        """Plays the request on the simulated cache, once."""
        if request.index == self.now:
            return
        self.now = request.index
        page = request.page
        self.see_prediction(request)
        arrives = self.arrived_in[page] != self.phase
        if arrives and self.n_arrived == self.k:
            self.begin_phase(request)
        self.last[page] = request.index
        had_ancient = self.ancient.size > 0
        was_full = self.simulated.size == self.k
        self.ancient.discard(page)
        if arrives:
            self.n_arrived += 1
            self.arrived_in[page] = self.phase
            self.rank(page)
        if was_full and not had_ancient:
            self.serve(request, arrives)
        elif not self.simulated.contains(page):
            if was_full:
                self.take_out(self.ancient.pop())
            self.take_in(page)

    def see_prediction(self, request):
        """A page left the predicted cache: it may be doubted, and goes first of the ancient ones."""
        page = request.leaves
        self.candidates.discard(request.page)
        if page == NONE:
            return
        if self.ancient.contains(page):
            self.ancient.set(page, 0.0, int(self.last[page]))
        if self.is_in_play(page) and self.doubted_by[page] == NONE:
            self.candidates.set(page, 0.0, int(self.last[page]))

    def is_in_play(self, page):
        return self.arrived_in[page] == self.phase or self.stale_in[page] == self.phase

    def begin_phase(self, request):
        """Divides the simulated pages into ancient and stale ones, and forgets all doubts."""
        for clean in range(self.n_clean):
            self.ends.discard(clean)
            if self.doubted[clean] != NONE:
                self.doubted_by[self.doubted[clean]] = NONE
        while self.inside.size > 0:
            self.inside.discard(self.inside.least())
        while self.outside.size > 0:
            self.outside.discard(self.outside.least())
        while self.candidates.size > 0:
            self.candidates.pop()
        while self.ancient.size > 0:
            self.ancient.pop()
        self.n_clean = 0
        n_stale = 0
        for place in range(self.simulated.size):
            page = self.simulated.item(place)
            if self.arrived_in[page] == self.phase or page == request.page:
                other = draw(self.rng, n_stale + 1)
                self.stale[n_stale] = self.stale[other]
                self.stale[other] = page
                n_stale += 1
            else:
                self.ancient.set(page, 1.0 if request.cache_state[page] else 0.0, int(self.last[page]))
        self.phase += 1
        self.n_arrived = 0
        for priority in range(n_stale):
            page = int(self.stale[priority])
            self.priority[page] = priority
            self.stale_in[page] = self.phase
            self.rank(page)
            if not request.cache_state[page]:
                self.candidates.set(page, 0.0, int(self.last[page]))

    def serve(self, request, arrives):
        """All ancient pages are gone: clean arrivals doubt, and stale pages make room."""
        page = request.page
        if not self.simulated.contains(page):
            self.take_out(int(self.stale[self.inside.least()]))
            self.take_in(page)
        if arrives and self.stale_in[page] != self.phase:
            clean = self.n_clean
            self.n_clean += 1
            self.length[clean] = 1
            self.is_trusted[clean] = True
            self.ends.set(clean, float(self.n_arrived), clean)  # its interval began one arrival ago
            self.name_doubted(clean)
        if self.doubted_by[page] != NONE:
            clean = int(self.doubted_by[page])
            self.doubted_by[page] = NONE
            self.is_trusted[clean] = False
            self.ends.set(clean, float(self.n_arrived + self.length[clean]), clean)
            self.name_doubted(clean)
        if arrives:
            while self.ends.size > 0 and self.ends.key(self.ends.first()) == self.n_arrived:
                self.begin_interval(self.ends.first())

    def name_doubted(self, clean):
        """The page that the prediction lacks, nobody doubts, and was requested longest ago; or none."""
        page = self.candidates.pop()
        self.doubted[clean] = page
        if page != NONE:
            self.doubted_by[page] = clean
            self.rank(page)

    def begin_interval(self, clean):
        """An interval ended without a request of the doubted page: it is out, for twice as long after a doubt.

        Once it is out, further intervals change nothing until it is requested, so they are left out.
        """
        if not self.is_trusted[clean]:
            self.length[clean] *= 2
            self.is_trusted[clean] = True
        self.ends.discard(clean)
        page = int(self.doubted[clean])
        if page == NONE:
            return
        if self.simulated.contains(page) and self.outside.size > 0:
            self.take_in(int(self.stale[self.outside.largest()]))
            self.take_out(page)
        self.rank(page)
        if self.simulated.contains(page):
            self.ends.set(clean, float(self.n_arrived + self.length[clean]), clean)

    def rank(self, page):
        """Puts a stale page by its priority where it belongs, or nowhere once it was requested."""
        if self.stale_in[page] != self.phase:
            return
        priority = int(self.priority[page])
        self.inside.discard(priority)
        self.outside.discard(priority)
        if self.arrived_in[page] == self.phase:
            return
        doubter = int(self.doubted_by[page])
        if self.simulated.contains(page):
            self.inside.add(priority)
        elif doubter == NONE or not self.is_trusted[doubter]:
            self.outside.add(priority)

    def take_in(self, page):
        self.simulated.add(page)
        self.lazy.extras.discard(page)
        self.rank(page)

    def take_out(self, page):
        self.simulated.discard(page)
        self.lazy.let_go(page)
        self.rank(page)
