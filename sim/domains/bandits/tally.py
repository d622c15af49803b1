"""What each arm has earned so far."""

from __future__ import annotations

import math

import numpy as np

from sim.core.structures import Structure
from sim.core.trace import NONE


class Tally(Structure):
    """Pulls and rewards of each arm.

    Args:
        n_arms: all of them are there at first, and untried.

    Attributes:
        pulls: int64, shape (n_arms,).
        earned: sum of the rewards, shape (n_arms,).
        total: pulls of all arms that are there.
        alive: which arms are there.
    """

    def __init__(self, n_arms: int):
        self.n_arms = n_arms
        self.pulls = np.zeros(n_arms, np.int64)
        self.earned = np.zeros(n_arms)
        self.alive = np.ones(n_arms, np.bool_)
        self.total = 0
        self.n_alive = n_arms
        self.n_untried = n_arms

    def count(self, arm, reward):
        """The arm was pulled and earned `reward`."""
        if self.pulls[arm] == 0:
            self.n_untried -= 1
        self.pulls[arm] += 1
        self.total += 1
        self.earned[arm] += reward

    def uncount(self, arm, reward):
        """A pull of the arm no longer counts."""
        self.pulls[arm] -= 1
        self.total -= 1
        self.earned[arm] -= reward
        if self.pulls[arm] == 0:
            self.earned[arm] = 0.0
            self.n_untried += 1

    def mean(self, arm):
        """Mean reward of an arm, plus infinity for one that was never pulled."""
        if self.pulls[arm] == 0:
            return math.inf
        return self.earned[arm] / self.pulls[arm]

    def untried(self):
        """The first arm that is there and was never pulled, NONE when there is none."""
        if self.n_untried == 0:
            return NONE
        for arm in range(self.n_arms):
            if self.alive[arm] and self.pulls[arm] == 0:
                return arm
        return NONE

    def nth(self, n):
        """The n-th of the arms that are there, counting from 0."""
        for arm in range(self.n_arms):
            if self.alive[arm]:
                if n == 0:
                    return arm
                n -= 1
        return NONE

    def best(self):
        """The arm of the highest mean, untried ones first; ties go to the lowest number."""
        best = NONE
        for arm in range(self.n_arms):
            if self.alive[arm] and (best == NONE or self.mean(arm) > self.mean(best)):
                best = arm
        return best

    def drop(self, arm):
        """The arm is gone, and what it earned is forgotten."""
        if self.alive[arm]:
            self.alive[arm] = False
            self.n_alive -= 1
            self.forget(arm)
            self.n_untried -= 1

    def add(self, arm):
        """The arm is there, and untried."""
        if not self.alive[arm]:
            self.alive[arm] = True
            self.n_alive += 1
            self.n_untried += 1

    def forget(self, arm):
        """The arm counts as untried again."""
        if self.pulls[arm] > 0:
            self.n_untried += 1
        self.total -= self.pulls[arm]
        self.pulls[arm] = 0
        self.earned[arm] = 0.0
