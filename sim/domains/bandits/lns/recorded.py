"""What neighbourhoods gave, as a table: bandits are replayed against it in milliseconds, all against the same outcomes.

A trace of outcomes has one row for each attempt that was made:

    state         number of the point it was made at
    arm, draw     which arm, for the how-manieth time there, both from 0
    status        FOUND, NOTHING or SAME of `search.py`
    before, after objectives, as they are minimised; `after` is not a number where nothing was found
    delta         after's distance from the best objective known relative to before's; not a number where either is not known
    work, nodes, iterations, seconds   what it took; seconds are information and decide nothing
    next          number of the point that was found, else `state`

Tables: `arms`; `states` (names of points) and `objectives`; `opening_at`, `opening`, `opening_work` and `first`, the point a
search begins at; what it was recorded with: `instance`, `model`, `seed`, `portfolio`, `budget`, `maximise`, `optimum`.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.structures import Structure
from sim.core.trace import Trace
from sim.domains.bandits.lns import measures, portfolios
from sim.domains.bandits.lns.search import FOUND, NOTHING, SAME

WAYS = ("tree", "bucket")
"""How a table answers: by the point that the search is at; or by how good that is, with outcomes drawn from those of its like."""

N_BUCKETS = 8
"""Of gaps: half a decade each, from 1e-4 to 1."""

N_DRAWN = 1024
"""Draws of an arm in a bucket; later pulls take them again."""


def is_table(trace: Trace) -> bool:
    return "next" in trace and "arms" in trace.tables


def arms(trace: Trace, portfolio: str) -> list[str]:
    """The arms that are asked for, all that were recorded where none is.

    Raises:
        InputError: one was not recorded.
    """
    known = list(trace.tables["arms"])
    if not portfolio:
        return known
    wanted = portfolios.find(portfolio).arms
    missing = [arm for arm in wanted if arm not in known and arm not in trace.tables["dropped"]]
    if missing:
        raise InputError(f"{trace.name} has no outcomes of {', '.join(missing)} (arms: {', '.join(known)})")
    return [arm for arm in wanted if arm in known]


def bucket_of(gap: float) -> int:
    """Which bucket a gap is in."""
    if gap <= 1e-4:
        return 0
    return min(N_BUCKETS - 1, int(2 * math.log10(gap) + 8))


class Recorded(Structure):
    """A source of outcomes that looks them up (see `Search`).

    Args:
        trace: the table.
        names: of the arms that are played, all of them recorded.
        way: one of `WAYS`.
        optimum: the best objective known, as it is minimised; None: not known, and then only "tree" can be played.
        rng: draws from buckets; an outcome depends on its bucket, arm and number of pulls, not on what else was pulled.
    """

    def __init__(self, trace: Trace, names: tuple[str, ...], way: str, optimum: float | None, rng: Any):
        known, tables = list(trace.tables["arms"]), trace.tables
        self.is_bucket = way == "bucket"
        if self.is_bucket and optimum is None:
            raise InputError(f"{trace.name}: outcomes by bucket need the best objective known: give --optimum")
        rows = {name: np.asarray(column) for name, column in trace.columns.items()}
        objectives = np.asarray(tables["objectives"], np.float64)
        n_draws = int(rows["draw"].max()) + 1
        shape = (len(objectives), len(names), n_draws)
        self.statuses = np.full(shape, -1, np.int64)
        self.after, self.works, self.nexts = np.zeros(shape), np.ones(shape), np.zeros(shape, np.int64)
        for k, name in enumerate(names):
            some = rows["arm"] == known.index(name)
            place = rows["state"][some], k, rows["draw"][some]
            self.statuses[place] = rows["status"][some]
            self.after[place] = np.where(np.isnan(rows["after"][some]), rows["before"][some], rows["after"][some])
            self.works[place] = rows["work"][some]
            self.nexts[place] = rows["next"][some]
        self.n_draws = n_draws
        self.optimum = 0.0 if optimum is None else optimum
        self.stand_in = _stand_ins(self.statuses, objectives, list(tables["states"]), self.optimum)
        self.tries = np.zeros(shape[:2], np.int64)
        self.pulls = np.zeros((N_BUCKETS, len(names)), np.int64)
        self.pool, self.pool_size, self.from_bucket = _pools(self.statuses, objectives, self.optimum, self.is_bucket)
        self.drawn = _draws(rng, names) if self.is_bucket else np.zeros((1, 1, 1))
        self.objectives = objectives
        self.opening_at = np.asarray(tables["opening_at"], np.float64)
        self.opening = np.asarray(tables["opening"], np.float64)
        self.opening_work = float(tables["opening_work"])
        self.goes_on = True
        self.state = int(tables["first"])
        self.status, self.cost, self.objective, self.next, self.stood_in = NOTHING, 0.0, 0.0, 0, 0

    def begin(self):
        return

    def attempt(self, state, arm, current, left):
        """Looks an outcome up."""
        if self.is_bucket:
            self.draw(state, arm, current)
        else:
            self.look_up(state, arm)

    def look_up(self, state, arm):
        """The outcome at this point, or at the one that stands in for it."""
        place = self.stand_in[state]
        self.stood_in = 1 if place != state else 0
        draw = self.tries[place, arm] % self.n_draws
        self.tries[place, arm] += 1
        self.status = self.statuses[place, arm, draw]
        self.cost = self.works[place, arm, draw]
        self.objective = self.after[place, arm, draw]
        self.next = self.nexts[place, arm, draw]

    def draw(self, state, arm, current):
        """An outcome from points as good as this one, scaled to it."""
        bucket = bucket_of(gap_of(current, self.optimum))
        source = self.from_bucket[bucket, arm]
        self.stood_in = 1 if source != bucket else 0
        pull = self.pulls[bucket, arm]
        self.pulls[bucket, arm] += 1
        k = int(self.drawn[bucket, arm, pull % N_DRAWN] * self.pool_size[source, arm])
        place = self.pool[source, arm, k] // self.n_draws
        draw = self.pool[source, arm, k] % self.n_draws
        self.status = self.statuses[place, arm, draw]
        self.cost = self.works[place, arm, draw]
        self.next = state
        was = self.objectives[place] - self.optimum
        ratio = (self.after[place, arm, draw] - self.optimum) / was if was > 0.0 else 1.0
        self.objective = self.optimum + max(ratio, 0.0) * (current - self.optimum)
        if self.status == FOUND and self.objective == current:
            self.status = SAME


def gap_of(objective, optimum):
    """The primal gap, for compiled loops."""
    largest = max(abs(objective), abs(optimum))
    if objective <= optimum or largest == 0.0:
        return 0.0
    return 1.0 if objective * optimum < 0.0 else (objective - optimum) / largest


def _stand_ins(statuses: np.ndarray, objectives: np.ndarray, names: list[str], optimum: float) -> np.ndarray:
    """For each point itself where it has outcomes, else the one of the nearest bucket of gaps; ties go to the smaller name."""
    has_all = np.asarray((statuses >= 0).all(axis=(1, 2)))
    if not has_all.any():
        raise InputError("a table of outcomes needs one point at least at which every arm was tried")
    buckets = [bucket_of(measures.primal_gap(one, optimum)) for one in objectives.tolist()]
    candidates = np.flatnonzero(has_all).tolist()
    return np.array(
        [
            k if has_all[k] else min(candidates, key=lambda one: (abs(buckets[one] - buckets[k]), names[one]))
            for k in range(len(objectives))
        ],
        np.int64,
    )


def _pools(
    statuses: np.ndarray, objectives: np.ndarray, optimum: float, is_wanted: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of the outcomes of each bucket and arm, their numbers, and the bucket that answers for it, itself if it has any."""
    n_arms, n_draws = statuses.shape[1:]
    found: list[list[list[int]]] = [[[] for _ in range(n_arms)] for _ in range(N_BUCKETS)]
    for state, arm, draw in np.argwhere(statuses >= 0).tolist() if is_wanted else ():
        bucket = bucket_of(measures.primal_gap(float(objectives[state]), optimum))
        found[bucket][arm].append(state * n_draws + draw)
    size = np.array([[len(pool) for pool in row] for row in found], np.int64)
    pool = np.zeros((N_BUCKETS, n_arms, max(1, int(size.max()))), np.int64)
    answers = np.zeros((N_BUCKETS, n_arms), np.int64)
    for bucket in range(N_BUCKETS):
        for arm in range(n_arms):
            pool[bucket, arm, : size[bucket, arm]] = found[bucket][arm]
            having = [one for one in range(N_BUCKETS) if size[one, arm]] or [bucket]
            answers[bucket, arm] = min(having, key=lambda one: (abs(one - bucket), one))
    return pool, size, answers


def _draws(rng: Any, names: tuple[str, ...]) -> np.ndarray:
    """Uniform draws for each bucket, arm and pull, from counters of their own."""
    seed = int(rng.integers(2**63 - 1))
    drawn = np.zeros((N_BUCKETS, len(names), N_DRAWN))
    for bucket in range(N_BUCKETS):
        for arm, name in enumerate(names):
            key = hashlib.sha256(f"{seed} {bucket} {name}".encode()).digest()[:16]
            generator = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
            drawn[bucket, arm] = generator.random(N_DRAWN)
    return drawn
