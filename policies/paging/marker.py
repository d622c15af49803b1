from sim.core.structures import RandomSet
from sim.domains import paging


class Marker(paging.Policy):
    """Marks what is requested; evicts an unmarked page at random, and unmarks all when none is left.

    Misses at most `2 H_k - 1` times as often as a clairvoyant cache of equal size k, in expectation.

    Reference: Fiat et al., "Competitive Paging Algorithms", Journal of Algorithms 1991; the factor: Achlioptas, Chrobak, Noga,
    "Competitive Analysis of Randomized Paging Algorithms", 2000.
    """

    randomized = True

    def begin(self, setting, rng):
        self.rng = rng
        self.unmarked = RandomSet(setting.n_pages)
        self.marked = RandomSet(setting.n_pages)

    def hit(self, request):
        self.unmarked.discard(request.page)
        self.marked.add(request.page)

    def admit(self, request):
        self.marked.add(request.page)

    def evict(self, request):
        if self.unmarked.size == 0:
            for k in range(self.marked.size):
                self.unmarked.add(self.marked.item(k))
            self.marked.clear()
        page = self.unmarked.draw(self.rng)
        self.unmarked.discard(page)
        return page

    def forget(self, page):
        self.unmarked.discard(page)
        self.marked.discard(page)

    def bound(self, facts):
        return (2 * facts.h_k - 1) * facts.opt
