"""The rule of following next-use predictions: shared by the policies that follow them and by the labels made from them."""

from __future__ import annotations

from sim.core.structures import Heap, Slots, Structure


class Follower(Structure):
    """Resident pages with their predicted next requests; the one predicted furthest leaves.

    Args:
        n_slots: pages it can hold.
        n_pages: number of pages.
        tie: among equal predictions "low_slot" or "high_slot" leaves first, or "lru", the one requested longest ago.
    """

    def __init__(self, n_slots: int, n_pages: int, tie: str):
        self.tie = tie
        self.size = 0
        self.slots = Slots(n_slots, n_pages)
        self.order = Heap(n_slots)

    def holds(self, page):
        return self.slots.slot(page) >= 0

    def load(self, page, prediction, now):
        """Puts a page into the lowest free slot."""
        self.slots.load(page)
        self.size += 1
        self.update(page, prediction, now)

    def update(self, page, prediction, now):
        """Overwrites the prediction of a page it holds."""
        slot = self.slots.slot(page)
        if self.tie == "lru":
            self.order.set(slot, -prediction, now)
        elif self.tie == "high_slot":
            self.order.set(slot, -prediction, -slot)
        else:
            self.order.set(slot, -prediction, slot)

    def prediction(self, page):
        """The predicted next request of a page it holds."""
        return -self.order.key(self.slots.slot(page))

    def furthest(self):
        """The page that would leave next, NONE when empty."""
        slot = self.order.first()
        return self.slots.page(slot) if slot >= 0 else -1

    def evict(self):
        page = self.furthest()
        self.drop(page)
        return page

    def drop(self, page):
        self.order.discard(self.slots.drop(page))
        self.size -= 1
