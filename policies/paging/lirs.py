from sim.core.errors import InputError
from sim.core.structures import LinkedList
from sim.core.trace import NONE
from sim.domains import paging
from sim.domains.paging.queues import Queues

HIR, GHOST = 0, 1


class LIRS(paging.Policy):
    """Keeps the pages whose last two requests came closest together; all others pass through a small queue.

    The stack orders pages by their last request and ends with a page of low inter-reference recency (LIR). A page that is
    requested again while it is still in the stack was absent for less long than that one, and takes its place: the LIR page
    goes to the queue of the others (HIR), whose oldest is evicted. Evicted pages stay in the stack as ghosts.

    Departs from libCacheSim as the paper does: a hit to a HIR page outside the stack leaves the LIR pages as they are, where
    libCacheSim takes the rank of one as if it needed room; the queue may then evict the very page just hit, to which further
    hits are counted. Misses differ by less than 0.5 % on the traces tried. Parts of the capacity that would be 0 are 1 page.
    With sizes all parts are in bytes; HIR pages also use what LIR pages leave free.

    Parameters:
        hir_share: part of the capacity for resident HIR pages, in (0, 1).
        stack_limit: most that the stack holds, ghosts included, in capacities; at least 1.

    Reference: Jiang and Zhang, "LIRS: An Efficient Low Inter-Reference Recency Set Replacement Policy", SIGMETRICS 2002,
    section 3; the limit of the stack, which the paper leaves open: libCacheSim.
    """

    hir_share: float = 0.01
    stack_limit: float = 2.0

    def begin(self, setting, rng):
        if not 0 < self.hir_share < 1:
            raise InputError(f"lirs: hir_share must be above 0 and below 1, got {self.hir_share}")
        if self.stack_limit < 1:
            raise InputError(f"lirs: stack_limit must be at least 1 capacity, got {self.stack_limit}")
        self.lir_size = max(1, setting.capacity - max(1, int(self.hir_share * setting.capacity)))
        self.stack_size = int(self.stack_limit * setting.capacity)
        self.stack = LinkedList(setting.n_pages)  # most recently requested first; ends with a LIR page
        self.queues = Queues(setting, 2)  # a resident page in no queue is LIR
        self.lir_used = 0
        self.stack_used = 0

    def hit(self, request):
        page = request.page
        if self.queues.list_of(page) == NONE:
            self.stack.move_to_front(page)
            self.prune()
        elif self.stack.contains(page):
            self.stack.move_to_front(page)
            self.queues.remove(page)
            self.make_lir(page)
        else:
            self.queues.move_to_front(HIR, page)
            self.push(page)
            self.limit()

    def evict(self, request):
        if self.queues.sizes[HIR] == 0:
            self.demote()
        page = self.queues.back(HIR)
        if self.stack.contains(page):
            self.queues.move_to_front(GHOST, page)
        else:
            self.queues.remove(page)
        return page

    def admit(self, request):
        page = request.page
        is_known = self.queues.list_of(page) == GHOST
        if is_known:
            self.queues.remove(page)
            self.leave_stack(page)
        if self.queues.weights is not None:
            self.queues.weights[page] = request.size
        self.push(page)
        if is_known or self.lir_used + request.size <= self.lir_size:
            self.make_lir(page)
        else:
            self.queues.push_front(HIR, page)
        self.limit()

    def forget(self, page):
        if self.queues.list_of(page) == NONE:
            self.lir_used -= self.queues.weight(page)
        else:
            self.queues.remove(page)
        if self.stack.contains(page):
            self.leave_stack(page)
            self.prune()

    def make_lir(self, page):
        """Makes a page at the top of the stack, in no queue, LIR; others leave that rank for it."""
        size = self.queues.weight(page)
        while self.lir_used > 0 and self.lir_used + size > self.lir_size:
            self.demote()
        self.lir_used += size
        self.prune()  # where it is the only one: nothing below it is LIR

    def demote(self):
        """Moves the LIR page at the bottom of the stack to the queue."""
        page = self.stack.back()
        self.leave_stack(page)
        self.lir_used -= self.queues.weight(page)
        self.queues.push_front(HIR, page)
        self.prune()

    def prune(self):
        """Drops what lies below the last LIR page: a request for it would not show a shorter absence."""
        page = self.stack.back()
        while page != NONE and self.queues.list_of(page) != NONE:
            self.leave_stack(page)
            if self.queues.list_of(page) == GHOST:
                self.queues.remove(page)
            page = self.stack.back()

    def limit(self):
        """Drops the ghosts longest gone while the stack holds too much."""
        while self.stack_used > self.stack_size and self.queues.sizes[GHOST] > 0:
            self.leave_stack(self.queues.pop_back(GHOST))

    def push(self, page):
        self.stack.push_front(page)
        self.stack_used += self.queues.weight(page)

    def leave_stack(self, page):
        self.stack.remove(page)
        self.stack_used -= self.queues.weight(page)
