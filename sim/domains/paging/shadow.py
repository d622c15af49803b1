"""A component of a policy made of policies, on a virtual cache of its own."""

from __future__ import annotations

from dataclasses import replace

from sim.core.errors import IllegalDecision
from sim.core.structures import Structure
from sim.domains.paging.cache import LEGAL, Cache, Log, breach


class Shadow(Structure):
    """Simulates a component policy on every request, under the same rules as the real cache.

    Args:
        policy: the component, not begun.
        setting: the run's setting.
        rng: the policy's stream; the component gets a stream of its own, spawned from it.
    """

    def __init__(self, policy, setting, rng):
        self.cache = Cache(replace(setting, warmup=0))  # its misses count from the first request on
        self.cache.log = Log(2 * setting.n_slots + 2)  # what left at the present request
        self.policy = policy
        self.loads = 0
        policy.begin(setting, rng.spawn(1)[0])

    def serve(self, request):
        """Plays one request on the virtual cache; gives its loads, 0 or 1."""
        self.cache.log.size = 0
        self.cache.now = request.index
        loaded = self.cache.serve(self.policy, request)
        if self.cache.broken != LEGAL:
            raise IllegalDecision(f"{breach(self.policy, self.cache)} (its own, as a component)")
        self.loads += loaded
        return loaded

    def holds(self, page):
        """Whether the virtual cache holds this page."""
        return self.cache.resident[page]

    def forget(self, page):
        """The page was removed from outside."""
        if self.cache.resident[page]:
            self.cache.remove(self.policy, page)
