from sim.core.structures import Queue
from sim.domains import paging


class FIFO(paging.Policy):
    """Evicts the page that was loaded first; hits change nothing.

    Misses at most `capacity` times as often as a clairvoyant cache of equal size, up to a constant. A larger cache can miss
    more often (Belady's anomaly).

    Reference: Sleator and Tarjan, "Amortized Efficiency of List Update and Paging Rules", CACM 1985.
    """

    def begin(self, setting, rng):
        self.order = Queue(setting.n_pages, setting.n_slots)

    def admit(self, request):
        self.order.push(request.page)

    def evict(self, request):
        return self.order.pop()

    def forget(self, page):
        self.order.remove(page)
