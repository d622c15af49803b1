"""Fails while it is loaded.

Listed: crashed, by the process. Jailed: crashed, by the process.
"""

from sim.domains import paging

LIMIT = 1 // 0


class Cheat(paging.Policy):
    def evict(self, request):
        return LIMIT
