"""What policies made of policies share: simulate the components, follow one of them, change pages one at a time."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.structures import Heap, LinkedList, Structure, draw
from sim.domains.paging.cache import BYPASS
from sim.domains.paging.shadow import Shadow


class Synchroniser(Structure):
    """Follows a target cache lazily: one page leaves per miss, among the residents that the target does not hold.

    Args:
        n_pages: number of pages.
        order: which of those leaves first: "stamp", the one loaded longest ago, or "lru", the one requested longest ago.

    Reference: Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020; the order "stamp" is that of
    its published experiments.
    """

    def __init__(self, n_pages: int, order: str):
        if order not in ("stamp", "lru"):
            raise InputError(f'order must be "stamp" or "lru", got "{order}"')
        self.order = order
        self.residents = LinkedList(n_pages)  # oldest load (or request) first
        self.stamp = np.zeros(n_pages, np.int64)
        self.extras = Heap(n_pages)  # residents that the target does not hold, oldest first

    def hit(self, page, now):
        """The page was requested and is resident; a target holds every page just requested."""
        self.extras.discard(page)
        if self.order == "lru":
            self.stamp[page] = now
            self.residents.move_to_back(page)

    def load(self, page, now):
        self.stamp[page] = now
        self.residents.push_back(page)

    def let_go(self, page):
        """The target no longer holds this page."""
        if self.residents.contains(page):
            self.extras.set(page, float(self.stamp[page]), 0)

    def turn_to(self, holds):
        """Follows another target from now on: `holds[page]` says what it holds."""
        page = self.residents.front()
        while page >= 0:
            if holds[page]:
                self.extras.discard(page)
            else:
                self.let_go(page)
            page = self.residents.after(page)

    def evict(self):
        """The page to leave; the oldest of all where the target holds every resident (sizes allow that)."""
        page = self.extras.first()
        if page < 0:
            page = self.residents.front()
        self.drop(page)
        return page

    def drop(self, page):
        self.extras.discard(page)
        self.residents.remove(page)


class Following(Structure):
    """Simulates component policies on every request, and lets the real cache follow the one that `turn` names.

    A subclass defines `turn()`, asked once after each request was simulated, which may set `current`.

    Args:
        policies: the components, not begun; each gets a virtual cache and a random stream of its own.
        setting: the run's setting.
        rng: the policy's stream.
        order: see `Synchroniser`.

    Attributes:
        current: the component that is followed.
        switches: how often it has changed.
    """

    def __init__(self, policies, setting, rng, order: str):
        self.n = len(policies)
        self.shadows = tuple(Shadow(policy, setting, rng) for policy in policies)
        self.loads = np.zeros(self.n, np.int64)  # of the present request
        self.current = 0
        self.switches = 0
        self.now = -1
        self.lazy = Synchroniser(setting.n_pages, order)

    def turn(self):
        raise NotImplementedError

    def observe(self, request):
        """Simulates the request in all components, once; then decides whom to follow."""
        if request.index == self.now:
            return
        self.now = request.index
        for k, shadow in enumerate(self.shadows):
            self.loads[k] = shadow.serve(request)
        before = self.current
        self.turn()
        for k, shadow in enumerate(self.shadows):
            if k == self.current:
                if k == before:
                    self.keep_up(shadow.cache.log)
                else:
                    self.switches += 1
                    self.lazy.turn_to(shadow.cache.resident)

    def keep_up(self, log):
        for k in range(log.size):
            if log.kind[k] != BYPASS:
                self.lazy.let_go(int(log.subject[k]))

    def hit(self, request):
        self.observe(request)
        self.lazy.hit(request.page, request.index)
        self.settle(request.page)

    def admit(self, request):
        self.observe(request)
        self.lazy.load(request.page, request.index)
        self.settle(request.page)

    def settle(self, page):
        """A component that lets go of the very page requested (bypass, eager dropping) makes it an extra at once."""
        for k, shadow in enumerate(self.shadows):
            if k == self.current and not shadow.cache.resident[page]:
                self.lazy.let_go(page)

    def evict(self, request):
        self.observe(request)
        return self.lazy.evict()

    def forget(self, page):
        self.lazy.drop(page)
        for shadow in self.shadows:
            shadow.forget(page)


class Combination(Following):
    """Follows one of some policies by what all of them would have missed.

    Args:
        policies, setting, rng, order: see `Following`; at least two policies.
        switching: "deterministic": on to the next one when the current one's loads exceed a bound that grows by
            `1 + gamma / (m - 1)` each time; "randomized": to another by weights `(1 - eps / 2)^loads`.
        gamma: above 0.
        eps: in (0, 1).

    Reference: deterministic: Fiat et al., "Competitive Algorithms for Layered Graph Traversal", 1998, and Wei, "Better and
    Simpler Learning-Augmented Online Caching", APPROX 2020; randomized: Blum and Burch, "On-line Learning and the Metrical
    Task System Problem", Machine Learning 2000.
    """

    def __init__(self, policies, setting, rng, switching: str, gamma: float, eps: float, order: str):
        if switching not in ("deterministic", "randomized"):
            raise InputError(f'switching must be "deterministic" or "randomized", got "{switching}"')
        if not gamma > 0:
            raise InputError(f"gamma must be above 0, got {gamma}")
        if not 0 < eps < 1:
            raise InputError(f"eps must be between 0 and 1, got {eps}")
        if len(policies) < 2:
            raise InputError(f"a combination needs at least two policies, got {len(policies)}")
        super().__init__(policies, setting, rng, order)
        self.switching = switching
        self.beta = 1 - eps / 2
        self.growth = 1 + gamma / (self.n - 1)
        self.bound = 1.0
        self.rng = rng
        self.cost = np.zeros(self.n, np.int64)
        self.weight = np.full(self.n, 1 / self.n)
        self.current = draw(rng, self.n) if switching == "randomized" else 0

    def turn(self):
        for k in range(self.n):
            self.cost[k] += self.loads[k]
        if self.switching == "deterministic":
            self.go_round()
        else:
            self.weigh()

    def go_round(self):
        while self.cost[self.current] > self.bound:
            self.current = (self.current + 1) % self.n
            self.bound *= self.growth

    def weigh(self):
        before = self.weight[self.current]
        total = 0.0
        for k in range(self.n):
            if self.loads[k] > 0:
                self.weight[k] *= self.beta
            total += self.weight[k]
        for k in range(self.n):
            self.weight[k] /= total
        after = self.weight[self.current]
        if after < before and self.rng.random() < (before - after) / before:
            self.current = self.draw_other()

    def draw_other(self):
        """Another component, by weight."""
        point = self.rng.random() * (1 - self.weight[self.current])
        chosen = -1
        for k in range(self.n):
            if k != self.current and (chosen < 0 or point >= 0):
                chosen = k
                point -= self.weight[k]
        return chosen
