import numpy as np

from sim.core.errors import InputError
from sim.core.structures import Queue
from sim.domains import paging


class Clock(paging.Policy):
    """Evicts in the order of loads, but gives a page one more round for every use since it was last passed over.

    Pages stay where they are and a hand goes round: a page with a use loses one and is passed over, one without is evicted. That
    equals a queue in which the page passed over becomes the newest. Misses at most `capacity` times as often as a
    clairvoyant cache of equal size, up to a constant.

    Parameters:
        n_bits: uses are counted up to 2^n_bits - 1; 1 to 8.

    Reference: Corbató, "A Paging Experiment with the Multics System", MIT Project MAC 1968; more than one bit: Smith,
    "Sequentiality and Prefetching in Database Systems", ACM Transactions on Database Systems 1978.
    """

    n_bits: int = 1

    def begin(self, setting, rng):
        if not 1 <= self.n_bits <= 8:
            raise InputError(f"clock: n_bits must be 1 to 8, got {self.n_bits}")
        self.most = 2**self.n_bits - 1
        self.uses = np.zeros(setting.n_pages, np.uint8)
        self.order = Queue(setting.n_pages, setting.n_slots)

    def hit(self, request):
        self.uses[request.page] = min(self.uses[request.page] + 1, self.most)

    def admit(self, request):
        self.order.push(request.page)

    def evict(self, request):
        page = self.order.pop()
        while self.uses[page] > 0:
            self.uses[page] -= 1
            self.order.push(page)
            page = self.order.pop()
        return page

    def forget(self, page):
        self.uses[page] = 0
        self.order.remove(page)
