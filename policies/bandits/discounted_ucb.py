import math

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE
from sim.domains import bandits
from sim.domains.bandits.policy import horizon_of


class DiscountedUCB(bandits.Policy):
    """Pulls the arm of the highest index as ucb1 does, with pulls that count the less the longer ago they were.

    For means that change S times the regret is of order sqrt(T S) ln T.

    Parameters:
        gamma: what a pull counts one round later, in (0, 1); None: 1 - sqrt(S / T) / (4 B).
        breaks: S, the changes that are expected, at least 1; used where `gamma` is none.
        xi: factor within the margin's root, above 0.
        reward_bound: B, the largest reward, above 0.

    Reference: Garivier and Moulines, "On Upper-Confidence Bound Policies for Switching Bandit Problems", ALT 2011, section 2.1.
    """

    unit_rewards = False

    gamma: float | None = None
    breaks: int = 1
    xi: float = 0.6
    reward_bound: float = 1.0

    def __post_init__(self):
        if self.gamma is not None and not 0 < self.gamma < 1:
            raise InputError(f"gamma must be in (0, 1), got {self.gamma:g}")
        if self.breaks < 1:
            raise InputError(f"breaks must be a number of changes of at least 1, got {self.breaks}")
        if not (0 < self.xi < math.inf and 0 < self.reward_bound < math.inf):
            raise InputError(f"xi and reward_bound must be above 0, got {self.xi:g} and {self.reward_bound:g}")

    def begin(self, setting, rng):
        self.fade = self.gamma
        if self.gamma is None:
            share = math.sqrt(self.breaks / horizon_of(setting, "discounted_ucb", "gamma"))
            self.fade = max(1 - share / (4 * self.reward_bound), 2.0**-20)
        self.n_arms = setting.n_arms
        self.weight = np.zeros(setting.n_arms)  # sum of what the pulls of each arm count now
        self.earned = np.zeros(setting.n_arms)
        self.is_tried = np.zeros(setting.n_arms, np.bool_)
        self.alive = np.ones(setting.n_arms, np.bool_)

    def choose(self, context):
        total = 0.0
        for arm in range(self.n_arms):
            if self.alive[arm]:
                if not self.is_tried[arm]:
                    return arm
                total += self.weight[arm]
        best = NONE
        highest = -math.inf
        reach = self.xi * math.log(max(total, 1.0))
        for arm in range(self.n_arms):
            if self.alive[arm]:
                weight = max(self.weight[arm], 1e-300)
                index = self.earned[arm] / weight + 2 * self.reward_bound * math.sqrt(reach / weight)
                if best == NONE or index > highest:
                    best = arm
                    highest = index
        return best

    def update(self, arm, reward, cost):
        for k in range(self.n_arms):
            self.weight[k] *= self.fade
            self.earned[k] *= self.fade
        self.weight[arm] += 1.0
        self.earned[arm] += reward
        self.is_tried[arm] = True

    def drop(self, arm):
        self.alive[arm] = False
        self.is_tried[arm] = False
        self.weight[arm] = 0.0
        self.earned[arm] = 0.0

    def add(self, arm):
        self.alive[arm] = True
