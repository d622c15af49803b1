"""Portfolios by name: arms, test of acceptance, scores, and the bandit they were published with.

The numbers are those of the configurations of the package balans 2.2.0; tests of simulated annealing that name a step alone there
get the temperatures 10 to 1 and the linear schedule here.

Reference: Cai, Kadioglu and Dilkina, "Balans: Multi-Armed Bandits-based Adaptive Large Neighborhood Search for Mixed-Integer
Programming Problems", IJCAI 2025; Cai, Huang, Kadioglu and Dilkina, "ParBalans", 2025.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from numpy.random import Generator

from sim.core.errors import InputError, UnknownName


@dataclass(frozen=True)
class Portfolio:
    """What a search chooses from, and how it judges what it finds.

    Args:
        arms: names of neighbourhoods with their sizes.
        accept: a test as text; see `acceptance`.
        scores: of a point better than the best, better than the current one, accepted, refused; at least 0.
        policy: the bandit it was published with, as `-p` takes it; empty: none.
    """

    arms: tuple[str, ...]
    accept: str
    scores: tuple[float, float, float, float]
    policy: str


def _arms(text: str) -> tuple[str, ...]:
    """Arms from families with their sizes: "mutation 25 50, crossover"."""
    found = []
    for family in text.split(","):
        name, *sizes = family.split()
        found += [f"{name}_{size}" for size in sizes] or [name]
    return tuple(found)


def _annealing(start: float, step: float) -> str:
    return f"simulated_annealing;start={start:g};end=1;step={step:g};schedule=linear"


SIXTEEN = _arms(
    "crossover, mutation 25 50 75, local_branching 10 25 50, proximity 005 015 030, rens 25 50 75, rins 25 50 75"
)
HILL = "hill_climbing"

PORTFOLIOS = {
    "default": Portfolio(
        _arms("crossover, mutation 50, rins 40, rens 40 50, proximity 005, local_branching 10 20 30 50"),
        HILL,
        (8, 4, 2, 1),
        "softmax,tau=1.359686",
    ),
    "families": Portfolio(
        _arms("crossover, mutation 50, rins 50, rens 50, proximity 005, local_branching 20"),
        HILL,
        (8, 4, 2, 1),
        "softmax,tau=1.359686",
    ),
    "ijcai_miplib": Portfolio(SIXTEEN, _annealing(20, 0.1), (1, 1, 0, 0), "thompson_beta"),
    "ijcai_dmiplib": Portfolio(SIXTEEN, _annealing(20, 0.1), (3, 2, 1, 0), "softmax,tau=2"),
    "readme": Portfolio(
        _arms("crossover, dins, mutation 25, local_branching 10, rins 25, proximity 05, rens 25, random_objective"),
        _annealing(20, 0.1),
        (4, 3, 2, 1),
        "epsilon_greedy,epsilon=0.5",
    ),
    "hard_2": Portfolio(
        _arms("crossover, mutation 40 50, rins 10, rens 10 20, proximity 010 015 020, local_branching 40 50"),
        HILL,
        (5, 4, 2, 0),
        "softmax,tau=1.800747",
    ),
    "set_cover_1": Portfolio(
        _arms("crossover, mutation 10 30 40, rins 20, rens 20 30 50, proximity 005 010 030, local_branching 20"),
        _annealing(10, 0.443565),
        (3, 2, 1, 0),
        "softmax,tau=2.901717",
    ),
    "independent_set_1": Portfolio(
        _arms("crossover, mutation 50, rins 30, proximity 010"),
        _annealing(10, 0.692181),
        (16, 4, 2, 1),
        "softmax,tau=1.009221",
    ),
    "auction_1": Portfolio(
        _arms("crossover, mutation 30 50, rins 10 30 40, rens 10, proximity 010 030, local_branching 10 20 40"),
        _annealing(10, 0.817596),
        (5, 2, 1, 0),
        "epsilon_greedy,epsilon=0.46113",
    ),
    "distmiplib_1": Portfolio(
        _arms(
            "crossover, mutation 10 20 30 50, rins 20 50, rens 10 30 40, proximity 015 020, local_branching 10 20 30 50"
        ),
        HILL,
        (16, 4, 2, 1),
        "softmax,tau=1.646168",
    ),
}
"""The shipped ones, "default" with 10 arms, "ijcai_miplib" with the published 16; and "families", one of each kind."""


def find(text: str) -> Portfolio:
    """A portfolio by its name; or arms between semicolons, with hill climbing and the default's scores.

    Raises:
        UnknownName: there is none of this name.
    """
    if text in PORTFOLIOS:
        return PORTFOLIOS[text]
    names = tuple(part.strip() for part in text.strip("[]").split(";") if part.strip())
    if len(names) == 1 and not names[0][-1].isdigit() and names[0] not in ("crossover", "dins", "random_objective"):
        near = difflib.get_close_matches(text, PORTFOLIOS, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        known = f"portfolios: {', '.join(PORTFOLIOS)}; or arms: rins_50;dins"
        raise UnknownName(f'no portfolio named "{text}"{hint} ({known})')
    if len(set(names)) < len(names) or not names:
        raise InputError(f'portfolio "{text}": expected arms between semicolons, each once, e.g. rins_50;mutation_25')
    return Portfolio(names, HILL, PORTFOLIOS["default"].scores, "softmax")


FAMILIES = {
    "crossover": (),
    "mutation": ("10", "20", "30", "40", "50"),
    "local_branching": ("10", "20", "30", "40", "50"),
    "rens": ("10", "20", "30", "40", "50"),
    "rins": ("10", "20", "30", "40", "50"),
    "proximity": ("020", "040", "060", "080", "10"),
}
"""What the random portfolios of ParBalans are drawn from: family -> sizes."""

SCORES = ((3, 2, 1, 0), (5, 2, 1, 0), (5, 4, 2, 0), (8, 3, 1, 0), (8, 4, 2, 1), (16, 4, 2, 1))
COINS = ((1, 1, 0, 0), (1, 1, 1, 0))
"""Scores that random portfolios have; those of 0 and 1 go with Thompson sampling."""


def drawn(rng: Generator, *, coins: bool) -> Portfolio:
    """A random portfolio as ParBalans draws them: 4 to 18 arms; from 6 on, one at least of each family.

    Args:
        rng: draws arms, test and scores.
        coins: the scores are 0 and 1, as Thompson sampling was given them.
    """
    families = list(FAMILIES)
    n = int(rng.integers(4, 19))
    chosen = families if n >= len(families) else [families[i] for i in sorted(rng.permutation(len(families))[:n])]
    arms = [_one(rng, family) for family in chosen]
    left = [arm for family in families for arm in _all(family) if arm not in arms]
    arms += [left[i] for i in rng.permutation(len(left))[: n - len(arms)]]
    accept = HILL if rng.random() < 0.5 else _annealing(10, 0.01 + 0.99 * rng.random())
    scores = COINS if coins else SCORES
    return Portfolio(tuple(arms), accept, scores[int(rng.integers(len(scores)))], "")


def _all(family: str) -> list[str]:
    return [f"{family}_{size}" for size in FAMILIES[family]] or [family]


def _one(rng: Generator, family: str) -> str:
    return _all(family)[int(rng.integers(max(len(FAMILIES[family]), 1)))]
