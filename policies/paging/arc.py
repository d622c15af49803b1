from sim.core.trace import NONE
from sim.domains import paging
from sim.domains.paging.queues import Queues

T1, T2, B1, B2 = 0, 1, 2, 3


class ARC(paging.Policy):
    """Keeps pages requested once and pages requested again in two LRU lists, and learns how long each should be.

    Evicted pages leave their number in a ghost list, B1 for those of T1 (requested once) and B2 for those of T2 (again). A miss
    found in B1 says that T1 was too short and raises its target length `p`, one found in B2 lowers it: by 1, or by the
    ratio of the ghosts' lengths where that is more. T1 and B1 hold at most the capacity together, all four lists twice that.

    No parameters. With sizes all lengths are in bytes.

    Reference: Megiddo and Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003, figure 4.
    """

    def begin(self, setting, rng):
        self.queues = Queues(setting, 4)
        self.capacity = setting.capacity
        self.p = 0.0  # how long T1 should be
        self.missed = -1
        self.ghost = NONE  # the list that the missing page was found in

    def hit(self, request):
        self.queues.move_to_front(T2, request.page)

    def admit(self, request):
        self.look_up(request)
        self.queues.enter(T1 if self.ghost == NONE else T2, request.page, request.size)

    def evict(self, request):
        self.look_up(request)
        queues = self.queues
        if self.ghost == NONE:
            if queues.used[T1] + queues.used[B1] + request.size > self.capacity:
                if queues.sizes[B1] == 0:
                    return queues.pop_back(T1)
                queues.pop_back(B1)
            elif queues.used[T1] + queues.used[T2] + queues.used[B1] + queues.used[B2] >= 2 * self.capacity:
                queues.pop_back(B2)
        t1 = queues.used[T1]
        if queues.sizes[T2] == 0 or t1 > self.p or (t1 > 0 and t1 == self.p and self.ghost == B2):
            page = queues.back(T1)
            queues.move_to_front(B1, page)
        else:
            page = queues.back(T2)
            queues.move_to_front(B2, page)
        return page

    def look_up(self, request):
        """Learns once per miss from the ghost that holds the page, and takes it out there."""
        if self.missed == request.index:
            return
        self.missed = request.index
        queues = self.queues
        self.ghost = queues.list_of(request.page)
        if self.ghost == B1:
            self.p = min(self.p + max(queues.used[B2] / queues.used[B1], 1.0) * request.size, float(self.capacity))
        elif self.ghost == B2:
            self.p = max(self.p - max(queues.used[B1] / queues.used[B2], 1.0) * request.size, 0.0)
        if self.ghost != NONE:
            queues.remove(request.page)

    def forget(self, page):
        self.queues.remove(page)
