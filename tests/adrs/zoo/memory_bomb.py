"""Takes more memory with every decision.

Listed: memory, by rlimit. Jailed: memory, by rlimit.
"""

import numpy as np

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.kept = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        for _ in range(64):
            self.kept.append(np.ones(1 << 22))
        return self.order.pop(0)
