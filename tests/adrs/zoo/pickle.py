"""Answers with an object that runs a program when it is unpickled.

Listed: refused. Jailed: illegal, by the channel.
"""

import os

from sim.domains import paging


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/augsim-zoo-was-here",)


class Cheat(paging.Policy):
    def evict(self, request):
        return Bomb()
