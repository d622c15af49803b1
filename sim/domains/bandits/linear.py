"""Ridge regression per arm, kept as a Cholesky factor, which says how sure a prediction is."""

from __future__ import annotations

import math

import numpy as np

from sim.core.structures import Structure


class Ridge(Structure):
    """For each arm the fit of its rewards to the features, with `A = ridge I + sum x x'` and `b = sum reward x`.

    Args:
        n_arms: one fit each.
        d: features.
        ridge: above 0.

    Attributes:
        factor: lower triangular, L L' = A, shape (n_arms, d, d).
        b: shape (n_arms, d).
    """

    def __init__(self, n_arms: int, d: int, ridge: float):
        self.d = d
        self.root = math.sqrt(ridge)
        self.factor = np.zeros((n_arms, d, d))
        for k in range(d):
            self.factor[:, k, k] = self.root
        self.b = np.zeros((n_arms, d))
        self.x = np.zeros(d)  # the features of this round
        self.z = np.zeros(d)
        self.theta = np.zeros(d)

    def look(self, features):
        """Takes the features of this round."""
        for k in range(self.d):
            self.x[k] = features[k]

    def solve_lower(self, arm, right):
        """Sets z = L^-1 right."""
        for i in range(self.d):
            value = right[i]
            for j in range(i):
                value -= self.factor[arm, i, j] * self.z[j]
            self.z[i] = value / self.factor[arm, i, i]

    def solve_upper(self, arm):
        """Sets theta = L'^-1 z."""
        for i in range(self.d - 1, -1, -1):
            value = self.z[i]
            for j in range(i + 1, self.d):
                value -= self.factor[arm, j, i] * self.theta[j]
            self.theta[i] = value / self.factor[arm, i, i]

    def value(self):
        """theta'x."""
        total = 0.0
        for k in range(self.d):
            total += self.theta[k] * self.x[k]
        return total

    def predicted(self, arm):
        """x'A^-1 b."""
        self.solve_lower(arm, self.b[arm])
        self.solve_upper(arm)
        return self.value()

    def width(self, arm):
        """sqrt(x'A^-1 x)."""
        self.solve_lower(arm, self.x)
        total = 0.0
        for k in range(self.d):
            total += self.z[k] * self.z[k]
        return math.sqrt(total)

    def drawn(self, arm, v, rng):
        """theta'x for theta drawn from Normal(A^-1 b, v^2 A^-1), by d standard normal draws."""
        self.solve_lower(arm, self.b[arm])
        for k in range(self.d):
            self.z[k] += v * rng.standard_normal()
        self.solve_upper(arm)
        return self.value()

    def learn(self, arm, reward):
        """Adds this round's features and the arm's reward: a rank-one update of the factor, by rotations."""
        for k in range(self.d):
            self.b[arm, k] += reward * self.x[k]
            self.z[k] = self.x[k]
        for k in range(self.d):
            old = self.factor[arm, k, k]
            new = math.sqrt(old * old + self.z[k] * self.z[k])
            c = new / old
            s = self.z[k] / old
            self.factor[arm, k, k] = new
            for i in range(k + 1, self.d):
                self.factor[arm, i, k] = (self.factor[arm, i, k] + s * self.z[i]) / c
                self.z[i] = c * self.z[i] - s * self.factor[arm, i, k]

    def forget(self, arm):
        for i in range(self.d):
            self.b[arm, i] = 0.0
            for j in range(self.d):
                self.factor[arm, i, j] = self.root if i == j else 0.0
