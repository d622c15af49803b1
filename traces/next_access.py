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
