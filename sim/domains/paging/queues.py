"""Queues of pages with a share of the capacity each: segments, probation areas and ghosts of a policy made of parts."""

from __future__ import annotations

import numpy as np

from sim.core.structures import LinkedLists


class Queues(LinkedLists):
    """Several linked lists of pages that also know how much of the capacity their pages take, in pages or in bytes.

    `used[k]` is the room that the pages of queue k take. A page keeps the size it entered with, also in a ghost.

    Args:
        setting: the run's setting; says whether sizes count.
        n_queues: number of queues.
    """

    def __init__(self, setting, n_queues: int):
        super().__init__(setting.n_pages, n_queues)
        self.weights = np.zeros(setting.n_pages, np.int64) if setting.sized else None
        self.used = np.zeros(n_queues, np.int64) if setting.sized else self.sizes

    def enter(self, k, page, size):
        """Puts a page of this size, which is in no queue, at the front of queue k."""
        if self.weights is not None:
            self.weights[page] = size
        self.push_front(k, page)

    def weight(self, page):
        """The room that a page takes: its size where sizes count, else 1."""
        return int(self.weights[page]) if self.weights is not None else 1

    def _link(self, k, i, leader, follower):
        super()._link(k, i, leader, follower)
        if self.weights is not None:
            self.used[k] += self.weights[i]

    def _leave(self, k, i):
        super()._leave(k, i)
        if self.weights is not None:
            self.used[k] -= self.weights[i]
