import math

import numpy as np

from sim.core.errors import InputError
from sim.core.memory import touch
from sim.core.structures import RandomSet
from sim.core.trace import NONE
from sim.domains import paging

N_CLASSES = 16
N_RECENT = 8
"""Late loads that are candidates too."""

EARLY_SAMPLE, N_EARLY = 8, 50
"""Residents that are sampled during the first fits."""

DECAY = 0.9
FIRST_CHOICE, SECOND_CHOICE = 5, 25
"""The fits at which the width of an age bin is chosen anew."""

EXPLORE, EXPLORER_SHARE = 1 / 32, 0.01
"""Share of loads that explore, and the part of the capacity that explorers may take."""

LAST, AGE, CLASS, EXPLORES = 0, 1, 2, 3
"""What is known of a page: its last request, its age at the last hit in bins, its class, whether it is an explorer."""


class LHD(paging.Policy):
    """Evicts the page with the least hit density among a few sampled ones: expected hits per unit of space and time to come.

    Pages are told apart by class, which is the finer the sooner they were hit the last two times, and by age, the time since
    their last request. Every `period` requests the densities are fitted to the hits and evictions seen at each age and
    class; until then they are `(class + 1) / (age + 1)`. Some loads explore: they are kept longer, until their next hit, so that
    one learns whether they would be requested again. In a trace shorter than `period` nothing is learned, and the run says so.

    Removals from outside count as neither hits nor evictions. The last bin, which takes all greater ages, has density 0; the
    authors' program ranks it last too. libCacheSim counts its only application as the second of 16, so that its densities
    start at `(class + 17) / (age + 1)`, which hardly tells classes apart: until the first fit it misses up to 16 % more often.

    Parameters:
        period: requests from one fit to the next, at least 1.
        sample: residents sampled per eviction, at least 1; at most 8 during the first 50 fits.
        bins: ages told apart, at least 2.
        shift: an age bin is 2^shift requests wide, at least 0, until the fifth fit chooses.

    Reference: Beckmann, Chen, Cidon, "LHD: Improving Cache Hit Rate by Maximizing Hit Density", NSDI 2018, sections 3 and 4; the
    parameters: the authors' program.
    """

    period: int = 2**20
    sample: int = 32
    bins: int = 20_000
    shift: int = 10

    def begin(self, setting, rng):
        for name, least in (("period", 1), ("sample", 1), ("bins", 2), ("shift", 0)):
            if getattr(self, name) < least:
                raise InputError(f"lhd: {name} must be at least {least}, got {getattr(self, name)}")
        self.rng = rng
        self.n_requests = setting.n_requests
        self.residents = RandomSet(setting.n_pages)
        self.pages = np.zeros((setting.n_pages, 4), np.int64)
        self.sizes = np.ones(setting.n_pages, np.int64) if setting.sized else None
        self.classes = classes(self.bins)
        self.hits = np.zeros((N_CLASSES, self.bins))
        self.events = np.zeros((N_CLASSES, self.bins))  # hits and evictions
        self.densities = np.arange(1.0, N_CLASSES + 1)[:, None] / np.arange(1.0, self.bins + 1)
        self.densities[:, -1] = 0
        self.width = self.shift  # of an age bin: 2^width requests
        self.recent = np.full(N_RECENT, NONE, np.int64)
        self.n_recent = 0
        self.drawn = np.zeros(
            self.sample, np.int64
        )  # all of them before the first is looked at: memory is slow, and waits once
        self.victims_density = 0.0  # running mean
        self.budget = max(1, int(EXPLORER_SHARE * setting.capacity))  # what explorers may still take
        self.n_fits = 0
        self.next_fit = self.period

    def hit(self, request):
        page = request.page
        age = self.age(page, request.index)
        self.hits[self.pages[page, CLASS], age] += 1
        self.events[self.pages[page, CLASS], age] += 1
        self.end_exploring(page)
        self.pages[page, CLASS] = self.classes[age + self.pages[page, AGE]]
        self.pages[page, AGE] = age
        self.pages[page, LAST] = request.index
        self.fit_when_due(request.index)

    def admit(self, request):
        page = request.page
        self.residents.add(page)
        self.pages[page, LAST] = request.index
        self.pages[page, AGE] = 0
        self.pages[page, CLASS] = 0
        self.pages[page, EXPLORES] = 0
        if self.sizes is not None:
            self.sizes[page] = request.size
        if self.rng.random() < EXPLORE and self.budget > 0:
            self.pages[page, EXPLORES] = 1
            self.budget -= self.size(page)
        elif self.density(page, request.index) < self.victims_density:
            self.recent[self.n_recent % N_RECENT] = page
            self.n_recent += 1
        self.fit_when_due(request.index)

    def evict(self, request):
        victim = NONE
        least = math.inf
        n_drawn = self.sample if self.n_fits >= N_EARLY else min(self.sample, EARLY_SAMPLE)
        for k in range(n_drawn):
            self.drawn[k] = self.residents.draw(self.rng)
            touch(self.pages, self.drawn[k])
        for k in range(n_drawn):
            page = int(self.drawn[k])
            density = self.density(page, request.index)
            if density < least:
                victim = page
                least = density
        for k in range(N_RECENT):
            page = int(self.recent[k])
            if page != NONE and self.residents.contains(page):
                density = self.density(page, request.index)
                if density < least:
                    victim = page
                    least = density
        self.victims_density = DECAY * self.victims_density + (1 - DECAY) * least
        self.events[self.pages[victim, CLASS], self.age(victim, request.index)] += 1
        self.forget(victim)
        return victim

    def forget(self, page):
        self.end_exploring(page)
        self.residents.discard(page)

    def density(self, page, now):
        """Expected hits per request to come and unit of size, more for an explorer."""
        density = self.densities[self.pages[page, CLASS], self.age(page, now)]
        if self.sizes is not None:
            density = density / self.sizes[page]
        return density + 1.0 if self.pages[page, EXPLORES] == 1 else density

    def age(self, page, now):
        return min((now - self.pages[page, LAST]) >> self.width, self.bins - 1)

    def size(self, page):
        return int(self.sizes[page]) if self.sizes is not None else 1

    def end_exploring(self, page):
        if self.pages[page, EXPLORES] == 1:
            self.pages[page, EXPLORES] = 0
            self.budget += self.size(page)

    def fit_when_due(self, now):
        if now + 1 < self.next_fit:
            return
        self.next_fit = now + 1 + self.period
        self.n_fits += 1
        for k in range(N_CLASSES):
            for age in range(self.bins):
                self.hits[k, age] *= DECAY
                self.events[k, age] *= DECAY
        if self.n_fits == FIRST_CHOICE or self.n_fits == SECOND_CHOICE:
            self.choose_width()
        fit(self.hits, self.events, self.densities)

    def choose_width(self):
        """Makes a bin the least power of 2 so wide that the residents' number is at most 1 % of all bins' width."""
        width = 1
        while 100 * self.residents.size > self.bins << width:
            width += 1
        for k in range(N_CLASSES):
            rescale(self.hits, k, width - self.width)
            rescale(self.events, k, width - self.width)
        self.width = width

    def notices(self):
        if self.n_fits == 0:
            return [f"lhd learned nothing: it fits every {self.period} requests, and the trace has {self.n_requests}"]
        return [f"lhd fitted its densities {self.n_fits} times"]


