from sim.domains import paging
from sim.domains.paging.queues import Queues

A1IN, A1OUT, AM = 0, 1, 2


class TwoQ(paging.Policy):
    in_share: float = 0.25
    out_share: float = 0.5

    def begin(self, setting, rng):
        self.queues = Queues(setting, 3)
        self.in_size = max(1, int(self.in_share * setting.capacity))
        self.out_size = max(1, int(self.out_share * setting.capacity))
        self.missed = -1
        self.is_known = False

    def hit(self, request):
        if self.queues.list_of(request.page) == AM:
            self.queues.move_to_front(AM, request.page)

    def admit(self, request):
        self.look_up(request)
        self.queues.enter(AM if self.is_known else A1IN, request.page, request.size)

    def evict(self, request):
        self.look_up(request)
        queues = self.queues
        if queues.used[A1IN] <= self.in_size and queues.sizes[AM] > 0:
            return queues.pop_back(AM)
        page = queues.back(A1IN)
        queues.move_to_front(A1OUT, page)
        while queues.used[A1OUT] > self.out_size:
            queues.pop_back(A1OUT)
        return page

    def look_up(self, request):
        if self.missed != request.index:
            self.missed = request.index
            self.is_known = self.queues.list_of(request.page) == A1OUT
            if self.is_known:
                self.queues.remove(request.page)

    def forget(self, page):
        self.queues.remove(page)
