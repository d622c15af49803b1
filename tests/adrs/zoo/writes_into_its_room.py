"""Writes into the folder that it was started in.

Listed: refused. Jailed: crashed, by seccomp.
"""

from sim.domains import paging


class Cheat(paging.Policy):
    def begin(self, setting, rng):
        self.order = []
        with open("candidate.py", "a") as file:
            file.write("# changed")

    def admit(self, request):
        self.order.append(request.page)

    def evict(self, request):
        return self.order.pop(0)
