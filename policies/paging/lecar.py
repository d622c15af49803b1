import math

import numpy as np

from sim.core.errors import InputError
from sim.domains import paging
from sim.domains.paging.classes import Classes
from sim.domains.paging.queues import Queues

RESIDENT, LRU_GHOST, LFU_GHOST = 0, 1, 2


class LeCaR(paging.Policy):
    """Learns by regret whether to evict as LRU or as LFU would.

    Where both name the same page it leaves. Elsewhere the expert is drawn by weight, and the page is remembered as that expert's
    doing, in a ghost of half the capacity; when it is missed there, `a` requests later, the expert's weight is multiplied by
    exp(-rate * d^a) with d = 0.005^(1/k).

    Kept is the logarithm of the weights' ratio, so that no weight is ever rounded to 0. LFU counts the requests since a page was
    loaded, and of equal counts the one that has had it longest leaves. With sizes, ghosts are counted in bytes and k is
    the number of pages that may be resident.

    Parameters:
        rate: learning rate, at least 0, where both weights stay 1/2.
        discount: what a regret of age k is worth, in (0, 1].

    Reference: Vietri et al., "Driving Cache Replacement with ML-based LeCaR", HotStorage 2018, section 2.
    """

    rate: float = 0.45
    discount: float = 0.005

    def begin(self, setting, rng):
        if not 0 <= self.rate < math.inf:
            raise InputError(f"lecar: rate must be at least 0 and finite, got {self.rate}")
        if not 0 < self.discount <= 1:
            raise InputError(f"lecar: discount must be above 0 and at most 1, got {self.discount}")
        self.rng = rng
        self.queues = Queues(setting, 3)
        self.counts = Classes(setting.n_pages, setting.n_requests)  # residents
        self.evicted_at = np.zeros(setting.n_pages, np.int64)
        self.ghost_size = max(1, setting.capacity // 2)
        self.log_d = math.log(self.discount) / setting.n_slots
        self.lead = 0.0  # ln(weight of LRU / weight of LFU)
        self.lru_weight = 0.5

    def hit(self, request):
        page = request.page
        self.queues.move_to_front(RESIDENT, page)
        self.counts.raise_count(page)

    def admit(self, request):
        self.regret(request)
        self.queues.enter(RESIDENT, request.page, request.size)
        self.counts.add(request.page)

    def evict(self, request):
        self.regret(request)
        oldest = self.queues.back(RESIDENT)
        rarest = self.counts.first()
        if oldest == rarest:
            self.queues.remove(oldest)
            self.counts.remove(oldest)
            return oldest
        if self.rng.random() < self.lru_weight:
            self.remember(LRU_GHOST, oldest, request.index)
            return oldest
        self.remember(LFU_GHOST, rarest, request.index)
        return rarest

    def remember(self, ghost, page, now):
        self.counts.remove(page)
        self.evicted_at[page] = now
        self.queues.move_to_front(ghost, page)
        while self.queues.used[ghost] > self.ghost_size:
            self.queues.pop_back(ghost)

    def regret(self, request):
        """Takes the missing page out of the ghost that it is in, if any, and lowers the weight of the expert to blame."""
        ghost = self.queues.list_of(request.page)
        if ghost != LRU_GHOST and ghost != LFU_GHOST:
            return
        age = request.index - self.evicted_at[request.page]
        loss = self.rate * math.exp(self.log_d * age)
        self.lead += loss if ghost == LFU_GHOST else -loss
        self.lru_weight = (1 + math.tanh(self.lead / 2)) / 2
        self.queues.remove(request.page)

    def forget(self, page):
        self.queues.remove(page)
        self.counts.remove(page)
