import math

import numpy as np

from sim.core.errors import InputError
from sim.domains import bandits


class SuccessiveElimination(bandits.Policy):
    """Pulls all arms still in question in turn, and drops those that are surely worse, until one is left.

    It names the best arm with probability 1 - delta, after an order of sum gap^-2 ln(K / (delta gap)) pulls.

    Parameters:
        delta: in (0, 1): the chance of naming a wrong arm.

    Reference: Even-Dar, Mannor and Mansour, "Action Elimination and Stopping Conditions for the Multi-Armed Bandit and
    Reinforcement Learning Problems", JMLR 2006, section 3.
    """

    delta: float = 0.05

    def __post_init__(self):
        if not 0 < self.delta < 1:
            raise InputError(f"delta must be a probability in (0, 1), got {self.delta:g}")

    def begin(self, setting, rng):
        self.tally = bandits.Tally(setting.n_arms)
        self.is_open = np.ones(setting.n_arms, np.bool_)
        self.n_open = setting.n_arms
        self.sweeps = 0
        self.next = 0

    def choose(self, context):
        return self.next

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)
        self.next = self.open_after(int(arm))
        if self.next <= arm:
            self.sweeps += 1
            self.sieve()
            self.next = self.open_after(self.tally.n_arms - 1)

    def open_after(self, arm):
        """The next arm in question, going round."""
        arm = (arm + 1) % self.tally.n_arms
        while not self.is_open[arm]:
            arm = (arm + 1) % self.tally.n_arms
        return arm

    def sieve(self):
        """Drops the arms whose upper limit lies below the best one's lower limit."""
        tally = self.tally
        t = self.sweeps
        radius = math.sqrt(math.log(4 * tally.n_arms * t * t / self.delta) / (2 * t))
        best = tally.mean(self.recommended())
        for arm in range(tally.n_arms):
            if self.is_open[arm] and tally.mean(arm) + 2 * radius < best:
                self.is_open[arm] = False
                self.n_open -= 1

    def stopped(self):
        return self.n_open == 1

    def recommended(self):
        best = -1
        for arm in range(self.tally.n_arms):
            if self.is_open[arm] and (best < 0 or self.tally.mean(arm) > self.tally.mean(best)):
                best = arm
        return best
