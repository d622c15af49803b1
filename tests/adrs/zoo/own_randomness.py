"""Draws from a generator that nobody seeded.

Listed: refused. Jailed: nondeterministic, by the probes.
"""

import random

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(random.randrange(5))
