from sim.core.errors import InputError
from sim.domains import paging
from sim.domains.paging.marking import Chains, Marks


class AdaptiveQuery(paging.Policy):
    """Marking that asks a predictor about few pages: of `b` sampled unmarked ones the furthest leaves.

    When the chain of evictions that the missing page stands for (as in `predictive_marker`) is longer than a limit, a uniform
    unmarked page leaves and nothing is asked. With b = 1 it is `marker` in law; with b at least the capacity, exact answers
    and no limit it is `opt_marking` up to ties.

    Parameters:
        b: pages asked about per miss, at least 1.
        limit: longest chain that still asks; None: H_k. The paper's own threshold is not reproduced.

    Reference: Im, Kumar, Petety, Purohit, "Parsimonious Learning-Augmented Caching", ICML 2022, section 3.
    """

    asks = ("next_use",)
    b: int = 4
    limit: float | None = None

    def begin(self, setting, rng):
        if self.b < 1:
            raise InputError(f"adaptive_query: b must be at least 1, got {self.b}")
        self.rng = rng
        self.oracle = setting.oracle
        self.longest = sum(1 / i for i in range(1, setting.n_slots + 1)) if self.limit is None else float(self.limit)
        self.marks = Marks(setting.n_pages)
        self.chains = Chains(setting.n_pages)

    def hit(self, request):
        self.marks.mark(request.page)

    def admit(self, request):
        self.marks.mark(request.page)

    def evict(self, request):
        if self.marks.unmarked.size == 0:
            self.marks.begin_phase()
        chain = self.chains.grow(request.page, self.marks.phase)
        if self.b > 1 and self.chains.length[chain] <= self.longest:
            page = self.furthest_of_sample()
        else:
            page = self.marks.unmarked.draw(self.rng)
        self.chains.represent(chain, page)
        self.marks.drop(page)
        return page

    def furthest_of_sample(self):
        best = -1
        furthest = 0.0
        for k in range(min(self.b, self.marks.unmarked.size)):
            page = self.marks.unmarked.draw_to(k, self.rng)
            following = self.oracle.ask(page)
            if best < 0 or following > furthest:
                best = page
                furthest = following
        return best

    def forget(self, page):
        self.marks.drop(page)
