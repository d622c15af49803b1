"""Names a page by a number that no machine word holds.

Listed: illegal, by the channel. Jailed: illegal, by the channel.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return 2**80
