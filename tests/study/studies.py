"""Small studies, as files and as values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from sim.study.store import WALL_CLOCK
from sim.study.sweep import Sweep

ZIPF = "workload:zipf,alpha=1.0,n_requests=400,n_pages=50"


def sweep(**changed: Any) -> Sweep:
    """Two traces (one of them drawn), two policies and the reference, two capacities, two seeds."""
    axes: dict[str, Any] = {
        "system": "paging",
        "traces": (ZIPF, "workload:loop,n_requests=300,n_pages=40"),
        "policies": ("lru", "random"),
        "settings": ({"capacity": ("10%", 7)},),
        "seeds": (0, 1),
    }
    return Sweep(**{**axes, **changed})


def same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Whether two tables agree in everything but the clock."""
    clock = list(WALL_CLOCK)
    return left.drop(columns=clock, errors="ignore").equals(right.drop(columns=clock, errors="ignore"))


def written(folder: Path, text: str, name: str = "study.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path
