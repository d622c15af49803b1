"""The diverse best: one elite for each kind of candidate, on islands that now and then start anew.

References: Mouret and Clune, "Illuminating Search Spaces by Mapping Elites", arXiv 1504.04909, 2015; islands and their resets:
Romera-Paredes et al., "Mathematical Discoveries from Program Search with Large Language Models", Nature 2024, Methods.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sim.adrs.court import Tested
from sim.adrs.instances import Instance

N_ISLANDS = 4

RESET_AFTER = 600
"""Candidates offered from one reset of the weaker half of the islands to the next."""

SIZES = (4, 8, 12, 18, 26, 40)
"""Bounds between bins of a candidate's size, in syntax nodes of its deciding part; fixed, so that a place never changes."""

UNLIKE_BINS = 8


class Place(NamedTuple):
    """A kind of candidate: how large it is, and how often it decides unlike the baseline."""

    size: int
    unlike: int


def size_of(source: str) -> int:
    """Nodes of expressions that a source's methods hold, beginning with names, numbers and operators: about how much it says."""
    tree = ast.parse(source)
    methods = [node for cls in tree.body if isinstance(cls, ast.ClassDef) for node in cls.body]
    return sum(
        isinstance(node, ast.Name | ast.Constant | ast.BinOp | ast.Call | ast.IfExp | ast.Compare | ast.UnaryOp)
        for method in methods
        if isinstance(method, ast.FunctionDef)
        for node in ast.walk(method)
    )


def place_of(tested: Tested) -> Place:
    size = size_of(tested.candidate.source)
    return Place(sum(size >= bound for bound in SIZES), min(int(tested.unlike * UNLIKE_BINS), UNLIKE_BINS - 1))


class Archive:
    """Islands of elites.

    Args:
        instances: of training, in the order in which candidates meet them.
        extend: tries a candidate on more of them.
        n_islands: at least 1.
    """

    def __init__(
        self, instances: Sequence[Instance], extend: Callable[[Tested, int], None], *, n_islands: int = N_ISLANDS
    ):
        self.instances = instances
        self.extend = extend
        self.islands: list[dict[Place, Tested]] = [{} for _ in range(n_islands)]
        self.n_offered = 0

    def __iter__(self) -> Iterator[Tested]:
        """All elites, each once."""
        return iter({each.candidate.id: each for island in self.islands for each in island.values()}.values())

    def offer(self, tested: Tested, island: int) -> bool:
        """Takes in a candidate where its place is free or where it does better than the elite there.

        It is compared on instances that both have seen, and before it takes the place of an elite that has seen more it has to
        see them too: no lucky draw comes in, and none stays.
        """
        self.n_offered += 1
        elites = self.islands[island]
        place = place_of(tested)
        if place not in elites:
            elites[place] = tested
            return True
        elite = elites[place]
        if not self.is_better(tested, elite):
            return False
        n_seen = elite.n_of(self.instances)
        if tested.n_of(self.instances) < n_seen:
            self.extend(tested, n_seen)
            if not tested.is_ok or not self.is_better(tested, elite):
                return False
        elites[place] = tested
        return True

    def is_better(self, one: Tested, other: Tested) -> bool:
        """Whether the first has the lower mean loss on the instances that both have seen."""
        n = min(one.n_of(self.instances), other.n_of(self.instances))
        shared = self.instances[:n]
        return n > 0 and one.mean(shared) < other.mean(shared)

    def parents(self, rng: Any) -> tuple[int, list[Tested]]:
        """An island drawn evenly, and two of its elites, the worse first: one of any place, one that is the better of two."""
        island = int(rng.random() * len(self.islands))
        elites = list(self.islands[island].values())
        if not elites:
            return island, []
        drawn = [elites[int(rng.random() * len(elites))] for _ in range(3)]
        best = drawn[1] if self.is_better(drawn[1], drawn[2]) else drawn[2]
        pair = [drawn[0], best]
        return island, pair[::-1] if self.is_better(drawn[0], best) else pair

    def reset_when_due(self, rng: Any) -> bool:
        """Every so often: empties the weaker half of the islands; each begins again with the best of one that stays."""
        if self.n_offered < RESET_AFTER or len(self.islands) < 2:
            return False
        self.n_offered = 0
        ranked = sorted(range(len(self.islands)), key=lambda i: (self._height(i), rng.random()))
        staying, going = ranked[: -(len(ranked) // 2)], ranked[-(len(ranked) // 2) :]
        for i in going:
            best = self.best(staying[int(rng.random() * len(staying))])
            self.islands[i] = {place_of(best): best} if best else {}
        return True

    def best(self, island: int) -> Tested | None:
        found: Tested | None = None
        for each in self.islands[island].values():
            if found is None or self.is_better(each, found):
                found = each
        return found

    def _height(self, island: int) -> float:
        best = self.best(island)
        return best.mean(self.instances[: best.n_of(self.instances)]) if best else math.inf

    @property
    def coverage(self) -> float:
        """Share of all places that some island fills."""
        filled = {place for island in self.islands for place in island}
        return len(filled) / ((len(SIZES) + 1) * UNLIKE_BINS)
