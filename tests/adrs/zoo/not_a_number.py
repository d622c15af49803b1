"""Names a page that is not a number.

Listed: illegal. Jailed: illegal.
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
