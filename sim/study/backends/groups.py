"""Which worker does which run."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable

from sim.study.runs import Planned


class Groups:
    """Runs in groups of equal inputs; a worker keeps to its group, then takes a new one, then half of another's."""

    def __init__(self, runs: Iterable[Planned]):
        self.waiting = [list(group) for _, group in itertools.groupby(runs, key=lambda run: run.inputs)][::-1]
        self.taken: dict[Hashable, list[Planned]] = {}

    def __len__(self) -> int:
        return sum(len(group) for group in (*self.waiting, *self.taken.values()))

    def next_for(self, worker: Hashable) -> Planned | None:
        if not self.taken.get(worker):
            if self.waiting:
                self.taken[worker] = self.waiting.pop()
            else:
                longest = max(self.taken.values(), key=len, default=[])
                middle = len(longest) // 2
                self.taken[worker] = longest[middle:]
                del longest[middle:]
        return self.taken[worker].pop(0) if self.taken[worker] else None