def classes(bins):
    """The class of a page by the sum of its last two ages at hits, in bins: the sum doubled so often reaches all bins."""
    ages = np.arange(2 * bins - 1)
    return np.sum([ages << k < bins for k in range(N_CLASSES - 1)], axis=0)


def fit(hits, events, densities):
    """The hits at an age or later, per request that pages of that age are held on average, times the pages of that age."""
    bins = hits.shape[1]
    for k in range(N_CLASSES):
        n_hits = hits[k, bins - 1]
        n_events = events[k, bins - 1]
        lifetime = n_events
        for back in range(2, bins + 1):
            age = bins - back
            n_hits += hits[k, age]
            n_events += events[k, age]
            lifetime += n_events
            densities[k, age] = n_hits / lifetime if n_events > 1e-5 else 0.0


def rescale(counts, k, shift):
    """Moves the counts of a class into bins 2^shift times as wide; where these are narrower they share a count evenly."""
    last = counts.shape[1] - 1
    if shift > 0:
        for age in range(last):
            count = counts[k, age]
            counts[k, age] = 0.0
            counts[k, age >> shift] += count
    elif shift < 0:
        parts = 1 << -shift
        for back in range(1, last + 1):
            age = last - back
            count = counts[k, age]
            counts[k, age] = 0.0
            for narrow in range(age * parts, min((age + 1) * parts, last)):
                counts[k, narrow] += count / parts
            counts[k, last] += count * max(0, min(parts, (age + 1) * parts - last)) / parts
