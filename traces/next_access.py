"""Next-access fields that come with a file, held against the ids. They are checked, never used: hindsight is recomputed."""

from __future__ import annotations

import numpy as np

from sim.core.errors import InputError
from sim.core.modules import kernel

NEVER = 2**63 - 1
"""In files "no next request" is -1, or this."""


class NextAccess:
    """Checks that each record names the index of the next record with its id, counting from 1; or, as some do, from 0."""

    def __init__(self):
        self._counts = [_Count(1), _Count(0)]  # the one that contradicts the ids more often is dropped on the way

    def see(self, codes: np.ndarray, claims: np.ndarray) -> None:
        """Takes the next records: the codes of their ids (dense, first-seen order) and their next-access fields."""
        claims = np.ascontiguousarray(claims, np.int64)
        for count in self._counts:
            count.see(codes, claims)
        if len({count.n_wrong for count in self._counts}) > 1:
            self._counts = [min(self._counts, key=lambda count: count.n_wrong)]

    def notices(self, name: str) -> list[str]:
        """What to tell the user of the file `name`, after its last record.

        Raises:
            InputError: a field contradicts the ids, whether one counts from 1 or from 0; the first such record is named.
        """
        for count in self._counts:
            count.end()
        count = min(self._counts, key=lambda count: count.n_wrong)
        n_wrong, record, claim, truth = count.wrong.tolist()
        if n_wrong:
            raise InputError(
                f"{name}, record {record + 1}: its next access is given as {claim}, but its id "
                f"{f'comes next at {truth + count.base}' if truth >= 0 else 'does not come again'} (counting from "
                f"{count.base}; {n_wrong:,} wrong in all); check_next=false leaves the field unread"
            )
        found = []
        if count.base == 0:
            found.append("next accesses are counted from 0, not from 1 as is customary")
        if count.n_behind:
            found.append(
                f"next accesses of {count.n_behind:,} pages lie behind the last record: the start of a longer trace"
            )
        return found


class Agreement:
    """Whether all next-access fields agree with the ids, counting from 1: a quick sum in place of a look at each page.

    Every record but the first of its id is to be named exactly once, by an earlier record of that id; then by induction from
    the last one each is named by the one before it. That the two multisets (id, record) are the same is told by the sums of
    64-bit hashes of their members: it is missed with a probability of 2**-64.
    """

    def __init__(self):
        self._sums = np.zeros(2, np.uint64)  # of the hashes of (id, record): as named, as found
        self._n = 0
        self._n_pages = 0
        self._is_forward = True

    def see(self, codes: np.ndarray, claims: np.ndarray) -> None:
        """Takes the next records; arguments as for `NextAccess.see`."""
        self._n_pages, is_forward = _sum(codes, np.ascontiguousarray(claims), self._n, self._n_pages, self._sums)
        self._is_forward &= is_forward
        self._n += len(codes)

    def __bool__(self) -> bool:
        return self._is_forward and bool(self._sums[0] == self._sums[1])


class _Count:
    """How many next-access fields are wrong, counting from `base`, and the first such record."""

    def __init__(self, base: int):
        self.base = base
        self.pages = np.empty((1 << 10, 2), np.int64)  # by page: its last record so far, and what that one claims
        self.n_pages = 0
        self.n = 0
        self.n_behind = 0  # pages whose last record points behind the end of the file
        self.wrong = np.zeros(4, np.int64)  # number; record, claim and truth of the first (counting from 0)

    @property
    def n_wrong(self) -> int:
        return int(self.wrong[0])

    def see(self, codes: np.ndarray, claims: np.ndarray) -> None:
        while len(self.pages) < self.n_pages + len(codes):
            self.pages = np.concatenate([self.pages, np.empty_like(self.pages)])
        self.n_pages = _check(codes, claims, self.n, self.base, self.pages, self.n_pages, self.wrong)
        self.n += len(codes)

    def end(self) -> None:
        """Checks the last record of each page."""
        self.n_behind = _check_last(self.pages[: self.n_pages], self.n, self.base, self.wrong)


@kernel
def _sum(codes, claims, start, n_pages, sums):
    """Adds the hashes of what is named and of what is found; gives the number of pages, and whether all point forward."""
    named, found = np.uint64(0), np.uint64(0)
    n_backward = 0
    for i in range(len(codes)):  # without branches, so that it runs on vectors
        is_named = (claims[i] != -1) & (claims[i] != NEVER)
        named += _hash(codes[i], claims[i] - 1) * np.uint64(is_named)
        found += _hash(codes[i], start + i)
        n_backward += is_named & (claims[i] - 1 <= start + i)
    for i in range(len(codes)):
        if codes[i] == n_pages:  # the first record of a page is found, but nobody's next
            found -= _hash(codes[i], start + i)
            n_pages += 1
    sums[0] += named
    sums[1] += found
    return n_pages, n_backward == 0


@kernel
def _hash(page, record):
    """splitmix64 of both; see Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014."""
    z = np.uint64(page) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(record)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def _check(codes, claims, start, base, pages, n_pages, wrong):
    """Holds the claims of earlier records against where their pages come next; gives the number of pages so far."""
    for i in range(len(codes)):
        page = codes[i]
        if page == n_pages:
            n_pages += 1
        elif pages[page, 1] != start + i + base:
            _note(wrong, pages[page, 0], pages[page, 1], start + i)
        pages[page, 0] = start + i
        pages[page, 1] = claims[i]
    return n_pages


@kernel
def _check_last(pages, n, base, wrong):
    """Holds the claims of the pages' last records against the end of the file; gives how many point behind it."""
    n_behind = 0
    for page in range(len(pages)):
        claim = pages[page, 1]
        if claim != -1 and claim != NEVER:
            if claim < n + base:
                _note(wrong, pages[page, 0], claim, -1)
            else:
                n_behind += 1
    return n_behind


@kernel
def _note(wrong, record, claim, truth):
    """Counts a wrong claim, and keeps the one of the earliest record."""
    if wrong[0] == 0 or record < wrong[1]:
        wrong[1] = record
        wrong[2] = claim
        wrong[3] = truth
    wrong[0] += 1
