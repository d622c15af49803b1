"""Finds the channel with its nonce, and sends metrics where a decision is expected.

Listed: refused. Jailed: illegal, by the rules.
"""

import gc

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        for thing in gc.get_objects():
            if type(thing).__name__ == "Channel":
                thing.send({"metrics": {"misses": 0}})
        return self.order.pop(0)
