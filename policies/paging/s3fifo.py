import numpy as np

from sim.domains import paging
from sim.domains.paging.queues import Queues

SMALL, MAIN, GHOST = 0, 1, 2
MOST = 3


class S3FIFO(paging.Policy):
    small_share: float = 0.1
    ghost_share: float = 0.9
    promote_after: int = 2

    def begin(self, setting, rng):
        self.queues = Queues(setting, 3)
        self.uses = np.zeros(setting.n_pages, np.uint8)
        self.small_size = max(1, int(self.small_share * setting.capacity))
        self.main_size = max(1, setting.capacity - self.small_size)
        self.ghost_size = max(1, int(self.ghost_share * setting.capacity))
        self.has_evicted = False
        self.is_known = False
        self.missed = -1

    def hit(self, request):
        self.uses[request.page] = min(self.uses[request.page] + 1, MOST)

    def admit(self, request):
        self.look_up(request)
        queue = SMALL
        if self.is_known or (not self.has_evicted and self.queues.used[SMALL] + request.size > self.small_size):
            queue = MAIN
        self.uses[request.page] = 0
        self.queues.enter(queue, request.page, request.size)

    def evict(self, request):
        self.look_up(request)
        self.has_evicted = True
        queues = self.queues
        while queues.used[MAIN] <= self.main_size and queues.sizes[SMALL] > 0:
            page = queues.back(SMALL)
            if self.uses[page] < self.promote_after:
                queues.move_to_front(GHOST, page)
                while queues.used[GHOST] > self.ghost_size:
                    queues.pop_back(GHOST)
                return page
            self.uses[page] = 0
            queues.move_to_front(MAIN, page)
        page = queues.back(MAIN)
        while self.uses[page] > 0:
            self.uses[page] -= 1
            queues.move_to_front(MAIN, page)
            page = queues.back(MAIN)
        queues.remove(page)
        return page

    def look_up(self, request):
        if self.missed != request.index:
            self.missed = request.index
            self.is_known = self.queues.list_of(request.page) == GHOST
            if self.is_known:
                self.queues.remove(request.page)

    def forget(self, page):
        self.queues.remove(page)
