"""The rules of paging: who is resident, what is legal, what counts as a miss."""

from __future__ import annotations

import numpy as np

from sim.core.memory import reach_parts, touch, touch_parts
from sim.core.operations import Operation
from sim.core.policy import check_number, check_truth, defines
from sim.core.structures import Structure
from sim.core.trace import NONE

EVICT, RELEASE, BYPASS = 0, 1, 2
"""Kinds of decisions in a log: a page left for another, a page left unforced, a page was not let in."""

LEGAL, NOT_RESIDENT, NOTHING_EVICTED, RELEASED_ABSENT = 0, 1, 2, 3


class Log(Structure):
    """The decisions of a run. A page leaves at most once per load, so `n_requests` entries always suffice."""

    def __init__(self, n_requests: int):
        self.size = 0
        self.row = np.zeros(n_requests, np.int64)
        self.kind = np.zeros(n_requests, np.uint8)
        self.subject = np.zeros(n_requests, np.int64)

    def add(self, row, kind, page):
        self.row[self.size] = row
        self.kind[self.size] = kind
        self.subject[self.size] = page
        self.size += 1


class Cache(Structure):
    """A cache under a policy: holds pages, asks, checks, counts. Unit pages or pages with sizes.

    Args:
        setting: with the trace's fields.
        expiring: pages may be removed from outside (the trace has TTLs or deletes).
        record: keep a log of decisions.
    """

    def __init__(self, setting, expiring: bool = False, record: bool = False):
        self.capacity = setting.capacity
        self.used = 0
        self.resident = np.zeros(setting.n_pages, np.bool_)
        self.sizes = np.zeros(setting.n_pages, np.int64) if setting.sized else None
        self.expires_s = np.zeros(setting.n_pages, np.float64) if expiring else None
        self.log = Log(setting.n_requests) if record else None
        self.awaits_full = setting.warmup == -1
        self.has_warmup = setting.warmup > 0
        self.warmup = setting.warmup
        self.is_warm = setting.warmup == 0
        self.warm_from = 0
        self.now = 0
        self.misses = 0
        self.missed_bytes = 0
        self.evictions = 0
        self.bypassed = 0
        self.too_large = 0
        self.expired = 0
        self.broken = LEGAL
        self.broken_page = NONE

    def touch(self, page):
        """Fetches whether `page` is resident, which will be asked soon."""
        touch(self.resident, page)

    def serve(self, policy, request):
        """Plays one request; gives the number of loads, 0 or 1, or NONE where a decision was illegal."""
        page = request.page
        if self.expires_s is not None and self.resident[page] and self.expires_s[page] <= request.time_s:
            self.expired += 1
            self.remove(policy, page)
        if self.resident[page]:
            policy.hit(request)
            loaded = 0
        else:
            self.misses += 1
            if self.sizes is not None:
                self.missed_bytes += request.size
            loaded = self.load(policy, request)
        if self.expires_s is not None and request.ttl_s > 0:
            self.expires_s[page] = request.time_s + request.ttl_s
        if defines(policy, "release") and not self.let_go(policy, request):
            return NONE
        return loaded

    def load(self, policy, request):
        """Makes room for the requested page and lets it in, unless the policy or its size forbids; as `serve`."""
        page = request.page
        if self.sizes is not None and request.size > self.capacity:
            self.too_large += 1
            return 0
        if defines(policy, "wants"):
            is_wanted = policy.wants(request)
            check_truth(policy, "wants", is_wanted, request.index)
            if not is_wanted:
                self.bypassed += 1
                self.note(BYPASS, page)
                return 0
        while self.used + request.size > self.capacity:
            if self.awaits_full and not self.is_warm:
                self.begin_counting()
                self.misses = 1
                self.missed_bytes = request.size if self.sizes is not None else 0
            victim = policy.evict(request)
            check_number(policy, "evict", victim, request.index)
            if not self.is_resident(victim):
                self.broken = NOTHING_EVICTED if victim == NONE else NOT_RESIDENT
                self.broken_page = victim
                return NONE
            self.drop(victim)
            self.evictions += 1
            self.note(EVICT, victim)
        self.resident[page] = True
        self.used += request.size
        if self.sizes is not None:
            self.sizes[page] = request.size
        if self.expires_s is not None:
            self.expires_s[page] = np.inf
        policy.admit(request)
        return 1

    def let_go(self, policy, request):
        """Drops the pages that the policy releases unforced; whether all of them were resident."""
        page = policy.release(request)
        check_number(policy, "release", page, request.index)
        while page != NONE:
            if not self.is_resident(page):
                self.broken = RELEASED_ABSENT
                self.broken_page = page
                return False
            self.drop(page)
            self.note(RELEASE, page)
            page = policy.release(request)
            check_number(policy, "release", page, request.index)
        return True

    def is_resident(self, page):
        return page >= 0 and page < len(self.resident) and self.resident[page]

    def drop(self, page):
        self.resident[page] = False
        self.used -= self.sizes[page] if self.sizes is not None else 1

    def remove(self, policy, page):
        """Takes a page out without being asked: it expired or was deleted."""
        self.drop(page)
        policy.forget(page)

    def note(self, kind, page):
        if self.log is not None:
            self.log.add(self.now, kind, page)

    def begin_counting(self):
        """Warm-up ends before the present request."""
        self.is_warm = True
        self.warm_from = self.now
        self.misses = 0
        self.missed_bytes = 0
        self.evictions = 0
        self.bypassed = 0
        self.too_large = 0
        self.expired = 0


def breach(policy, cache):
    """What the policy decided against the rules, in one line."""
    name = type(policy).__name__
    if cache.broken == NOTHING_EVICTED:
        return f"{name} evicted nothing at request {cache.now}, but the cache is full"
    did, page = "released" if cache.broken == RELEASED_ABSENT else "evicted", cache.broken_page
    return f"{name} {did} page {page} at request {cache.now}, but page {page} is not in the cache"


AHEAD = 16
"""Requests between the fetch of what a policy knows of a page and its use: some 100 ns, one access to memory."""

NEAR = 4
"""Requests between the fetch of what can be found only with that, and its use."""


def play(cache, predicted, oracle, policy, rows, pages, start, stop):
    """The loop of every paging run. `predicted` and `oracle` keep on-line predictions up to date, and may be None.

    `pages` is the rows' column of pages: its coming ones are touched, so that memory is not waited for. No policy sees them.
    """
    for i in range(start, stop):
        touch_parts(cache, pages, i + AHEAD)
        touch_parts(policy, pages, i + AHEAD)
        reach_parts(policy, pages, i + NEAR)
        request = rows[i]
        cache.now = i
        if cache.has_warmup and i == cache.warmup:
            cache.begin_counting()
        if predicted is not None:
            predicted.update(request.page, request.leaves)
        if oracle is not None:
            oracle.update(request.page, request.index)
        if cache.expires_s is not None and request.op == Operation.DELETE:
            if cache.resident[request.page]:
                cache.remove(policy, request.page)
        elif cache.serve(policy, request) == NONE:
            break
