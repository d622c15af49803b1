"""Answers nothing.

Listed: illegal, by the rules. Jailed: illegal, by the rules.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        self.order.pop(0)
