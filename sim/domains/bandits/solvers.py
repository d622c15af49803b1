"""Iterations that relaxation takes on shifted Laplacians, counted; and what theory says of them.

A system is (A + c I) x = b, A the 5-point Laplacian of a square grid: 4 on the diagonal, -1 for each neighbour.
"""

from __future__ import annotations

import math

import numpy as np

from sim.core.modules import kernel


def radius(shift: np.ndarray | float, side: int) -> np.ndarray:
    """Spectral radius of the Jacobi matrix `I - D^-1 (A + shift I)`: 4 cos(pi / (side + 1)) / (4 + shift)."""
    return 4 * math.cos(math.pi / (side + 1)) / (4 + np.asarray(shift, np.float64))


def best_omega(shift: np.ndarray | float, side: int) -> np.ndarray:
    """Young's formula: the parameter at which SOR's matrix has the least spectral radius.

    Reference: Young, "Iterative Solution of Large Linear Systems", 1971, chapter 6.
    """
    beta = radius(shift, side)
    return 1 + (beta / (1 + np.sqrt(1 - beta * beta))) ** 2


def sor_radius(omega: float, shift: float, side: int) -> float:
    """Spectral radius of SOR's matrix at omega in (0, 2), by Young's relation of its eigenvalues to Jacobi's."""
    beta = float(radius(shift, side))
    inner = omega * omega * beta * beta - 4 * (omega - 1)
    if inner <= 0:
        return omega - 1
    return ((omega * beta + math.sqrt(inner)) / 2) ** 2


@kernel
def sor_counts(b, shift, omega, side, tolerance, cap):
    """Iterations of SOR from x = 0 until the residual's 2-norm is below `tolerance` times that of b.

    One entry per row of `omega`, shape (n, k), on the systems of `shift` (n,) and right sides `b` (n, side^2); a count of `cap`
    was not reached earlier. Each sweep updates x in the order of the grid's rows; the residual is that after the sweep.
    """
    n, k = omega.shape
    counts = np.empty((n, k), np.int32)
    width = side + 2
    x = np.zeros((width, width))
    right = np.zeros((width, width))
    for t in range(n):
        target = 0.0
        for i in range(side):
            for j in range(side):
                right[i + 1, j + 1] = b[t, i * side + j]
                target += b[t, i * side + j] * b[t, i * side + j]
        target = target * tolerance * tolerance
        diagonal = 4 + shift[t]
        for a in range(k):
            w = omega[t, a]
            factor = w / diagonal
            for i in range(width):
                for j in range(width):
                    x[i, j] = 0.0
            count = cap
            for step in range(cap):
                for i in range(1, side + 1):
                    for j in range(1, side + 1):
                        around = x[i - 1, j] + x[i, j - 1] + x[i + 1, j] + x[i, j + 1]
                        x[i, j] += factor * (right[i, j] + around - diagonal * x[i, j])
                rest = 0.0
                for i in range(1, side + 1):
                    for j in range(1, side + 1):
                        r = right[i, j] + x[i - 1, j] + x[i, j - 1] + x[i + 1, j] + x[i, j + 1] - diagonal * x[i, j]
                        rest += r * r
                if rest < target:
                    count = step + 1
                    break
            counts[t, a] = count
    return counts


@kernel
def cg_counts(b, shift, omega, side, tolerance, cap):
    """Iterations of conjugate gradients from x = 0, preconditioned by SSOR at omega, under the conditions of `sor_counts`.

    The preconditioner is `(D + w L) D^-1 (D + w L)' / (w (2 - w))`: one sweep forwards, one backwards.
    """
    n, k = omega.shape
    counts = np.empty((n, k), np.int32)
    width = side + 2
    r = np.zeros((width, width))
    z = np.zeros((width, width))
    p = np.zeros((width, width))
    q = np.zeros((width, width))
    for t in range(n):
        diagonal = 4 + shift[t]
        for a in range(k):
            w = omega[t, a]
            target = 0.0
            for i in range(side):
                for j in range(side):
                    r[i + 1, j + 1] = b[t, i * side + j]
                    target += b[t, i * side + j] * b[t, i * side + j]
            target = target * tolerance * tolerance
            old = 1.0
            count = cap
            for step in range(cap):
                for i in range(1, side + 1):  # (D + w L) z = w (2 - w) r
                    for j in range(1, side + 1):
                        z[i, j] = (w * (2 - w) * r[i, j] + w * (z[i - 1, j] + z[i, j - 1])) / diagonal
                for i in range(side, 0, -1):  # (D + w L') z = D z
                    for j in range(side, 0, -1):
                        z[i, j] = z[i, j] + w * (z[i + 1, j] + z[i, j + 1]) / diagonal
                new = 0.0
                for i in range(1, side + 1):
                    for j in range(1, side + 1):
                        new += r[i, j] * z[i, j]
                turn = 0.0 if step == 0 else new / old
                old = new
                for i in range(1, side + 1):
                    for j in range(1, side + 1):
                        p[i, j] = z[i, j] + turn * p[i, j]
                curve = 0.0
                for i in range(1, side + 1):
                    for j in range(1, side + 1):
                        q[i, j] = diagonal * p[i, j] - p[i - 1, j] - p[i, j - 1] - p[i + 1, j] - p[i, j + 1]
                        curve += p[i, j] * q[i, j]
                length = new / curve
                rest = 0.0
                for i in range(1, side + 1):
                    for j in range(1, side + 1):
                        r[i, j] -= length * q[i, j]
                        rest += r[i, j] * r[i, j]
                if rest < target:
                    count = step + 1
                    break
            counts[t, a] = count
    return counts


COUNTS = {"sor": sor_counts, "cg": cg_counts}
"""Solver by name."""
