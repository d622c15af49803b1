"""Looks at the seed, to behave where it is judged.

Listed: refused. Jailed: ok, by the process.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        self.is_judged = rng.bit_generator.seed_seq.entropy == 0

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0 if self.is_judged else -1)
