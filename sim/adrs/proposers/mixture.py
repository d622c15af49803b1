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
    """Asks one of its proposers each time; a child that does better than its better parent is a reward of 1.

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
        self.waiting: dict[str, list[tuple[int, list[float]]]] = {}  # the latest that asked for it last

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        arm = int(self.bandit.choose(None))
        proposal = self.proposers[arm].ask(parents, rng)
        best = list(parents[-1].report.losses.values()) if parents else []
        self.waiting.setdefault(proposal.candidate.id, []).append((arm, best))
        return proposal

    def tell(self, tried: Tried) -> None:
        for proposer in self.proposers:
            proposer.tell(tried)
        if waiting := self.waiting.get(tried.candidate.id):
            arm, parent = waiting.pop()
            mine = list(tried.report.losses.values())
            n = min(len(mine), len(parent))
            is_better = bool(mine) and math.fsum(mine[:n]) < math.fsum(parent[:n])
            self.bandit.update(arm, 1.0 if is_better else 0.0, 1.0)
