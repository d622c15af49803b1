"""Whom the contracts of bandits meet, unasked: every policy in `policies/bandits`, on small tables with whatever it reads."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import policies.bandits
from sim.core.policy import Policy, defines, parts_of
from sim.core.trace import Trace
from sim.domains.bandits.policy import is_contextual
from sim.study import catalog

FILES = {path.stem: path for path in sorted(Path(policies.bandits.__path__[0]).glob("[!_]*.py"))}

FOR_SYSTEMS = {"omega_star", "plain_solver", "par_balans"}
"""Policies for one system alone, which have no arm to pull elsewhere."""

NAMES = [name for name in FILES if name not in FOR_SYSTEMS]

EVERY = pytest.mark.parametrize("name", NAMES)

QUICKLY = {
    "track_and_stop": "every=25",
    "cheb_cb": "features=3",
    "binned": "m=3,of=thompson_beta",
    "epsilon_greedy": "epsilon=0.3",
}
"""Parameters with which a policy gets, on tables of some hundred rounds, to where its own defaults get after many more."""

N_ARMS = 4


def made(name: str) -> Any:
    return catalog.policy("bandits", f"{name},{QUICKLY[name]}" if name in QUICKLY else name)


CAUSAL = pytest.mark.parametrize(
    "name",
    [name for name in NAMES if not any(part.clairvoyant for part in parts_of(made(name)))],
)
"""All but those that see the true future."""

FLEXIBLE = pytest.mark.parametrize(
    "name", [name for name in FILES if all(defines(part, "drop") for part in parts_of(made(name)))]
)
"""Those that can be told that an arm is gone."""


@cache
def trace(seed: int, n_rounds: int = 300) -> Trace:
    """Rewards of every kind in [0, 1], costs, contexts and predictions: whatever a policy reads."""
    rng = np.random.default_rng((seed, n_rounds))
    mean = np.array([0.3, 0.7, 0.5, 0.65])
    rewards = (rng.random((n_rounds, N_ARMS)) < mean).astype(float)
    rewards[::3] = rng.random((len(rewards[::3]), N_ARMS)) * mean
    return Trace(
        f"contract {seed}",
        "bandits",
        {
            "rewards": rewards,
            "cost": rng.integers(1, 9, (n_rounds, N_ARMS)) / 8,
            "context": rng.uniform(-1, 1, (n_rounds, 3)),
            "predicted_arm": rng.integers(0, N_ARMS, n_rounds),
        },
    )


@cache
def changing(seed: int, n_rounds: int = 300) -> Trace:
    """The same, with arms that come and go."""
    rng = np.random.default_rng((seed, n_rounds, 1))
    there = np.repeat(rng.random((n_rounds // 20, N_ARMS)) < 0.7, 20, axis=0)
    there[:, 2] |= ~there.any(axis=1)
    return trace(seed, n_rounds).with_column("available", there)


def snapshot(value: Any) -> Any:
    """A policy's fields as plain values, those of its parts too."""
    if isinstance(value, Policy):
        return type(value), {key: snapshot(part) for key, part in vars(value).items()}
    if isinstance(value, tuple | list):
        return [snapshot(part) for part in value]
    return copy.deepcopy(value)


def takes_context(name: str) -> bool:
    return is_contextual(made(name))
