"""Neighbourhoods of an incumbent, a module each: which smaller problem is solved around it.

A module has

    NEEDS                       variables without which it never has anything to solve: "integers", "binaries" or "generals"
    SIZED                       whether its name ends in a size, as mutation_25 does
    build(place, size)          the problem as a `Sub`; None where there is nothing to solve

An arm is a module with its size: `rins_50`. Sizes are per cent in two digits (05 = .05) or, in three, per mille (005 = .005).
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.random import Generator

from sim.core.errors import UnknownName
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.solvers import Solved

ITERATION, BRANCHING, POINT = "iteration", "branching", "point"
"""Which limits a solve gets: those of an iteration, the longer ones of local branching, those of crossover's first point."""

APART = 1e-9
"""Two values differ where they lie further apart than this, relative to the larger."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a neighbourhood is built.

    Args:
        model: the whole problem.
        x: the incumbent, feasible, shape (n,).
        objective: its objective.
        relaxed: the point of the relaxation, shape (n,).
        fractional: indices of the integer variables that are fractional there.
        rng: draws of this pull alone.
        solve: solves a model (as `solvers.*.solve`, under the limits of that name) and charges it.
        relax: solves a model without integrality and charges it.
    """

    model: Model
    x: np.ndarray
    objective: float
    relaxed: np.ndarray
    fractional: np.ndarray
    rng: Generator
    solve: Callable[[Model, str, int | None], Solved]
    relax: Callable[[Model], Solved]


@dataclass(frozen=True, eq=False)
class Sub:
    """A problem to solve around an incumbent.

    Args:
        model: its first variables are those of the whole problem.
        start: the incumbent in it; None where it may lie outside.
        limits: ITERATION or BRANCHING.
    """

    model: Model
    start: np.ndarray | None
    limits: str = ITERATION


@dataclass(frozen=True)
class Arm:
    """A neighbourhood with its size, in (0, 1); 0 where it has none."""

    name: str
    neighbourhood: ModuleType
    size: float

    def suits(self, model: Model) -> bool:
        return len(getattr(model, self.neighbourhood.NEEDS)) > 0

    def build(self, place: Place) -> Sub | None:
        return self.neighbourhood.build(place, self.size)


def names() -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def arm(text: str) -> Arm:
    """An arm by its name.

    Raises:
        UnknownName: no neighbourhood has this name, or it lacks a size, or takes none.
    """
    given = text.strip().lower()
    stem, size = (match[1], match[2]) if (match := re.fullmatch(r"(\w+?)_(\d+)", given)) else (given, "")
    if stem not in names():
        near = difflib.get_close_matches(stem, names(), n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise UnknownName(f'no neighbourhood named "{stem}"{hint} (neighbourhoods: {", ".join(names())})')
    module = importlib.import_module(f"sim.domains.bandits.lns.neighbourhoods.{stem}")
    value = int(size) / 10 ** len(size) if size else 0.0
    if module.SIZED and (len(size) not in (2, 3) or not 0 < value < 1):
        raise UnknownName(
            f'{stem} needs a size in two digits of per cent or three of per mille, e.g. {stem}_25, got "{given}"'
        )
    if size and not module.SIZED:
        raise UnknownName(f'{stem} takes no size, got "{given}"')
    return Arm(given, module, value)


def some(rng: Generator, indices: np.ndarray, n: int, *, again: bool = False) -> np.ndarray:
    """Draws n of the indices, without replacement or, `again`, with; ascending, each once."""
    if n < 1 or not len(indices):
        return indices[:0]
    if again:
        return np.unique(indices[(rng.random(n) * len(indices)).astype(np.int64)])
    return np.sort(indices[np.argsort(rng.random(len(indices)), kind="stable")[:n]])


def part(share: float, n: int) -> int:
    """floor(share n), safe from the rounding of a share such as .3."""
    return int(np.floor(share * n + APART))


def differs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Where two points differ."""
    return np.abs(x - y) > APART * np.maximum(1.0, np.maximum(np.abs(x), np.abs(y)))


def freed(place: Place, free: np.ndarray) -> Sub | None:
    """The problem with these variables free and every other fixed, the continuous ones too; None where none is free."""
    return Sub(place.model.fixed(place.x, free), place.x) if len(free) else None


def random_costs(place: Place) -> Model:
    """The whole problem under an objective drawn from [-1, 1] for every variable."""
    return place.model.minimising(2 * place.rng.random(place.model.n) - 1)


def near(place: Place, most: float) -> Model:
    """The whole problem with at most so many binaries other than the incumbent's."""
    coefficients, constant = place.model.distance(place.x)
    return place.model.with_row(place.model.binaries, coefficients, -np.inf, most - constant)


def radius(place: Place, size: float) -> int:
    """A number of binaries, drawn from 5 % of them to the part `size`, both ends in."""
    n = len(place.model.binaries)
    low, high = part(0.05, n), part(size, n)
    return low + int(place.rng.random() * (high - low + 1)) if high > low else high
