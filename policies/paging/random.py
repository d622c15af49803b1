from sim.core.structures import RandomSet
from sim.domains import paging


class Random(paging.Policy):
    """Evicts a resident page at random, all equally likely.

    Misses at most `capacity` times as often, in expectation, as a clairvoyant cache of equal size.

    Reference: Raghavan and Snir, "Memory versus Randomization in On-line Algorithms", ICALP 1989.
    """

    randomized = True

    def begin(self, setting, rng):
        self.rng = rng
        self.residents = RandomSet(setting.n_pages)

    def admit(self, request):
        self.residents.add(request.page)

    def evict(self, request):
        page = self.residents.draw(self.rng)
        self.residents.discard(page)
        return page

    def forget(self, page):
        self.residents.discard(page)
