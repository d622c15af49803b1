"""The linear systems of a heat equation whose diffusion changes, step by step, and the iterations that each takes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from sim.domains.bandits import solvers

STEP_S = 0.001
"""Length of a step, seconds."""


def diffusion(time_s: np.ndarray | float) -> np.ndarray:
    """The coefficient of diffusion: half of each second it is weak, at most 0.1, half of it strong, at most 10."""
    wave = np.sin(2 * math.pi * np.asarray(time_s))
    return np.maximum(0.1 * wave, -10 * wave)


def bump(cells: int, x: float, y: float, radius: float) -> np.ndarray:
    """A smooth bump, 1 at (x, y) and 0 from `radius` on, at the inner points of the unit square, shape (cells - 1, cells - 1)."""
    place = np.arange(1, cells) / cells
    apart = ((place[:, None] - x) ** 2 + (place[None, :] - y) ** 2) / radius**2
    with np.errstate(divide="ignore"):
        return np.exp(1 - 1 / (1 - np.minimum(1, apart)))


def laplacian(u: np.ndarray) -> np.ndarray:
    """Four times each value less its neighbours' sum; 0 beyond the border."""
    wide = np.pad(u, 1)
    return 4 * u - wide[:-2, 1:-1] - wide[2:, 1:-1] - wide[1:-1, :-2] - wide[1:-1, 2:]


def steps(cells: int, n_steps: int) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Gives (shift, right side, solution so far) of each step's system `(L + shift I) u = right`, L the grid's Laplacian.

    It is Crank and Nicolson's `(I - k dt/2 Lap) u = (I + k dt/2 Lap) u_before + dt f`, divided by k dt / (2 dx^2), which changes
    no count of iterations. Diffusion k and the force f, a bump that goes round, are those of the middle of the step. From step to
    step the system is solved exactly, in the Laplacian's eigenvectors, so that all parameters meet the same systems.
    """
    from scipy.fft import dstn, idstn

    wave = 2 - 2 * np.cos(math.pi * np.arange(1, cells) / cells)
    eigenvalues = wave[:, None] + wave[None, :]
    u = bump(cells, 0.5, 0.5, 0.25)
    for step in range(n_steps):
        middle = (step + 0.5) * STEP_S
        angle = 16 * math.pi * middle
        force = 32 * bump(cells, 0.5 + math.cos(angle) / 4, 0.5 + math.sin(angle) / 4, 0.125)
        shift = 2 / (cells * cells * STEP_S * float(diffusion(middle)))
        right = shift * (u + STEP_S * force) - laplacian(u)
        yield shift, right, u
        u = idstn(dstn(right, type=1) / (eigenvalues + shift), type=1)


def heat_counts(omega: np.ndarray, cells: int, n_steps: int, tolerance: float, cap: int) -> np.ndarray:
    """Iterations of conjugate gradients, preconditioned by SSOR, from the solution so far to a residual of `tolerance`, int32.

    Args:
        omega: parameters in (0, 2), shape (k,).
        cells: of the grid along a side, at least 2.
        n_steps: at least 1.
        tolerance: of the residual, relative to the right side.
        cap: the most iterations.

    Returns:
        Counts of at least 1, shape (n_steps, k).
    """
    counts = np.empty((n_steps, len(omega)), np.int32)
    for step, (shift, right, u) in enumerate(steps(cells, n_steps)):
        residual = right - laplacian(u) - shift * u
        of_residual = tolerance * float(np.linalg.norm(right) / np.linalg.norm(residual))
        counts[step] = solvers.cg_counts(
            residual.reshape(1, -1), np.array([shift]), omega[None, :], cells - 1, of_residual, cap
        )[0]
    return counts
