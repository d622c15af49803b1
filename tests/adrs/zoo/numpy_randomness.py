"""Draws from the state that NumPy keeps for all.

Listed: refused. Jailed: nondeterministic, by the probes.
"""

import numpy as np

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(int(np.random.randint(5)))  # noqa: NPY002
