"""Names a page that is not a number.

Listed: illegal, by the channel. Jailed: illegal, by the channel.
"""

import math

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return math.nan
