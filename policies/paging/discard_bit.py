from sim.core.structures import RandomSet
from sim.domains import paging


class DiscardBit(paging.Policy):
    """Evicts a page whose discard bit is 1, at random; where there is none, any page at random.

    The plain use of the bits: perfect ones give the optimum, wrong ones have no guarantee.

    Reference: Follow-the-Binary-Prediction in Chen et al., "Robustifying Learning-Augmented Caching Efficiently without
    Compromising 1-Consistency", NeurIPS 2025.
    """

    channels = ("discard_bit",)

    def begin(self, setting, rng):
        self.rng = rng
        self.residents = RandomSet(setting.n_pages)
        self.droppable = RandomSet(setting.n_pages)

    def hit(self, request):
        if request.discard_bit:
            self.droppable.add(request.page)
        else:
            self.droppable.discard(request.page)

    def admit(self, request):
        self.residents.add(request.page)
        self.hit(request)

    def evict(self, request):
        page = self.droppable.draw(self.rng)
        if page < 0:
            page = self.residents.draw(self.rng)
        self.forget(page)
        return page

    def forget(self, page):
        self.residents.discard(page)
        self.droppable.discard(page)

    def score(self, page):
        return 1.0 if self.droppable.contains(page) else 0.0
