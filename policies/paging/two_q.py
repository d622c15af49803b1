import math

from sim.core.errors import InputError
from sim.domains import paging
from sim.domains.paging.queues import Queues

A1IN, A1OUT, AM = 0, 1, 2


class TwoQ(paging.Policy):
    """Lets new pages through a queue, and keeps in an LRU list those that are missed again soon after they left it.

    A1in holds new pages in order of arrival; hits there, taken for one burst of use, change nothing. Its oldest is evicted while
    it is over its size, and leaves its number in the ghost A1out. A page found in A1out is loaded into Am, an LRU list that
    gives up its oldest page at all other times.

    This is the full version of the paper, with the sizes that it recommends. Parts of the capacity that would be 0 are 1 page.

    Parameters:
        in_share: part of the capacity above which A1in gives up pages, in (0, 1).
        out_share: size of the ghost A1out in capacities, above 0.

    Reference: Johnson and Shasha, "2Q: A Low Overhead High Performance Buffer Management Replacement Algorithm", VLDB 1994,
    section 3.
    """

    in_share: float = 0.25
    out_share: float = 0.5

    def begin(self, setting, rng):
        if not 0 < self.in_share < 1:
            raise InputError(f"two_q: in_share must be above 0 and below 1, got {self.in_share}")
        if not 0 < self.out_share < math.inf:
            raise InputError(f"two_q: out_share must be above 0 and finite, got {self.out_share}")
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
        """Notes once per miss whether the ghost holds the page, and takes it out there."""
        if self.missed != request.index:
            self.missed = request.index
            self.is_known = self.queues.list_of(request.page) == A1OUT
            if self.is_known:
                self.queues.remove(request.page)

    def forget(self, page):
        self.queues.remove(page)
