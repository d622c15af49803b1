"""Answers with an object that is never done being compared.

Listed: refused. Jailed: illegal, by the channel.
"""

from sim.domains import paging


class Endless:
    def __eq__(self, other):
        while True:
            pass

    __hash__ = None


class Cheat(paging.Policy):
    def evict(self, request):
        return Endless()
