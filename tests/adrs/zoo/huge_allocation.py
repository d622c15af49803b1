"""Asks for a terabyte.

Listed: memory, by rlimit. Jailed: memory, by rlimit.
"""

import numpy as np

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.table = np.ones(1 << 37)

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
