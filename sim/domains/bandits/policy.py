"""What a bandit policy decides, and when it is asked."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from sim.core import policy
from sim.core.errors import InputError
from sim.core.policy import parts_of
from sim.core.trace import NONE
from sim.domains.bandits.tally import Tally


class Policy(policy.Policy):
    """A bandit policy: names an arm each round, and is told what that arm earned.

    The verbs:

        choose(context) -> arm         an arm in 0..n_arms-1; `context`: an array of features for a contextual policy, else None
        update(arm, reward, cost)      what the arm just pulled earned and cost
        probability(arm) -> float      optional: with which the last `choose` of a randomized policy gave this arm
        advise(arm)                    the arm that predictions name for the coming round; where the channel is declared
        stopped() -> bool              optional: asked after each update; True ends the exploration
        recommended() -> arm           with `stopped`: the arm taken for the best, pulled in all rounds that are left
        drop(arm)                      optional: the arm is gone; its statistics with it
        add(arm)                       optional: the arm is there (again), and counts as untried

    Channel: `predicted_arm`, the arm that an expert takes for the best this round, given by `advise`.

    Attributes:
        contextual: it is handed the trace's context, and needs one.
        beside: it names the arm `setting.beside` only, a formula's choice that no other policy may make.
        unit_rewards: it relies on rewards in [0, 1].
        needs: verbs that every policy defines.
    """

    contextual: ClassVar[bool] = False
    beside: ClassVar[bool] = False
    unit_rewards: ClassVar[bool] = True
    randomized: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("choose", "update")


class IndexPolicy(Policy):
    """Pulls each arm once, in order, and then always the one of the highest index; ties go to the lowest number.

    An index that is no number ranks last.

    A subclass defines `index(arm)` from `self.tally`.
    """

    def begin(self, setting, rng):
        self.tally = Tally(setting.n_arms)

    def index(self, arm: int) -> float:
        raise NotImplementedError

    def choose(self, context):
        arm = self.tally.untried()
        return self.highest() if arm == NONE else arm

    def highest(self):
        """The arm of the highest index among those that are there."""
        best = NONE
        highest = -math.inf
        for arm in range(self.tally.n_arms):
            if self.tally.alive[arm]:
                index = self.index(arm)
                if best == NONE or index > highest:
                    best = arm
                    highest = index if index == index else -math.inf
        return best

    def update(self, arm, reward, cost):
        self.tally.count(arm, reward)

    def drop(self, arm):
        self.tally.drop(arm)

    def add(self, arm):
        self.tally.add(arm)


def horizon_of(setting: Any, name: str, parameter: str) -> int:
    """The number of rounds to come, for a policy that is tuned to it.

    Raises:
        InputError: it is not known, and has to be, unless `parameter` is given.
    """
    if setting.horizon is None:
        cure = f": give {name} its parameter {parameter}" if parameter else ""
        raise InputError(f"{name} is tuned to the number of rounds, which is not known here{cure}")
    return int(setting.horizon)


def channels_needed(policy: policy.Policy) -> tuple[str, ...]:
    """All channels that some predictor must fill before this policy can run."""
    return tuple(dict.fromkeys(channel for part in parts_of(policy) for channel in part.channels))


def is_contextual(policy: Any) -> bool:
    return any(getattr(part, "contextual", False) for part in parts_of(policy))
