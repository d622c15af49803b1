"""Names half a page.

Listed: illegal, by the rules. Jailed: illegal, by the rules.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0) + 0.5
