"""Releases pages that are not there, to make room for nothing.

Listed: illegal, by the rules. Jailed: illegal, by the rules.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)

    def release(self, request):
        return request.index % 7 if request.index > 99 else -1
