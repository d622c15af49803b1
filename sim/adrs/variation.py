"""Formulas made at random and changed at random; every draw comes from the generator passed in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sim.adrs.expression import DEEPEST, MOST_NODES, OPERATORS, Node, constant, prefix

ONES = tuple(name for name, operator in OPERATORS.items() if operator.n_arguments == 1)
TWOS = tuple(name for name, operator in OPERATORS.items() if operator.n_arguments == 2)

CHOICE = 0.12
"""How often a new operator is `if_less`, which multiplies the size."""

ONE_ARGUMENT = 0.18
CONSTANTS = 0.25
"""How often a leaf is a constant, not a feature."""

TRIES = 8


def grown(rng: Any, features: Sequence[str], depth: int, is_full: bool = False) -> Node:
    """A random formula at most so deep; a full one has all its leaves there."""
    if depth == 0 or (not is_full and rng.random() < 0.25):
        return leaf(rng, features)
    draw = rng.random()
    if draw < CHOICE and depth > 1:
        name = "if_less"
    elif draw < CHOICE + ONE_ARGUMENT:
        name = drawn(rng, ONES)
    else:
        name = drawn(rng, TWOS)
    return Node(name, tuple(grown(rng, features, depth - 1, is_full) for _ in range(OPERATORS[name].n_arguments)))


def leaf(rng: Any, features: Sequence[str]) -> Node:
    if rng.random() < CONSTANTS:
        return constant(rounded(math.exp(rng.standard_normal() * 2.0)))
    return Node(drawn(rng, features))


def ramped(rng: Any, features: Sequence[str]) -> Node:
    """A random formula, half of them full, of depths 1 to 4 evenly.

    Reference: Koza, "Genetic Programming", MIT Press 1992, section 6.2, "ramped half-and-half".
    """
    return grown(rng, features, 1 + int(rng.random() * 4), rng.random() < 0.5)


def crossed(rng: Any, one: Node, other: Node) -> Node:
    """The first formula with a part of the second in place of one of its own; inner parts are taken nine times in ten."""
    for _ in range(TRIES):
        child = one.replaced(place(rng, one), other.at(place(rng, other)))
        if fits(child):
            return child
    return one


def mutated(rng: Any, node: Node, features: Sequence[str]) -> Node:
    """The formula with one point changed: an operator for another of as many arguments, a leaf, or a part grown anew."""
    for _ in range(TRIES):
        where = int(rng.random() * node.size)
        part = node.at(where)
        draw = rng.random()
        if draw < 0.4:
            new = grown(rng, features, 2)
        elif draw < 0.6:
            wrapped = (part, grown(rng, features, 1))
            new = Node(drawn(rng, TWOS), wrapped if rng.random() < 0.5 else wrapped[::-1])
        elif not part.arguments:
            new = leaf(rng, features)
        elif len(part.arguments) == 4:
            a, b, c, d = part.arguments
            new = Node(part.name, (a, b, d, c))
        else:
            new = Node(drawn(rng, TWOS if len(part.arguments) == 2 else ONES), part.arguments)
        child = node.replaced(where, new)
        if fits(child) and child != node:
            return child
    return node


def hoisted(rng: Any, node: Node) -> Node:
    """The formula with one part replaced by a part of that part: smaller.

    Reference: Kinnear, "Evolving a Sort", IEEE ICNN 1993, hoist mutation.
    """
    inner = [i for i, part in enumerate(prefix(node)) if part.arguments]
    if not inner:
        return node
    where = inner[int(rng.random() * len(inner))]
    part = node.at(where)
    return node.replaced(where, part.at(1 + int(rng.random() * (part.size - 1))))


def jittered(rng: Any, node: Node) -> Node:
    """The formula with each constant, with probability one half and at least one, times 2^Normal(0, 1)."""
    values = list(node.constants)
    if not values:
        return node
    sure = int(rng.random() * len(values))
    for i, value in enumerate(values):
        if i == sure or rng.random() < 0.5:
            values[i] = rounded(value * 2.0 ** rng.standard_normal())
    return node.with_constants(values)


def weighted(rng: Any, node: Node) -> Node:
    """The formula with one part times a constant near 1, for jitter and tuning to work on."""
    where = int(rng.random() * node.size)
    factor = constant(rounded(2.0 ** rng.standard_normal()))
    child = node.replaced(where, Node("multiply", (factor, node.at(where))))
    return child if fits(child) else node


def fits(node: Node) -> bool:
    return node.size <= MOST_NODES and node.depth <= DEEPEST


def place(rng: Any, node: Node) -> int:
    """A place within a formula: nine times in ten that of an operator, where there is one."""
    inner = [i for i, part in enumerate(prefix(node)) if part.arguments]
    if inner and rng.random() < 0.9:
        return inner[int(rng.random() * len(inner))]
    return int(rng.random() * node.size)


def drawn(rng: Any, items: Sequence[Any]) -> Any:
    """One of them, uniformly."""
    return items[int(rng.random() * len(items))]


def rounded(value: float) -> float:
    """A constant at three digits, so that formulas stay readable; at most 1e12 in size."""
    return float(f"{max(-1e12, min(1e12, value)):.3g}")
