import math

import numpy as np

from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.policy import horizon_of


class SequentialHalving(bandits.Policy):
    """Spends a fixed number of pulls in rounds of equal cost, and keeps the better half of the arms after each.

    The chance of naming a wrong arm is at most `3 log2 K exp(-pulls / (8 H log2 K))`, H the largest i / gap^2 over the arms in
    the order of their gaps.

    Parameters:
        budget: pulls in all, at least one per arm and round; 0: all rounds of the run.

    Reference: Karnin, Koren and Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", ICML 2013, algorithm 3.
    """

    budget: int = 0

    def __post_init__(self):
        if self.budget < 0:
            raise InputError(f"budget must be a number of pulls of at least 0, got {self.budget}")

    def begin(self, setting, rng):
        n = setting.n_arms
        pulls = self.budget or horizon_of(setting, "sequential_halving", "budget")
        self.n_stages = max(1, math.ceil(math.log2(n)))
        if pulls < n * self.n_stages:
            raise InputError(f"sequential_halving needs {n * self.n_stages} pulls or more for {n} arms, got {pulls}")
        self.pulls = pulls
        self.tally = bandits.Tally(n)
        self.is_open = np.ones(n, np.bool_)
        self.n_open = n
        self.left = self.per_arm() * n  # pulls of this stage
        self.next = 0

    def per_arm(self):
        return self.pulls // (self.n_open * self.n_stages)

    def choose(self, context):
        return self.next

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)
        self.left -= 1
        if self.left == 0 and self.n_open > 1:
            self.halve()
            self.left = self.per_arm() * self.n_open
        if self.n_open > 1:
            self.next = self.open_after(int(arm))

    def open_after(self, arm):
        """The next arm in question, going round."""
        arm = (arm + 1) % self.tally.n_arms
        while not self.is_open[arm]:
            arm = (arm + 1) % self.tally.n_arms
        return arm

    def halve(self):
        """Drops the worse half; among equals, the higher numbers."""
        for _ in range(self.n_open // 2):
            worst = -1
            for arm in range(self.tally.n_arms):
                if self.is_open[arm] and (worst < 0 or self.tally.mean(arm) <= self.tally.mean(worst)):
                    worst = arm
            self.is_open[worst] = False
            self.n_open -= 1

    def stopped(self):
        return self.n_open == 1

    def recommended(self):
        best = -1
        for arm in range(self.tally.n_arms):
            if self.is_open[arm] and (best < 0 or self.tally.mean(arm) > self.tally.mean(best)):
                best = arm
        return best
