from sim.core.structures import LinkedList
from sim.core.trace import NONE
from sim.domains import paging


class FlushWhenFull(paging.Policy):
    """Empties the whole cache when a page must come in and there is no room.

    Misses at most `capacity` times as often as a clairvoyant cache of equal size, up to a constant: as good as `lru` in the
    worst case, and never better than it.

    Reference: Karlin, Manasse, Rudolph and Sleator, "Competitive Snoopy Caching", Algorithmica 1988.
    """

    def begin(self, setting, rng):
        self.order = LinkedList(setting.n_pages)  # newest load first
        self.is_flushing = False

    def admit(self, request):
        self.order.push_front(request.page)

    def evict(self, request):
        self.is_flushing = True
        return self.order.pop_back()

    def release(self, request):
        if self.is_flushing:
            page = self.order.back()
            if page != NONE and page != request.page:
                return self.order.pop_back()
            self.is_flushing = False
        return NONE

    def forget(self, page):
        self.order.remove(page)
