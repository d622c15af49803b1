"""Tables of sweeps by hand: a few numbers in, the rows that a sweep would give out."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sim.core.metric import Metric

MISSES = Metric("misses", "requests", "lower", "requests whose page was not there")
THROUGHPUT = Metric("throughput", "jobs/s", "higher", "jobs done per second")


def table(
    values: Mapping[str, Mapping[str, Any]],
    *,
    metric: str = "misses",
    seeds: Sequence[int] = (),
    clairvoyant: Sequence[str] = (),
    redrawn: bool = False,
    **others: Any,
) -> pd.DataFrame:
    """Rows from policy -> trace -> a value, a list with one per seed, or None for a run that failed.

    A policy is written "LABEL" or "LABEL with PREDICTIONS".
    """
    rows = []
    for name, traces in values.items():
        label, _, predictions = name.partition(" with ")
        for trace, found in traces.items():
            for i, value in enumerate(found if isinstance(found, list) else [found]):
                rows.append(
                    {
                        "status": "failed" if value is None else "done",
                        "error": "it broke" if value is None else None,
                        "trace": trace,
                        "redrawn": redrawn,
                        "label": label,
                        "predictions": predictions or "none",
                        "seed": seeds[i] if seeds else i,
                        "clairvoyant": None if value is None else label in clairvoyant,
                        metric: value,
                        **others,
                    }
                )
    return pd.DataFrame(rows)


def on_traces(*values: Any) -> dict[str, Any]:
    """Values by trace, in the order of the alphabet."""
    return {f"trace {i:02}": value for i, value in enumerate(values)}
