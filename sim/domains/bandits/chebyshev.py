"""Fits of losses by Chebyshev polynomials of a scalar context, with coefficients that smooth functions can have."""

from __future__ import annotations

import math

import numpy as np

from sim.core.structures import Structure

NEGLIGIBLE = 1e-12
"""Directions in which the features vary less than this share of the most count as not seen."""


class ChebyshevFit(Structure):
    """For each arm the least-squares fit of its losses, of least norm, or within bounds where that leaves them.

    The coefficients c of a function with losses up to K and Lipschitz constant K / (high - low) satisfy |c_0| <= K and
    |c_j| <= 2 K / j; they are kept in the unit of the losses. What was seen of an arm is kept as the triangle of a QR
    decomposition, brought up to date by rotations.

    Args:
        n_arms: one fit each.
        m: features, T_0 to T_(m-1).
        low, high: range of the context.

    Attributes:
        coefficients: shape (n_arms, m).
        bounded: whether an arm's fit had to be kept within the bounds.
        largest: K, the largest loss so far.
    """

    def __init__(self, n_arms: int, m: int, low: float, high: float):
        self.n_arms = n_arms
        self.m = m
        self.low = float(low)
        self.high = float(high)
        self.coefficients = np.zeros((n_arms, m))
        self.bounded = np.zeros(n_arms, np.bool_)
        self.triangle = np.zeros((n_arms, m, m))
        self.target = np.zeros((n_arms, m))
        self.rest = np.zeros(n_arms)  # squared part of the losses that no coefficients can explain
        self.largest = 0.0
        self.features = np.zeros(m)
        self.row = np.zeros(m)
        self.left = np.zeros((m, m))
        self.right = np.zeros((m, m))
        self.gram = np.zeros((m, m))
        self.moment = np.zeros(m)

    def look(self, context):
        """Takes the context of this round."""
        x = 2 * (context - self.low) / (self.high - self.low) - 1
        self.features[0] = 1.0
        if self.m > 1:
            self.features[1] = x
        for j in range(2, self.m):
            self.features[j] = 2 * x * self.features[j - 1] - self.features[j - 2]

    def predicted(self, arm):
        """The fitted loss of an arm in this round, less 1."""
        total = 0.0
        for j in range(self.m):
            total += self.coefficients[arm, j] * self.features[j]
        return total

    def learn(self, arm, loss):
        """Adds this round's loss of an arm, and fits anew what it changes.

        Gives the squared residual of the last fit that had to be kept within bounds, 0 without one.
        """
        self.add(arm, loss - 1)
        is_larger = loss > self.largest
        if is_larger:
            self.largest = loss
        residual = 0.0
        for k in range(self.n_arms):
            if k == arm or (is_larger and self.bounded[k]):  # looser bounds change no other fit
                self.fit(k)
                if self.bounded[k]:
                    residual = self.residual(k)
        return residual

    def add(self, arm, value):
        """Rotates a row of features and its value into the triangle."""
        for j in range(self.m):
            self.row[j] = self.features[j]
        for j in range(self.m):
            if self.row[j] != 0:
                old = self.triangle[arm, j, j]
                new = math.sqrt(old * old + self.row[j] * self.row[j])
                c = old / new
                s = self.row[j] / new
                for i in range(j, self.m):
                    above = self.triangle[arm, j, i]
                    self.triangle[arm, j, i] = c * above + s * self.row[i]
                    self.row[i] = c * self.row[i] - s * above
                above = self.target[arm, j]
                self.target[arm, j] = c * above + s * value
                value = c * value - s * above
        self.rest[arm] += value * value

    def bound(self, j):
        return self.largest if j == 0 else 2 * self.largest / j

    def fit(self, arm):
        self.fit_least_norm(arm)
        self.bounded[arm] = False
        for j in range(self.m):
            if abs(self.coefficients[arm, j]) > self.bound(j):
                self.bounded[arm] = True
        if self.bounded[arm]:
            self.fit_within_bounds(arm)

    def fit_least_norm(self, arm):
        """By the singular values of the triangle, found by one-sided rotations (Hestenes 1958)."""
        m = self.m
        for i in range(m):
            for j in range(m):
                self.left[i, j] = self.triangle[arm, i, j]
                self.right[i, j] = 1.0 if i == j else 0.0
        for _ in range(60):
            turned = False
            for p in range(m - 1):
                for q in range(p + 1, m):
                    a = 0.0
                    b = 0.0
                    both = 0.0
                    for i in range(m):
                        a += self.left[i, p] * self.left[i, p]
                        b += self.left[i, q] * self.left[i, q]
                        both += self.left[i, p] * self.left[i, q]
                    if abs(both) > 1e-15 * math.sqrt(a * b) and abs(both) > 1e-40 * (a + b):
                        turned = True
                        self.rotate(p, q, (b - a) / (2 * both))
            if not turned:
                break
        largest = 0.0
        for j in range(m):
            largest = max(largest, self.length(j))
        for i in range(m):
            self.coefficients[arm, i] = 0.0
        for j in range(m):
            length = self.length(j)
            if length > NEGLIGIBLE * largest:
                along = 0.0
                for i in range(m):
                    along += self.left[i, j] * self.target[arm, i]
                for i in range(m):
                    self.coefficients[arm, i] += along / (length * length) * self.right[i, j]

    def length(self, j):
        total = 0.0
        for i in range(self.m):
            total += self.left[i, j] * self.left[i, j]
        return math.sqrt(total)

    def rotate(self, p, q, zeta):
        """Turns two columns so that they stand at right angles."""
        t = 0.5 / abs(zeta) if abs(zeta) > 1e100 else 1 / (abs(zeta) + math.sqrt(1 + zeta * zeta))
        if zeta < 0:
            t = -t
        c = 1 / math.sqrt(1 + t * t)
        s = c * t
        for i in range(self.m):
            x = self.left[i, p]
            y = self.left[i, q]
            self.left[i, p] = c * x - s * y
            self.left[i, q] = s * x + c * y
            x = self.right[i, p]
            y = self.right[i, q]
            self.right[i, p] = c * x - s * y
            self.right[i, q] = s * x + c * y

    def fit_within_bounds(self, arm):
        """One coefficient after the other, to a part in 10^11 of the bounds, from the fit of least norm cut to them."""
        m = self.m
        for i in range(m):
            self.moment[i] = 0.0
            for k in range(m):
                self.moment[i] += self.triangle[arm, k, i] * self.target[arm, k]
            for j in range(m):
                self.gram[i, j] = 0.0
                for k in range(m):
                    self.gram[i, j] += self.triangle[arm, k, i] * self.triangle[arm, k, j]
            self.coefficients[arm, i] = min(max(self.coefficients[arm, i], -self.bound(i)), self.bound(i))
        for _ in range(1000):
            moved = 0.0
            for i in range(m):
                if self.gram[i, i] > 0:
                    slope = self.moment[i]
                    for j in range(m):
                        slope -= self.gram[i, j] * self.coefficients[arm, j]
                    old = self.coefficients[arm, i]
                    new = min(max(old + slope / self.gram[i, i], -self.bound(i)), self.bound(i))
                    self.coefficients[arm, i] = new
                    moved = max(moved, abs(new - old))
            if moved <= 1e-11 * self.largest:
                break

    def residual(self, arm):
        """Squared residual of an arm's fit."""
        total = self.rest[arm]
        for i in range(self.m):
            off = -self.target[arm, i]
            for j in range(i, self.m):
                off += self.triangle[arm, i, j] * self.coefficients[arm, j]
            total += off * off
        return total
