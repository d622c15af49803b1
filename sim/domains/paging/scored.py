"""Policies that are one formula: what is known of a page goes into its score, and the page of the highest score leaves."""

from __future__ import annotations

import math

import numpy as np

from sim.core.errors import InputError
from sim.core.memory import touch
from sim.core.structures import Heap, RandomSet
from sim.core.trace import NONE
from sim.domains.paging.policy import Policy

FIRST, LAST, LOADED, COUNT, TOTAL, LOADS, GAP, SMOOTH, HEAT, SIZE, N_KNOWN = range(11)
"""What is kept of each page: requests by number, counts, gaps between requests, heat as of the last request, size."""

HALF_LIFE = 4
"""Requests until a page's heat is half, in numbers of resident pages."""

SHARE = 1 / 64
"""Weight of the newest in the running means of the whole cache."""


class Scored(Policy):
    """Keeps the history of every page, also while it is away, and ranks resident pages by `score(page)`: the highest leaves.

    A subclass defines the score by the features below. All are floats, times and gaps are in requests.

        age(page)          since its last request
        tenure(page)       since it was loaded
        acquaintance(page) since its first request ever
        count(page)        requests since it was loaded, this one included
        total(page)        requests ever
        loads(page)        times it was loaded
        gap(page)          between its last two requests; since the start of the trace where there was one
        smooth_gap(page)   running mean of its gaps, the newest counting half
        heat(page)         requests, each counting half after so many requests as four times the cache holds pages
        size(page)         bytes where sizes count, else 1
        capacity()         of the cache, in units of size
        clock()            requests since the start
        victims_age()      running mean of the ages of evicted pages
        miss_rate()        running mean: misses per request
    """

    def begin(self, setting, rng):
        self.known = np.zeros((setting.n_pages, N_KNOWN))
        self.now = 0
        self.room = float(setting.capacity)
        self.half_life = float(HALF_LIFE * setting.n_slots)
        self.mean_age = 0.0
        self.mean_misses = 1.0

    def touch(self, page):
        touch(self.known, page)

    def note(self, request, is_miss):
        """Takes a request into the page's history and the cache's means."""
        known = self.known
        page = request.page
        now = float(request.index)
        self.now = request.index
        self.mean_misses += SHARE * ((1.0 if is_miss else 0.0) - self.mean_misses)
        if known[page, TOTAL] == 0.0:
            known[page, FIRST] = now
            known[page, GAP] = now + 1.0
            known[page, SMOOTH] = now + 1.0
            known[page, HEAT] = 1.0
        else:
            gap = now - known[page, LAST]
            known[page, HEAT] = 1.0 + known[page, HEAT] * math.exp(-math.log(2.0) * gap / self.half_life)
            known[page, GAP] = gap
            known[page, SMOOTH] = 0.5 * (known[page, SMOOTH] + gap)
        if is_miss:
            known[page, LOADED] = now
            known[page, COUNT] = 0.0
            known[page, LOADS] += 1.0
            known[page, SIZE] = float(request.size)
        known[page, LAST] = now
        known[page, COUNT] += 1.0
        known[page, TOTAL] += 1.0

    def note_victim(self, page):
        self.mean_age += SHARE * (self.age(page) - self.mean_age)

    def age(self, page):
        return float(self.now - self.known[page, LAST])

    def tenure(self, page):
        return float(self.now - self.known[page, LOADED])

    def acquaintance(self, page):
        return float(self.now - self.known[page, FIRST])

    def count(self, page):
        return float(self.known[page, COUNT])

    def total(self, page):
        return float(self.known[page, TOTAL])

    def loads(self, page):
        return float(self.known[page, LOADS])

    def gap(self, page):
        return float(self.known[page, GAP])

    def smooth_gap(self, page):
        return float(self.known[page, SMOOTH])

    def heat(self, page):
        return float(self.known[page, HEAT]) * math.exp(-math.log(2.0) * self.age(page) / self.half_life)

    def size(self, page):
        return float(self.known[page, SIZE])

    def capacity(self):
        return self.room

    def clock(self):
        return float(self.now)

    def victims_age(self):
        return self.mean_age

    def miss_rate(self):
        return self.mean_misses


class Sampled(Scored):
    """Evicts, of a few resident pages drawn at random, the one of the highest score now; of equals the first drawn.

    The score is asked at every eviction, so it may change with time. A score that is no number ranks last.

    Parameters:
        sample: pages drawn without replacement, at least 1; all, where there are no more.
    """

    sample: int = 16

    def begin(self, setting, rng):
        if self.sample < 1:
            raise InputError(f"{type(self).__name__} needs a sample of at least 1 page, got {self.sample}")
        super().begin(setting, rng)
        self.rng = rng
        self.residents = RandomSet(setting.n_pages)

    def hit(self, request):
        self.note(request, False)

    def admit(self, request):
        self.note(request, True)
        self.residents.add(request.page)

    def evict(self, request):
        self.now = request.index
        n = min(self.sample, self.residents.size)
        is_all = n == self.residents.size
        victim = NONE
        highest = -math.inf
        for k in range(n):
            page = self.residents.item(k) if is_all else self.residents.draw_to(k, self.rng)
            score = self.score(page)
            if score > highest or victim == NONE:
                victim = page
                highest = score if score == score else -math.inf
        self.note_victim(victim)
        self.residents.discard(victim)
        return victim

    def forget(self, page):
        self.residents.discard(page)


class Ranked(Scored):
    """Evicts the page whose score was highest when it was last requested; of equals the one requested longest ago.

    The score is asked at every request of a page, and kept until the next: O(log of the resident pages) per request. Beside
    the features of all, `floor()` is the score of the page evicted last, so that a score may build on it and age by it. A
    score that is no number counts as the lowest.
    """

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.order = Heap(setting.n_pages)
        self.evicted = 0.0

    def hit(self, request):
        self.note(request, False)
        self.rank(request)

    def admit(self, request):
        self.note(request, True)
        self.rank(request)

    def rank(self, request):
        score = self.score(request.page)
        self.order.set(request.page, -score if score == score else math.inf, request.index)

    def evict(self, request):
        self.now = request.index
        page = self.order.first()
        self.evicted = -self.order.key(page)
        self.note_victim(page)
        self.order.discard(page)
        return page

    def forget(self, page):
        self.order.discard(page)

    def floor(self):
        return self.evicted
