"""Counts its runs in the default of an argument.

Listed: refused. Jailed: nondeterministic, by the probes.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.n = self.count()

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0 if self.n < 2 else -1)

    def count(self, runs=[]):  # noqa: B006
        runs.append(1)
        return len(runs)
