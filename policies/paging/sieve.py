import numpy as np

from sim.core.structures import LinkedList
from sim.core.trace import NONE
from sim.domains import paging


class Sieve(paging.Policy):
    """Evicts the next page in the order of loads that was not requested since the hand last passed it.

    Unlike `clock`, a page that survives keeps its place and the newcomer goes to the end of the queue, not behind the hand: new
    pages are looked at soon, proven ones seldom.

    Reference: Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is Simpler than LRU", NSDI 2024, section 3, algorithm 1.
    """

    def begin(self, setting, rng):
        self.order = LinkedList(setting.n_pages)  # newest load first
        self.visited = np.zeros(setting.n_pages, np.bool_)
        self.hand = NONE  # where the next look begins, NONE for the oldest page

    def hit(self, request):
        self.visited[request.page] = True

    def admit(self, request):
        self.order.push_front(request.page)

    def evict(self, request):
        page = self.hand if self.hand != NONE else self.order.back()
        while self.visited[page]:
            self.visited[page] = False
            page = self.order.before(page)
            if page == NONE:
                page = self.order.back()
        self.hand = self.order.before(page)
        self.order.remove(page)
        return page

    def forget(self, page):
        if page == self.hand:
            self.hand = self.order.before(page)
        self.visited[page] = False
        self.order.remove(page)
