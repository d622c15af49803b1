from sim.core.structures import LinkedList
from sim.domains import paging


class LRU(paging.Policy):
    """Evicts the page whose last request is oldest.

    Misses at most `capacity` times as often as a clairvoyant cache of equal size, up to a constant.

    Reference: Sleator and Tarjan, "Amortized Efficiency of List Update and Paging Rules", CACM 1985.
    """

    def begin(self, setting, rng):
        self.order = LinkedList(setting.n_pages)  # most recently requested first

    def hit(self, request):
        self.order.move_to_front(request.page)

    def admit(self, request):
        self.order.push_front(request.page)

    def evict(self, request):
        return self.order.pop_back()

    def forget(self, page):
        self.order.remove(page)
