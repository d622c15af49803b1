"""How often pages were requested, approximately: a counting sketch."""

from __future__ import annotations

import math

import numpy as np

from sim.core.memory import LINE_BYTES, touch, unchecked, zeros_on_lines
from sim.core.structures import Structure

N_POSITIONS, WIDTH = 10, LINE_BYTES // 4
"""Counters of a page, and the room for their positions: one cache line."""

COUNTERS_PER_PAGE = -math.log(0.001) / math.log(2) ** 2
"""14.4, those of a Bloom filter with an error rate of 0.1 %."""

SEEDS = 0x12345678, 0x12344321

BLOCK = 1 << 13
"""Pages hashed at a time: their hashes stay close to the core."""


class Sketch(Structure):
    """Counts pages approximately, never too low but for halving: each has 10 counters, and its count is the least of them.

    Where a page's counters are is hashed once and for all, before the run.

    Args:
        n_counted: pages to be told apart well.
        n_pages: number of pages.
    """

    def __init__(self, n_counted: int, n_pages: int):
        n_counters = math.ceil(COUNTERS_PER_PAGE * n_counted)
        self.counts = np.zeros(n_counters, np.int32)
        self.positions = zeros_on_lines((n_pages, WIDTH), np.int32)
        for start in range(0, n_pages, BLOCK):
            pages = np.arange(start, min(start + BLOCK, n_pages))
            hashes, step = (xxh64(pages, seed).astype(np.uint32) for seed in SEEDS)
            for i in range(N_POSITIONS):
                self.positions[start : start + BLOCK, i] = hashes % np.uint32(n_counters)
                hashes += step

    def touch(self, page):
        """Fetches where the counters of `page` are, which will be counted soon."""
        touch(self.positions, page)

    @unchecked("i", "place")
    def reach(self, page):
        """Fetches the counters of `page` themselves; where they are should be at hand by now."""
        for i in range(N_POSITIONS):
            place = self.positions[page, i]
            touch(self.counts, place)

    @unchecked("i", "place")
    def add(self, page):
        """Counts one more request of `page`."""
        for i in range(N_POSITIONS):
            place = self.positions[page, i]
            self.counts[place] += 1

    @unchecked("i", "place")
    def estimate(self, page):
        """The count of `page`."""
        place = self.positions[page, 0]
        least = int(self.counts[place])
        for i in range(1, N_POSITIONS):
            place = self.positions[page, i]
            least = min(least, int(self.counts[place]))
        return least

    @unchecked("i")
    def halve(self):
        """Halves all counts."""
        for i in range(len(self.counts)):
            self.counts[i] = self.counts[i] >> 1


def xxh64(ids: np.ndarray, seed: int) -> np.ndarray:
    """The hash XXH64 of each id as 8 bytes, lowest first.

    Args:
        ids: integers of up to 64 bits, shape (n,).
        seed: at least 0, below 2^64.

    Returns:
        uint64, shape (n,).

    Reference: Collet, "xxHash fast digest algorithm", version 0.1.1, section "XXH64".
    """
    one, two, three, four, five = (
        np.uint64(prime)
        for prime in (
            0x9E3779B185EBCA87,
            0xC2B2AE3D27D4EB4F,
            0x165667B19E3779F9,
            0x85EBCA77C2B2AE63,
            0x27D4EB2F165667C5,
        )
    )
    start = np.uint64((seed + int(five) + 8) % 2**64)
    lane = rotated(ids.astype(np.uint64) * two, 31) * one
    mixed = rotated(start ^ lane, 27) * one + four
    mixed = (mixed ^ (mixed >> np.uint64(33))) * two
    mixed = (mixed ^ (mixed >> np.uint64(29))) * three
    return mixed ^ (mixed >> np.uint64(32))


def rotated(words: np.ndarray, n_bits: int) -> np.ndarray:
    """64-bit words with their bits moved up, those that leave at the top coming in at the bottom."""
    return (words << np.uint64(n_bits)) | (words >> np.uint64(64 - n_bits))
