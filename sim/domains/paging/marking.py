"""What marking algorithms share: residents are marked when requested, and unmarked together when a phase begins."""

from __future__ import annotations

import numpy as np

from sim.core.structures import Heap, RandomSet, Slots, Structure


class Marks(Structure):
    """Marked and unmarked residents, and the phase's number."""

    def __init__(self, n_pages: int):
        self.phase = 0
        self.unmarked = RandomSet(n_pages)
        self.marked = RandomSet(n_pages)

    def mark(self, page):
        """Marks a page that is requested, resident before or not."""
        self.unmarked.discard(page)
        self.marked.add(page)

    def begin_phase(self):
        """Unmarks all."""
        self.phase += 1
        for k in range(self.marked.size):
            self.unmarked.add(self.marked.item(k))
        self.marked.clear()

    def drop(self, page):
        """Takes a page out that left the cache."""
        self.unmarked.discard(page)
        self.marked.discard(page)


class PredictedMarks(Structure):
    """Marks, and the unmarked pages in the order of their predicted next requests.

    Among equal predictions the page in the highest slot comes first. A page's prediction is that of its last request.
    """

    def __init__(self, n_slots: int, n_pages: int):
        self.marks = Marks(n_pages)
        self.slots = Slots(n_slots, n_pages)
        self.order = Heap(n_slots)  # slots of unmarked pages, predicted furthest first
        self.prediction = np.zeros(n_pages, np.float64)
        self.old_since = np.full(n_pages, -1, np.int64)  # the last phase at whose beginning the page was resident

    def serve(self, page, prediction):
        """Marks a resident page and keeps its new prediction."""
        self.marks.mark(page)
        self.order.discard(self.slots.slot(page))
        self.prediction[page] = prediction

    def load(self, page, prediction):
        """Puts the requested page into the lowest free slot, marked."""
        self.slots.load(page)
        self.serve(page, prediction)

    def begin_phase(self):
        """Unmarks all; the residents are the stale pages of this phase."""
        self.marks.begin_phase()
        for k in range(self.marks.unmarked.size):
            page = self.marks.unmarked.item(k)
            slot = self.slots.slot(page)
            self.order.set(slot, -self.prediction[page], -slot)
            self.old_since[page] = self.marks.phase

    def is_stale(self, page):
        """Whether the page was resident when this phase began."""
        return self.old_since[page] == self.marks.phase

    def is_phase_over(self):
        """Whether no unmarked page is left."""
        return self.marks.unmarked.size == 0

    def furthest(self):
        """The unmarked page predicted furthest."""
        return self.slots.page(self.order.first())

    def draw(self, rng):
        """An unmarked page, uniformly."""
        return self.marks.unmarked.draw(rng)

    def drop(self, page):
        """Takes a page out that leaves the cache."""
        self.order.discard(self.slots.drop(page))
        self.marks.drop(page)


class Chains(Structure):
    """Eviction chains of one phase: a clean miss begins one, a victim represents the chain that evicted it.

    Reference: Lykouris and Vassilvitskii, "Competitive Caching with Machine Learned Advice", ICML 2018, section 4.
    """

    def __init__(self, n_pages: int):
        self.n_chains = 0
        self.length = np.zeros(n_pages, np.int64)
        self.chain = np.full(n_pages, -1, np.int64)  # of which the page is the representative
        self.since = np.full(n_pages, -1, np.int64)  # the phase in which it became that
        self.phase = -1

    def grow(self, page, phase):
        """The chain of a missing page, one longer now; a new one where the page represents none."""
        if phase != self.phase:
            self.phase = phase
            self.n_chains = 0
        if self.since[page] == phase:
            chain = int(self.chain[page])
            self.length[chain] += 1
            self.since[page] = -1
        else:
            chain = self.n_chains
            self.n_chains += 1
            self.length[chain] = 1
        return chain

    def represent(self, chain, victim):
        """The victim stands for the chain from now on."""
        self.chain[victim] = chain
        self.since[victim] = self.phase
