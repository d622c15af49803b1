from sim.core.structures import RandomSet
from sim.domains import paging
from sim.domains.paging.marking import Marks


class Mark0(paging.Policy):
    """Evicts a page whose discard bit is 1, at random; where there is none, an unmarked page as `marker` does.

    Perfect bits give the optimum. At most `OPT + 2 H_k eta_0 + eta_1` misses in expectation. This rule meets the bound that the
    paper states; the rule printed there may differ.

    Parameters:
        eager: a page requested with bit 1 leaves at once, and its place stays empty. Same bound, very different under noise: with
            all bits 1 eager misses always, lazy is `random`.

    Reference: Antoniadis et al., "Paging with Succinct Predictions", ICML 2023, section 3 (Mark0).
    """

    channels = ("discard_bit",)
    randomized = True
    eager: bool = False

    def begin(self, setting, rng):
        self.rng = rng
        self.marks = Marks(setting.n_pages)
        self.droppable = RandomSet(setting.n_pages)

    def hit(self, request):
        self.serve(request)

    def admit(self, request):
        self.serve(request)

    def serve(self, request):
        self.marks.mark(request.page)
        if request.discard_bit:
            self.droppable.add(request.page)
        else:
            self.droppable.discard(request.page)

    def evict(self, request):
        page = self.droppable.draw(self.rng)
        if page < 0:
            if self.marks.unmarked.size == 0:
                self.marks.begin_phase()
            page = self.marks.unmarked.draw(self.rng)
        self.forget(page)
        return page

    def release(self, request):
        if self.eager and self.droppable.contains(request.page):
            self.forget(request.page)
            return request.page
        return -1

    def forget(self, page):
        self.marks.drop(page)
        self.droppable.discard(page)

    def bound(self, facts):
        return facts.opt + 2 * facts.h_k * facts.eta0 + facts.eta1
