"""Hides a second policy in its file.

Listed: malformed, by the loader. Jailed: malformed, by the loader.
"""

from sim.domains import paging


class Shown(paging.Policy):
    def evict(self, request):
        return 0


class Hidden(paging.Policy):
    def evict(self, request):
        return 1
