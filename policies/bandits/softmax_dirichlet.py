import math

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.draws import log_gamma_variate


class SoftmaxDirichlet(bandits.Policy):
    """Draws shares of the arms from a Dirichlet distribution around their softmax weights; the largest share is pulled.

    That is the rule of the public library MABWiser under the name of softmax, where an untried arm has the mean 0; it is no
    categorical draw, and no bound is known.

    Parameters:
        tau: temperature, above 0.

    Reference: Strong, Kleynhans and Kadıoğlu, "MABWiser: Parallelizable Contextual Multi-armed Bandits", International Journal on
    Artificial Intelligence Tools 2021; its release 2.7.4.
    """

    unit_rewards = False

    tau: float = 1.0

    def __post_init__(self):
        if not 0 < self.tau < math.inf:
            raise InputError(f"tau must be above 0, got {self.tau:g}")

    def begin(self, setting, rng):
        self.rng = rng
        self.tally = bandits.Tally(setting.n_arms)
        self.weights = bandits.Weights(setting.n_arms)

    def choose(self, context):
        for k in range(self.tally.n_arms):
            if self.tally.alive[k]:
                self.weights.log[k] = self.tally.mean(k) / self.tau if self.tally.pulls[k] > 0 else 0.0
        self.weights.spread(0.0)
        best = NONE
        largest = -math.inf
        for k in range(self.tally.n_arms):
            if self.tally.alive[k]:
                share = log_gamma_variate(self.rng, self.weights.p[k] + 2.0**-52)
                if best == NONE or share > largest:
                    best = k
                    largest = share
        return best

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)

    def drop(self, arm):
        self.tally.drop(arm)
        self.weights.drop(arm)

    def add(self, arm):
        self.tally.add(arm)
        self.weights.add(arm)
