import copy

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.bins import Bins


class Binned(bandits.Policy):
    """Cuts the range of the context's first feature into equal bins, and gives each bin a learner of its own.

    Parameters:
        of: the learner, which takes no context.
        m: bins, at least 1.
        lo, hi: the range; None: what the trace declares, or -1 and 1. A context outside goes to the nearest bin.

    Reference: Rigollet and Zeevi, "Nonparametric Bandits with Covariates", COLT 2010.
    """

    contextual = True

    of: bandits.Policy = "ucb1"  # type: ignore[assignment]
    m: int = 5
    lo: float | None = None
    hi: float | None = None

    def __post_init__(self):
        if self.m < 1:
            raise InputError(f"m must be a number of bins of at least 1, got {self.m}")

    def begin(self, setting, rng):
        low = setting.context_low if self.lo is None else self.lo
        high = setting.context_high if self.hi is None else self.hi
        self.grid = Bins(self.m, low, high)
        self.parts = tuple(copy.deepcopy(self.of) for _ in range(self.m))
        for part, stream in zip(self.parts, rng.spawn(self.m), strict=True):
            part.begin(setting, stream)
        self.here = 0

    def choose(self, context):
        self.here = self.grid.nearest(context[0])
        arm = NONE
        for k, part in enumerate(self.parts):
            if k == self.here:
                arm = part.choose(None)
        return arm

    def update(self, arm, reward, cost):
        for k, part in enumerate(self.parts):
            if k == self.here:
                part.update(arm, reward, cost)

    def drop(self, arm):
        for part in self.parts:
            part.drop(arm)

    def add(self, arm):
        for part in self.parts:
            part.add(arm)
