import numpy as np

from sim.core.errors import InputError
from sim.core.structures import IndexSet, RandomSet
from sim.core.trace import NEVER
from sim.domains import paging


class Belady(paging.Policy):
    """Evicts the page requested furthest in the future: the clairvoyant optimum for pages of equal size.

    Among pages never requested again the one requested longest ago leaves first. With sizes, pages leave furthest first until
    the new one fits, which is no longer optimal.

    Parameters:
        size_aware: with sizes, evict of 128 sampled residents the one of largest size times time to the next request.

    Reference: Belady, "A Study of Replacement Algorithms for a Virtual-Storage Computer", IBM Systems Journal 1966.
    """

    clairvoyant = True
    channels = ("next_use",)
    size_aware: bool = False

    def begin(self, setting, rng):
        if self.size_aware and not setting.sized:
            raise InputError("belady: size_aware needs sizes; give the capacity in bytes")
        self.rng = rng
        self.following = np.full(setting.n_pages, NEVER, np.int64)  # next request of each resident page
        self.upcoming = IndexSet(setting.n_requests)  # the same as a set
        self.page_at = np.zeros(setting.n_requests, np.int32)
        self.never = np.zeros(
            setting.n_pages, np.int32
        )  # residents never requested again, in order of their last request
        self.is_never = np.zeros(setting.n_pages, np.bool_)
        self.n_never = 0
        self.n_never_gone = 0
        self.residents = RandomSet(setting.n_pages if self.size_aware else 1)
        self.size = np.zeros(setting.n_pages if self.size_aware else 1, np.int64)

    def hit(self, request):
        self.upcoming.discard(request.index)
        self.expect(request)

    def admit(self, request):
        if self.size_aware:
            self.residents.add(request.page)
            self.size[request.page] = request.size
        self.expect(request)

    def expect(self, request):
        if request.next_use < NEVER:
            following = int(request.next_use)
            self.following[request.page] = following
            self.upcoming.add(following)
            self.page_at[following] = request.page
        else:
            self.never[self.n_never] = request.page
            self.n_never += 1
            self.is_never[request.page] = True

    def evict(self, request):
        while self.n_never_gone < self.n_never:
            page = int(self.never[self.n_never_gone])
            self.n_never_gone += 1
            if self.is_never[page]:
                self.forget(page)
                return page
        if self.size_aware:
            page = self.costliest(request.index)
        else:
            page = int(self.page_at[self.upcoming.largest()])
        self.forget(page)
        return page

    def costliest(self, now):
        best = -1
        most = -1.0
        for _ in range(128):
            page = self.residents.draw(self.rng)
            cost = float(self.size[page]) * (self.following[page] - now)
            if cost > most:
                best = page
                most = cost
        return best

    def bound(self, facts):
        return facts.opt

    def forget(self, page):
        if self.size_aware:
            self.residents.discard(page)
        if self.is_never[page]:
            self.is_never[page] = False
        else:
            self.upcoming.discard(int(self.following[page]))
