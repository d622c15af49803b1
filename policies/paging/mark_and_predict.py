from sim.core.structures import RandomSet
from sim.domains import paging
from sim.domains.paging.marking import Marks


class MarkAndPredict(paging.Policy):
    """Marking that evicts at random among the unmarked pages whose phase bit is 1, then among all unmarked ones.

    At most `2 OPT + H_k eta_0 + eta_1` misses in expectation, errors counted at the last request of a page in each phase, and
    never worse than marking. The factor 2 is real: perfect bits do not give the optimum. With constant bits it is `marker` in
    law.

    Reference: Antoniadis et al., "Paging with Succinct Predictions", ICML 2023, section 4 (Mark&Predict).
    """

    channels = ("phase_bit",)
    randomized = True

    def begin(self, setting, rng):
        self.rng = rng
        self.marks = Marks(setting.n_pages)
        self.expected_away = RandomSet(setting.n_pages)  # marked or not: pages whose last bit is 1
        self.candidates = RandomSet(setting.n_pages)  # the unmarked ones of these

    def hit(self, request):
        self.serve(request)

    def admit(self, request):
        self.serve(request)

    def serve(self, request):
        self.marks.mark(request.page)
        self.candidates.discard(request.page)
        if request.phase_bit:
            self.expected_away.add(request.page)
        else:
            self.expected_away.discard(request.page)

    def evict(self, request):
        if self.marks.unmarked.size == 0:
            self.marks.begin_phase()
            for k in range(self.expected_away.size):
                self.candidates.add(self.expected_away.item(k))
        page = self.candidates.draw(self.rng)
        if page < 0:
            page = self.marks.unmarked.draw(self.rng)
        self.forget(page)
        return page

    def forget(self, page):
        self.marks.drop(page)
        self.expected_away.discard(page)
        self.candidates.discard(page)

    def bound(self, facts):
        return 2 * facts.opt + facts.h_k * facts.phase_eta0 + facts.phase_eta1
