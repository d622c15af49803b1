import math

from sim.core.errors import InputError
from sim.domains import bandits


class AlphaUCB(bandits.IndexPolicy):
    """Pulls the arm whose mean reward, plus a margin that shrinks with its pulls, is highest.

    Made for choosing operators of adaptive large neighbourhood search. No bound is stated. Every arm is pulled once first, where
    the public implementation begins with means of 1.

    Parameters:
        alpha: factor within the margin's root, in [0, 1].

    Reference: Hendel, "Adaptive Large Neighborhood Search for Mixed Integer Programming", Mathematical Programming Computation
    2022, section 4.
    """

    unit_rewards = False

    alpha: float = 0.5

    def __post_init__(self):
        if not 0 <= self.alpha <= 1:
            raise InputError(f"alpha must be in [0, 1], got {self.alpha:g}")

    def index(self, arm):
        tally = self.tally
        return tally.mean(arm) + math.sqrt(self.alpha * math.log(1 + tally.total) / (tally.pulls[arm] + 1))
