"""Counts its runs in the module, and is another policy from the second on.

Listed: refused. Jailed: nondeterministic, by the probes.
"""

from sim.domains import paging

RUNS = []


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        RUNS.append(1)

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0 if len(RUNS) < 2 else -1)
