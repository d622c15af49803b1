"""A bandit within a policy of another domain: its arms are that policy's components, its rounds epochs of the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.policy import defines
from sim.core.structures import Structure
from sim.domains.bandits.policy import Policy, channels_needed, is_contextual
from sim.domains.bandits.setting import Told


class Chooser(Structure):
    """Asks a bandit before each epoch which component to follow in it, and tells it afterwards what that one earned.

    Args:
        bandit: not begun; gets a stream of its own, spawned from `rng`.
        policies: the components, at least two; as arms they have the names of their files.
        n_rounds: epochs that the run will have, at most.
        rng: the stream of the policy that chooses.

    Attributes:
        current: the component to follow.
        pulls: epochs in which each was followed, shape (n,).
        earned: sum of what each earned in them, shape (n,).
        switches: changes from one to another.
    """

    def __init__(self, bandit, policies, n_rounds: int, rng):
        if len(policies) < 2:
            raise InputError(f"bandit_of chooses among at least two policies, got {len(policies)}")
        refuse_unfit(bandit)
        names = tuple(type(policy).__module__.rpartition(".")[2] for policy in policies)
        self.n = len(policies)
        self.bandit = bandit
        self.pulls = np.zeros(self.n, np.int64)
        self.earned = np.zeros(self.n)
        self.switches = 0
        self.is_settled = False
        bandit.begin(Told(n_arms=self.n, horizon=max(n_rounds, 1), arm_names=names), rng.spawn(1)[0])
        self.current = self.legal(int(bandit.choose(None)))

    def end(self, reward):
        """The epoch is over; `reward` lies in [0, 1]."""
        before = self.current
        self.pulls[before] += 1
        self.earned[before] += reward
        if self.is_settled:
            return
        self.bandit.update(before, reward, 1.0)
        if defines(self.bandit, "stopped"):
            self.settle()
        if not self.is_settled:
            self.current = self.legal(int(self.bandit.choose(None)))
        if self.current != before:
            self.switches += 1

    def counters(self):
        """Running totals by component, as those of a bandit's run by arm."""
        found = {}
        for k in range(self.n):
            found[f"pulls_{k}"] = float(self.pulls[k])
            found[f"reward_{k}"] = float(self.earned[k])
        return found

    def settle(self):
        """A bandit that has seen enough is not asked again."""
        if self.bandit.stopped():
            self.is_settled = True
            self.current = self.legal(int(self.bandit.recommended()))

    def legal(self, arm):
        if arm < 0 or arm >= self.n:
            raise ValueError("the bandit chose an arm that is no component")
        return arm


def refuse_unfit(bandit: Any) -> None:
    """Refuses a bandit that asks for what no epoch has: contexts, predictions, hindsight, an arm of its own."""
    if not isinstance(bandit, Policy):
        return
    name = type(bandit).__name__
    if bandit.clairvoyant or bandit.beside:
        raise InputError(
            f"bandit_of learns from what was, and {name} knows better; expected a bandit such as tsallis_inf"
        )
    if is_contextual(bandit):
        raise InputError(f"bandit_of has no contexts, which {name} chooses by; expected a bandit such as tsallis_inf")
    if channels_needed(bandit):
        raise InputError(f"bandit_of has no predicted arms, which {name} reads; expected a bandit such as tsallis_inf")
