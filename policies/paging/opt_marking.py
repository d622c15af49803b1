from sim.domains import paging
from sim.domains.paging.marking import PredictedMarks


class OptMarking(paging.Policy):
    """Marks what is requested and evicts the unmarked page requested furthest in the future: what marking alone costs.

    Reference: Lykouris and Vassilvitskii, "Competitive Caching with Machine Learned Advice", ICML 2018; ties: highest slot.
    """

    clairvoyant = True
    channels = ("next_use",)

    def begin(self, setting, rng):
        self.pages = PredictedMarks(setting.n_slots, setting.n_pages)

    def hit(self, request):
        self.pages.serve(request.page, request.next_use)

    def admit(self, request):
        self.pages.load(request.page, request.next_use)

    def evict(self, request):
        if self.pages.is_phase_over():
            self.pages.begin_phase()
        page = self.pages.furthest()
        self.pages.drop(page)
        return page

    def forget(self, page):
        self.pages.drop(page)
