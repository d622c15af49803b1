"""Exponential weights over arms, kept as logarithms, and the distribution that comes of them."""

from __future__ import annotations

import math

import numpy as np

from sim.core.structures import Structure
from sim.core.trace import NONE


class Weights(Structure):
    """A weight per arm and the probabilities it is drawn with.

    Args:
        n: arms, all there at first, of weight 1.

    Attributes:
        log: logarithms of the weights, shape (n,).
        p: probabilities as of the last `spread`, shape (n,); 0 for an arm that is gone.
    """

    def __init__(self, n: int):
        self.n = n
        self.log = np.zeros(n)
        self.p = np.full(n, 1 / n)
        self.alive = np.ones(n, np.bool_)
        self.n_alive = n

    def largest(self):
        """The largest logarithm among the arms that are there."""
        top = -math.inf
        for i in range(self.n):
            if self.alive[i] and self.log[i] > top:
                top = self.log[i]
        return top

    def spread(self, gamma):
        """Sets the probabilities: a share 1 - gamma by weight, a share gamma evenly."""
        top = self.largest()
        total = 0.0
        for i in range(self.n):
            self.p[i] = math.exp(self.log[i] - top) if self.alive[i] else 0.0
            total += self.p[i]
        for i in range(self.n):
            if self.alive[i]:
                self.p[i] = (1 - gamma) * self.p[i] / total + gamma / self.n_alive

    def give_back(self, share):
        """Gives every arm this share of the total weight, on top of its own."""
        top = self.largest()
        total = 0.0
        for i in range(self.n):
            if self.alive[i]:
                total += math.exp(self.log[i] - top)
        for i in range(self.n):
            if self.alive[i]:
                self.log[i] = top + math.log(math.exp(self.log[i] - top) + share * total)

    def draw(self, rng):
        """Draws an arm by one `rng.random()`."""
        return drawn(self.p, rng)

    def drop(self, arm):
        if self.alive[arm]:
            self.alive[arm] = False
            self.n_alive -= 1
            self.log[arm] = 0.0

    def add(self, arm):
        """The arm comes (back) with the mean weight of the others."""
        if not self.alive[arm]:
            self.spread(0.0)
            top = self.largest()
            total = 0.0
            for i in range(self.n):
                if self.alive[i]:
                    total += math.exp(self.log[i] - top)
            self.log[arm] = top + math.log(total / self.n_alive) if self.n_alive > 0 else 0.0
            self.alive[arm] = True
            self.n_alive += 1


def drawn(p, rng):
    """Draws an index by these probabilities, by one `rng.random()`; rounding goes to the last index of positive probability."""
    point = rng.random()
    last = NONE
    for i in range(len(p)):
        if p[i] > 0:
            last = i
            if point < p[i]:
                return i
            point -= p[i]
    return last
