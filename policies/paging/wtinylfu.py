import math

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import paging
from sim.domains.paging.queues import Queues
from sim.domains.paging.sketch import Sketch

WINDOW, PROBATION, PROTECTED = 0, 1, 2


class WTinyLFU(paging.Policy):
    """Lets a page pass from a small window into the main part only if it is requested more often than the one it would displace.

    The main part is a segmented LRU of two segments. Frequencies are estimates of a counting sketch that is halved now and
    then, so that the past fades.

    Departs from the paper as libCacheSim does: no doorkeeper, all counters of a page are raised and not only the least, hits in
    the window are not counted, a page that loses is counted once more, and the window grows until the cache is full for the
    first time. The two segments are those of `slru`: sizes are rounded down, what is left over lies with probation, and a page
    that sinks into a full probation segment pushes its oldest out of the cache. The next pages then enter the main part
    uncontested, which can change the misses by tens of percent; where the sizes leave nothing over it never happens.
    `spill=False` counts what is left over as probation, so that every page has to compete, as in the paper.

    The sketch hashes page numbers, libCacheSim the trace's own ids: where these are equal so are the misses, elsewhere they
    differ by chance collisions. With sizes the sketch is for as many pages as may be resident, not for one page per byte.

    Parameters:
        window_share: part of the capacity that is the window, in (0, 1); at least 1 page.
        protected_share: part of the main part for pages requested again there, in (0, 1).
        sample: the sketch is halved every `sample` hits per page that the main part holds; at least 1.
        spill: whether pages leave the main part unforced, see above.

    Reference: Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM Transactions on Storage
    2017, section 4; the parameters: libCacheSim.
    """

    window_share: float = 0.01
    protected_share: float = 0.8
    sample: int = 32
    spill: bool = True

    def begin(self, setting, rng):
        for name in ("window_share", "protected_share"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"wtinylfu: {name} must be above 0 and below 1, got {getattr(self, name)}")
        if self.sample < 1:
            raise InputError(f"wtinylfu: sample must be at least 1, got {self.sample}")
        self.main_size = max(1, setting.capacity - max(1, int(self.window_share * setting.capacity)))
        self.protected_size = int(self.protected_share * self.main_size)
        self.probation_size = self.main_size - self.protected_size
        if self.spill:
            self.probation_size = max(1, self.main_size - math.ceil(self.protected_share * self.main_size))
        self.queues = Queues(setting, 3)
        n_main = max(1, setting.n_slots * self.main_size // setting.capacity)
        self.sketch = Sketch(n_main, setting.n_pages)
        self.halve_after = self.sample * n_main
        self.has_sunk = False
        self.main_hits = 0

    def hit(self, request):
        page = request.page
        if self.queues.list_of(page) == WINDOW:
            self.queues.move_to_front(WINDOW, page)
            return
        self.queues.move_to_front(PROTECTED, page)
        while self.queues.used[PROTECTED] > self.protected_size:
            self.queues.sink(PROTECTED, PROBATION)
            self.has_sunk = self.spill
        self.sketch.add(page)
        self.main_hits += 1
        if self.main_hits >= self.halve_after:
            self.main_hits = 0
            self.sketch.halve()

    def release(self, request):
        if self.has_sunk:
            page = self.queues.back(PROBATION)
            if self.queues.used[PROBATION] > self.probation_size and page != request.page:
                return self.queues.pop_back(PROBATION)
            self.has_sunk = False
        return NONE

    def evict(self, request):
        queues = self.queues
        while queues.sizes[WINDOW] > 0 and self.main_used() + queues.weight(queues.back(WINDOW)) <= self.main_size:
            page = queues.back(WINDOW)
            self.enter_main(page)
            self.sketch.add(page)
        lower = PROBATION if queues.sizes[PROBATION] > 0 else PROTECTED
        if queues.sizes[WINDOW] == 0:
            return queues.pop_back(lower)
        newcomer = queues.back(WINDOW)
        victim = newcomer
        if queues.sizes[lower] > 0 and self.sketch.estimate(newcomer) > self.sketch.estimate(queues.back(lower)):
            victim = queues.pop_back(lower)
            self.enter_main(newcomer)
        else:
            queues.remove(newcomer)
        self.sketch.add(newcomer)
        self.look_ahead(WINDOW)
        self.look_ahead(lower)
        return victim

    def look_ahead(self, k):
        """Fetches the counters of the page that is compared next, and where those of the one after are."""
        page = self.queues.back(k)
        if page != NONE:
            self.sketch.reach(page)
            page = self.queues.before(page)
            if page != NONE:
                self.sketch.touch(page)

    def admit(self, request):
        self.queues.enter(WINDOW, request.page, request.size)
        self.sketch.add(request.page)

    def forget(self, page):
        self.queues.remove(page)

    def main_used(self):
        return self.queues.used[PROBATION] + self.queues.used[PROTECTED]

    def enter_main(self, page):
        """Moves a page from the window into the lower segment with room for it; where none has, into the lowest."""
        queues = self.queues
        size = queues.weight(page)
        has_room = queues.used[PROBATION] + size <= self.probation_size
        fits_above = queues.used[PROTECTED] + size <= self.protected_size
        queues.move_to_front(PROBATION if has_room or not fits_above else PROTECTED, page)
