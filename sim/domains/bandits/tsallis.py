"""Weights of the regularised leader under the Tsallis entropy of order 1/2, for one learner or several."""

from __future__ import annotations

import math

import numpy as np

from sim.core.structures import Structure
from sim.domains.bandits.weights import drawn


class Tsallis(Structure):
    """Learners over the same arms, each with its own losses and count of rounds.

    Args:
        n_learners: at least 1.
        n_arms: at least 1.
        scaled: losses are divided by their mean so far; otherwise they lie in [0, 1].

    Attributes:
        p: probabilities of the last draw, shape (n_arms,).
    """

    def __init__(self, n_learners: int, n_arms: int, scaled: bool):
        self.n_arms = n_arms
        self.scaled = scaled
        self.losses = np.zeros((n_learners, n_arms))  # estimates, summed over the rounds
        self.rounds = np.zeros(n_learners, np.int64)
        self.paid = np.zeros(n_learners)  # losses as they were, summed
        self.p = np.full(n_arms, 1 / n_arms)

    def draw(self, learner, rng):
        """Draws an arm, by one `rng.random()`."""
        self.spread(learner)
        return drawn(self.p, rng)

    def spread(self, learner):
        """Sets p = 4 / (eta (losses - x))^2, with the x for which they sum to 1, found by Newton's method.

        It starts at the least loss less 2 / eta, where the sum is at least 1, and falls from there to the root.
        """
        scale = 1.0
        if self.scaled and self.rounds[learner] > 0 and self.paid[learner] > 0:
            scale = self.paid[learner] / self.rounds[learner]
        eta = 2 / math.sqrt(self.rounds[learner] + 1)
        least = math.inf
        for arm in range(self.n_arms):
            least = min(least, self.losses[learner, arm] / scale)
        # everything relative to the least loss, so that no digits are lost when losses have grown
        x = -2 / eta
        for _ in range(200):
            total = 0.0
            slope = 0.0
            for arm in range(self.n_arms):
                root = 2 / (eta * (self.losses[learner, arm] / scale - least - x))
                self.p[arm] = root * root
                total += self.p[arm]
                slope += self.p[arm] * root
            step = (total - 1) / (eta * slope)
            x = x - step
            if abs(step) < 1e-12 * max(1.0, abs(x)):
                break

    def learn(self, learner, arm, loss):
        """The arm just drawn lost so much."""
        self.losses[learner, arm] += loss / self.p[arm]
        self.paid[learner] += loss
        self.rounds[learner] += 1
