import dataclasses
from typing import ClassVar

from sim.core.errors import InputError
from sim.domains import bandits
from sim.domains.bandits.lns import portfolios

RANGES = {"epsilon": (0.01, 0.5), "tau": (1.0, 3.0)}
"""Parameters of bandits that are drawn, and between which ends."""


class ParBalans(bandits.Policy):
    """Searches several times side by side, each with arms, test and bandit of its own, drawn at random; the best point counts.

    Every search has the whole budget, as if it had a processor to itself. Its result is the same however many run at a time.

    Parameters:
        n: searches, at least 1.
        processes: of them at a time, each in a process of its own; 1: one after the other in this one.
        of: the bandits that are drawn from; an `epsilon` is drawn between 0.01 and 0.5, a `tau` between 1 and 3, and
            thompson_beta is told scores of 0 and 1.

    Reference: Cai, Huang, Kadioglu and Dilkina, "ParBalans: Parallel Multi-Armed Bandits-based Adaptive Large Neighborhood
    Search", 2025.
    """

    unit_rewards: ClassVar[bool] = False

    n: int = 4
    processes: int = 1
    of: tuple[bandits.Policy, ...] = ("epsilon_greedy", "softmax", "thompson_beta")  # type: ignore[assignment]

    def __post_init__(self):
        for name in ("n", "processes"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")

    def members(self, rng):
        """Portfolio and bandit of each search."""
        return [self._member(rng) for _ in range(self.n)]

    def _member(self, rng):
        one = self.of[int(rng.integers(len(self.of)))]
        drawn = {
            name: low + (high - low) * rng.random() for name, (low, high) in RANGES.items() if name in one.parameters()
        }
        coins = type(one).__name__ == "ThompsonBeta"
        return portfolios.drawn(rng, coins=coins), dataclasses.replace(one, **drawn)

    def begin(self, setting, rng):
        raise InputError("par_balans searches mixed-integer programs, and what is played here is none (bandits/lns)")

    def choose(self, context):
        return 0

    def update(self, arm, reward, cost):
        return
