"""A policy that lets a bandit choose among policies: which of their virtual caches the real one follows, epoch by epoch."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.domains.bandits import Policy as Bandit
from sim.domains.bandits.within import Chooser, refuse_unfit
from sim.domains.paging.combining import Following

__all__ = ["Bandit", "Choice", "refuse_unfit"]


class Choice(Following):
    """Follows the component that a bandit chose for the epoch, and tells it that component's hits, never those of the others.

    Args:
        bandit: a policy of `sim.domains.bandits`, not begun.
        policies, setting, rng, order: see `Following`; at least two policies.
        epoch: requests of an epoch, at least 1.
    """

    def __init__(self, bandit, policies, setting, rng, epoch: int, order: str):
        if epoch < 1:
            raise InputError(f"epoch must be a number of requests of at least 1, got {epoch}")
        super().__init__(policies, setting, rng, order)
        self.epoch = epoch
        self.chooser = Chooser(bandit, policies, -(-setting.n_requests // epoch), rng)
        self.current = self.chooser.current
        self.n_seen = 0
        self.missed_before = np.zeros(self.n, np.int64)  # by each component until this epoch began

    def turn(self):
        self.n_seen += 1
        if self.n_seen == self.epoch:
            self.n_seen = 0
            for k, shadow in enumerate(self.shadows):
                if k == self.current:
                    missed = shadow.cache.misses - self.missed_before[k]
                    self.chooser.end(1 - missed / self.epoch)
            for k, shadow in enumerate(self.shadows):
                self.missed_before[k] = shadow.cache.misses
            self.current = self.chooser.current
