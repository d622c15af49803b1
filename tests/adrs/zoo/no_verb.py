"""Is a policy that cannot decide.

Listed: malformed. Jailed: malformed.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def hit(self, request):
        return
