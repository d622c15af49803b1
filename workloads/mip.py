"""Mixed-integer programs drawn at random: the rules behind the workloads of `bandits.py`.

Only draws and operations that are the same on every machine are used, and what is not a whole number is rounded to 6 digits:
equal parameters and an equal seed give an equal file everywhere.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError
from sim.core.trace import Trace
from sim.domains.bandits.lns.model import trace_of

DIGITS = 6


class Rows:
    """Rows of a matrix, put together one by one."""

    def __init__(self) -> None:
        self.starts = [0]
        self.index: list[int] = []
        self.value: list[float] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def add(self, terms: dict[int, float], lower: float = -math.inf, upper: float = math.inf) -> None:
        for index in sorted(terms):
            self.index.append(index)
            self.value.append(float(terms[index]))
        self.starts.append(len(self.index))
        self.lower.append(lower)
        self.upper.append(upper)

    def trace(self, name: str, names: list[str], cost: Any, **options: Any) -> Trace:
        """The model of these rows; variables are binary unless `is_integer` says otherwise."""
        n = len(names)
        return trace_of(
            name,
            names,
            np.round(np.asarray(cost, np.float64), DIGITS),
            np.zeros(n),
            np.ones(n),
            options.pop("is_integer", np.ones(n, np.bool_)),
            (self.starts, self.index, self.value),
            (self.lower, self.upper),
            maximise=options.pop("maximise", False),
            origin={"workload": name, "options": options},
        )


def whole(rng: Generator, low: int, high: int) -> int:
    """A whole number from low to high, both in."""
    return low + int(rng.random() * (high - low + 1))


def at_least(name: str, least: int, **counts: int) -> None:
    for parameter, n in counts.items():
        if n < least:
            raise InputError(f"{name}: {parameter} must be at least {least}, got {n}")


def share(name: str, **shares: float) -> None:
    for parameter, value in shares.items():
        if not 0 < value <= 1:
            raise InputError(f"{name}: {parameter} must be in (0, 1], got {value:g}")


def covered(rng: Generator, n_rows: int, n_columns: int, n_nonzeros: int) -> list[list[int]]:
    """The rows that each column covers: every column at least two, every row at least once."""
    sizes = np.full(n_columns, 2)
    while (left := n_nonzeros - int(sizes.sum())) > 0:
        for column in (rng.random(left) * n_columns).astype(np.int64).tolist():
            sizes[column] += sizes[column] < n_rows
    first, columns, place = rng.permutation(n_rows).tolist(), [], 0
    for size in sizes.tolist():
        rows = set(first[place : place + size])
        place += size
        while len(rows) < size:
            rows.add(int(rng.random() * n_rows))
        columns.append(sorted(rows))
    return columns


def edges_of(rng: Generator, name: str, n_nodes: int, affinity: int, density: float | None) -> list[tuple[int, int]]:
    """Edges (u, v), u < v, ascending: each with probability `density`, or where that is None by preferential attachment."""
    if density is not None:
        share(name, density=density)
        u, v = np.triu_indices(n_nodes, 1)
        kept = rng.random(len(u)) < density
        return list(zip(u[kept].tolist(), v[kept].tolist(), strict=True))
    if not 1 <= affinity < n_nodes:
        raise InputError(f"{name}: affinity must be at least 1 and below the {n_nodes} nodes, got {affinity}")
    ends: list[int] = []
    edges = []
    for node in range(affinity, n_nodes):
        earlier = list(range(affinity))
        if node > affinity:
            drawn: set[int] = set()
            while len(drawn) < affinity:
                drawn.add(ends[int(rng.random() * len(ends))])
            earlier = sorted(drawn)
        edges += [(other, node) for other in earlier]
        for other in earlier:
            ends += [other, node]
    return sorted(edges)


def cliques_of(n_nodes: int, edges: list[tuple[int, int]]) -> list[list[int]]:
    """A partition of the nodes into cliques, greedy: by falling degree, each grown with neighbours of high degree first."""
    neighbours: list[set[int]] = [set() for _ in range(n_nodes)]
    for u, v in edges:
        neighbours[u].add(v)
        neighbours[v].add(u)
    order = sorted(range(n_nodes), key=lambda node: (-len(neighbours[node]), node))
    left, cliques = set(order), []
    for node in order:
        if node not in left:
            continue
        clique = [node]
        for other in sorted(neighbours[node] & left, key=lambda one: (-len(neighbours[one]), one)):
            if all(other in neighbours[member] for member in clique):
                clique.append(other)
        left -= set(clique)
        cliques.append(sorted(clique))
    return cliques


def bids_of(rng: Generator, n_items: int, n_bids: int) -> list[tuple[list[int], float, int]]:
    """Bids as (items, price, bidder), the bidder -1 where all its bids stand alone.

    Reference: Leyton-Brown, Pearson and Shoham, "Towards a Universal Test Suite for Combinatorial Auction Algorithms", EC 2000,
    the arbitrary scheme. The mean compatibility is that of the items of the bundle alone.
    """
    values = 1 + 99 * rng.random(n_items)
    upper = np.triu(rng.random((n_items, n_items)), 1)
    compatible = upper + upper.T
    compatible /= compatible.sum(axis=1, keepdims=True)
    bids: list[tuple[list[int], float, int]] = []
    bidder = 0
    while len(bids) < n_bids:
        interest = rng.random(n_items)
        private = values + 50 * (2 * interest - 1)
        first = _bundle(rng, interest, compatible)
        price = _price(private, first)
        if price < 0:
            continue
        found = {tuple(first): price}
        swaps = []
        for item in first:
            swapped = _bundle(rng, interest, compatible, size=len(first), seed_item=item)
            swaps.append((_price(private, swapped), tuple(swapped)))
        value = float(values[first].sum())
        for other_price, other in sorted(swaps, key=lambda one: (-one[0], one[1])):
            if len(found) > 5 or len(bids) + len(found) >= n_bids:
                break
            is_plausible = 0 <= other_price <= 1.5 * price and float(values[list(other)].sum()) >= 0.5 * value
            if is_plausible and other not in found:
                found[other] = other_price
        owner = bidder if len(found) > 2 else -1
        bids += [(list(items), round(one, DIGITS), owner) for items, one in found.items()]
        bidder += 1
    return bids


def _bundle(
    rng: Generator, interest: np.ndarray, compatible: np.ndarray, size: int = 0, seed_item: int = -1
) -> list[int]:
    """Items that go together: of a given size, or as many as chance adds, beginning with a given item or one of interest."""
    bundle = [seed_item if seed_item >= 0 else _drawn(rng, interest)]
    while len(bundle) < len(interest):
        if size and len(bundle) >= size:
            break
        if not size and rng.random() >= 0.7:
            break
        weights = interest * compatible[bundle].mean(axis=0)
        weights[bundle] = 0.0
        bundle.append(_drawn(rng, weights))
    return sorted(bundle)


def _drawn(rng: Generator, weights: np.ndarray) -> int:
    """An index with a probability that is proportional to its weight."""
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, rng.random() * sums[-1], side="right")), len(weights) - 1)


def _price(private: np.ndarray, items: list[int]) -> float:
    return float(private[items].sum() + len(items) ** 1.2)
