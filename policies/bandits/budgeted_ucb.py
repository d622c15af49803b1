import math

import numpy as np

from sim.core.errors import InputError
from sim.domains import bandits


class BudgetedUCB(bandits.IndexPolicy):
    """Pulls the arm whose reward per cost could be highest: the upper margin of its reward over the lower one of its cost.

    Made for a budget of costs. Every arm is pulled once first.

    Parameters:
        cost_bound: the largest cost, above 0; costs are divided by it.
        least_cost: below this a divided cost is not believed, in (0, 1].

    Reference: Ding, Qin, Zhang and Liu, "Multi-Armed Bandit with Budget Constraint and Variable Costs", AAAI 2013; margins within
    the ratio as in Xia, Ding, Zhang, Yu and Qin, "Budgeted Bandit Problems with Continuous Random Costs", ACML 2015.
    """

    cost_bound: float = 1.0
    least_cost: float = 0.01

    def __post_init__(self):
        if not 0 < self.cost_bound < math.inf:
            raise InputError(f"cost_bound must be above 0, got {self.cost_bound:g}")
        if not 0 < self.least_cost <= 1:
            raise InputError(f"least_cost must be in (0, 1], got {self.least_cost:g}")

    def begin(self, setting, rng):
        self.tally = bandits.Tally(setting.n_arms)
        self.spent = np.zeros(setting.n_arms)

    def index(self, arm):
        tally = self.tally
        margin = math.sqrt(2 * math.log(tally.total) / tally.pulls[arm])
        cost = self.spent[arm] / tally.pulls[arm] / self.cost_bound
        return (tally.mean(arm) + margin) / max(cost - margin, self.least_cost)

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)
        self.spent[arm] += cost

    def drop(self, arm):
        self.tally.drop(arm)
        self.spent[arm] = 0.0
