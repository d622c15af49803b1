"""Whom the contracts of dispatch meet, unasked: every policy in `policies/dispatch`, on small traces with whatever it reads."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import policies.dispatch
from sim.core.trace import Trace
from workloads import dispatch

FILES = {path.stem: path for path in sorted(Path(policies.dispatch.__path__[0]).glob("[!_]*.py"))}

EVERY = pytest.mark.parametrize("name", FILES)


@cache
def trace(seed: int, n_jobs: int = 400, rate: float = 4.2) -> Trace:
    """Jobs of many sizes about some things, with predictions that are often wrong."""
    rng = np.random.default_rng(seed)
    made = dispatch.poisson(rng, rate=rate, n_jobs=n_jobs, sizes="hyperexponential:cv2=4", keys=30)
    noise = np.exp(0.8 * np.random.default_rng((seed, 1)).standard_normal(n_jobs))
    return made.with_column("predicted_size", made["size"] * noise)


SETTINGS = [
    {},
    {"discipline": "ps", "speeds": "2,1,1,0.5,0.5"},
    {"discipline": "srpt", "refresh": 1.5},
    {"discipline": "sprpt", "delay": 0.7},
    {"timeout": 4.0, "retries": 2, "backoff": 0.3, "buffer": 8},
    {"discipline": "psjf", "up_mean": 20.0, "down_mean": 2.0, "on_crash": "move", "retries": 3},
    {"discipline": "ps", "up_mean": 20.0, "down_mean": 2.0, "on_crash": "restart", "timeout": 5.0, "cancel": False},
    {"discipline": "sprpt", "up_mean": 15.0, "down_mean": 5.0, "down_speed": 0.3},
]
"""What five servers may be like."""
