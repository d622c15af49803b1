"""Several proposers at once: a bandit learns which of them is worth asking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.adrs.proposers import Proposal, Proposer, Tried
from sim.domains.bandits.setting import Told
from sim.study import catalog

BANDIT = "thompson_beta"


class Mixture:
    """Asks one of its proposers each time; a candidate that does better than all before it is a reward of 1.

    It is compared on the first instances that both have seen. To beat its parents would be no merit: whoever only tunes what is
    weak does so every time.

    Args:
        proposers: at least two.
        horizon: candidates there may be.
        rng: of the bandit.
        bandit: a policy of the domain `bandits`, as the command line takes it.

    Reference: for operators chosen by a bandit, Fialho, Da Costa, Schoenauer and Sebag, "Analyzing Bandit-based Adaptive Operator
    Selection Mechanisms", Annals of Mathematics and Artificial Intelligence 2010.
    """

    def __init__(self, proposers: Sequence[Proposer], horizon: int, rng: np.random.Generator, bandit: str = BANDIT):
        self.proposers = proposers
        self.name = "+".join(each.name for each in proposers)
        self.batch = min(getattr(each, "batch", math.inf) for each in proposers)
        self.bandit: Any = catalog.policy("bandits", bandit)
        names = tuple(each.name for each in proposers)
        self.bandit.begin(Told(n_arms=len(proposers), horizon=horizon, arm_names=names), rng)
        self.best: list[float] = []
        self.waiting: dict[str, list[int]] = {}  # the latest that asked for it last

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        arm = int(self.bandit.choose(None))
        proposal = self.proposers[arm].ask(parents, rng)
        self.waiting.setdefault(proposal.candidate.id, []).append(arm)
        return proposal

    def tell(self, tried: Tried) -> None:
        for proposer in self.proposers:
            proposer.tell(tried)
        mine = list(tried.report.losses.values())
        n = min(len(mine), len(self.best))
        is_better = bool(mine) and (not self.best or math.fsum(mine[:n]) < math.fsum(self.best[:n]))
        if is_better and len(mine) >= len(self.best):
            self.best = mine
        if waiting := self.waiting.get(tried.candidate.id):
            self.bandit.update(waiting.pop(), 1.0 if is_better else 0.0, 1.0)
