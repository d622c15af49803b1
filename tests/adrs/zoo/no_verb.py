"""Is a policy that cannot decide.

Listed: malformed, by the loader. Jailed: malformed, by the loader.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def hit(self, request):
        return
