from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.bins import Bins
from sim.domains.bandits.tsallis import Tsallis


class TsallisINFCB(bandits.Policy):
    """Cuts the range of the context's first feature into equal bins, and learns in each by itself, as tsallis_inf does.

    Parameters:
        bins: at least 1.

    Reference: Khodak, Chow, Balcan and Talwalkar, "Learning to Relax: Setting Solver Parameters Across a Sequence of Linear
    System Instances", ICLR 2024, section 4 and its experiments.
    """

    contextual = True

    bins: int = 5

    def __post_init__(self):
        if self.bins < 1:
            raise InputError(f"bins must be at least 1, got {self.bins}")

    def begin(self, setting, rng):
        self.rng = rng
        self.pays_costs = setting.pays_costs
        self.grid = Bins(self.bins, setting.context_low, setting.context_high)
        self.learner = Tsallis(self.bins, setting.n_arms, setting.pays_costs)
        self.here = 0

    def choose(self, context):
        self.here = self.grid.nearest(context[0])
        return self.learner.draw(self.here, self.rng)

    def probability(self, arm):
        return self.learner.p[arm]

    def update(self, arm, reward, cost):
        self.learner.learn(self.here, arm, cost - 1 if self.pays_costs else 1 - reward)
