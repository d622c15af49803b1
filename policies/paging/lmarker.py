from sim.domains import paging
from sim.domains.paging.marking import PredictedMarks


class LMarker(paging.Policy):
    """Marking that follows the prediction on clean misses, and chance on stale ones.

    A clean miss (the page was not resident when the phase began) evicts the unmarked page predicted furthest, ties: highest
    slot; a stale one a uniform unmarked page.

    Reference: Rohatgi, "Near-Optimal Bounds for Online Caching with Machine Learned Advice", SODA 2020, section 3.
    """

    channels = ("next_use",)

    def begin(self, setting, rng):
        self.rng = rng
        self.pages = PredictedMarks(setting.n_slots, setting.n_pages)

    def hit(self, request):
        self.pages.serve(request.page, request.next_use)

    def admit(self, request):
        self.pages.load(request.page, request.next_use)

    def evict(self, request):
        if self.pages.is_phase_over():
            self.pages.begin_phase()
        page = self.pages.draw(self.rng) if self.pages.is_stale(request.page) else self.pages.furthest()
        self.pages.drop(page)
        return page

    def forget(self, page):
        self.pages.drop(page)
