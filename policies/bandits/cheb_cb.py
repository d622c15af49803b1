import math

import numpy as np

from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.chebyshev import ChebyshevFit
from sim.domains.bandits.weights import drawn


class ChebCB(bandits.Policy):
    """Fits each arm's loss by a smooth function of the context, and draws arms by how much worse than the best they look.

    An arm's chance is 1 / (K + eta times its fitted loss above the least); the best one has the rest. Fits are by Chebyshev
    polynomials of the context's first feature, with the coefficients that a Lipschitz function can have.

    Fits are kept in the unit of the losses, so that a larger loss, which changes the scale, changes only those at their bounds.

    Parameters:
        features: polynomials, T_0 to T_(features - 1), at least 1.

    Reference: Khodak, Chow, Balcan and Talwalkar, "Learning to Relax: Setting Solver Parameters Across a Sequence of Linear
    System Instances", ICLR 2024, algorithm 2; draws as in SquareCB, Foster and Rakhlin, ICML 2020.
    """

    contextual = True

    features: int = 6

    def __post_init__(self):
        if self.features < 1:
            raise InputError(f"features must be at least 1, got {self.features}")

    def begin(self, setting, rng):
        if not setting.context_low < setting.context_high:
            raise InputError("cheb_cb needs a range of contexts from a lower to a higher end")
        self.rng = rng
        self.pays_costs = setting.pays_costs
        self.n_arms = setting.n_arms
        m = self.features
        self.fit = ChebyshevFit(setting.n_arms, m, setting.context_low, setting.context_high)
        self.scale_of_loss = 2 + 4 * (1 + math.log(m))
        self.alpha = (math.pi + 2 / math.pi * math.log(2 * m + 1)) / (2 * self.scale_of_loss * (m + 1))
        self.eta = 0.0
        self.t = 0
        self.errors = 0.0
        self.expected = np.zeros(setting.n_arms)
        self.p = np.zeros(setting.n_arms)

    def scale(self):
        """What losses are divided by: the largest so far times a constant."""
        return self.fit.largest * self.scale_of_loss

    def choose(self, context):
        self.fit.look(context[0])
        scale = self.scale() if self.t > 0 else 1.0
        best = 0
        for arm in range(self.n_arms):
            self.expected[arm] = self.fit.predicted(arm) / scale
            if self.expected[arm] < self.expected[best]:
                best = arm
        rest = 1.0
        for arm in range(self.n_arms):
            if arm != best:
                self.p[arm] = 1 / (self.n_arms + self.eta * (self.expected[arm] - self.expected[best]))
                rest -= self.p[arm]
        self.p[best] = rest
        return drawn(self.p, self.rng)

    def probability(self, arm):
        return self.p[arm]

    def update(self, arm, reward, cost):
        loss = cost if self.pays_costs else 2 - reward
        self.t += 1
        residual = self.fit.learn(arm, loss)
        scale = self.scale()
        error = self.expected[arm] - loss / scale
        self.errors += error * error
        spread = max(self.errors - residual / (scale * scale), 0.0) + 2 * self.alpha * self.alpha * self.t
        self.eta = 2 * self.t * math.sqrt(self.n_arms * self.t / spread)
