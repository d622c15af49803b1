"""Answers with a list of six hundred thousand pages.

Listed: illegal, by the channel. Jailed: illegal, by the channel.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return [self.order.pop(0)] * 600_000
