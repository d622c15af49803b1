"""What is proven of relaxation: upper bounds on iterations that learning is analysed with.

Khodak, Chow, Balcan and Talwalkar, "Learning to Relax", ICLR 2024, section 2 and appendix; for SSOR, Axelsson, "Iterative
Solution Methods", 1994, theorem 7.17.
"""

from __future__ import annotations

import math

import numpy as np


def sor_matrix(a: np.ndarray, omega: float) -> np.ndarray:
    """What each sweep multiplies the residual by: I - A (D / omega + L)^-1."""
    return np.eye(len(a)) - a @ np.linalg.inv(np.diag(np.diag(a)) / omega + np.tril(a, -1))


def spectral_radius(matrix: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def asymptocity(a: np.ndarray, omegas: np.ndarray, counts: np.ndarray) -> float:
    """The least tau for which norms of powers, up to the last sweep but one, stay below rho + tau (1 - rho) at all parameters."""
    found = []
    for omega, k in zip(omegas, counts, strict=True):
        if k > 1:
            matrix = sor_matrix(a, omega)
            rho = spectral_radius(matrix)
            norm = np.linalg.norm(np.linalg.matrix_power(matrix, int(k) - 1), 2)
            found.append((norm ** (1 / (int(k) - 1)) - rho) / (1 - rho))
    return max(found)


def surrogate(a: np.ndarray, omega: float, tau: float, tolerance: float) -> float:
    """The bound that takes the place of SOR's iterations: 1 + ln(tolerance) / ln(rho + tau (1 - rho))."""
    rho = spectral_radius(sor_matrix(a, omega))
    return 1 + math.log(tolerance) / math.log(rho + tau * (1 - rho))


def cg_bound(a: np.ndarray, omega: float, tolerance: float) -> float:
    """A bound on the iterations of conjugate gradients preconditioned by SSOR, for omega of at least 2 sqrt(2) - 2."""
    d, lower, inverse = np.diag(np.diag(a)), np.tril(a, -1), np.linalg.inv(a)
    kappa = np.linalg.cond(a)
    alpha = np.linalg.eigvals(d @ inverse).real.max()
    gamma = np.linalg.eigvals((lower @ np.linalg.inv(d) @ lower.T - d / 4) @ inverse).real.max()
    q = (2 - omega) / (1 + alpha * (2 - omega) ** 2 / (4 * omega) + omega * gamma)
    rate = 1 - 2 / (1 + math.sqrt(1 / q))
    return 1 + math.log((math.sqrt(kappa) + math.sqrt(kappa - tolerance**2)) / tolerance) / -math.log(rate)
