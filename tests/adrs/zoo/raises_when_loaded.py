"""Fails while it is loaded.

Listed: crashed. Jailed: crashed.
"""

from sim.domains import paging

LIMIT = 1 // 0


class Cheat(paging.Policy):
    def evict(self, request):
        return LIMIT
