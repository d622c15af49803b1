"""lns: outcomes of neighbourhoods as a JSON file, with what they were recorded with."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from sim.domains.bandits.lns.recorded import is_table
from traces.sink import whole

ENDINGS = (".lns.json",)


def write(trace: Trace, path: Path) -> list[str]:
    """Writes the table, a line for each column; what is not a number is null.

    Returns:
        Nothing is lost.

    Raises:
        InputError: it is no table of outcomes.
    """
    if not is_table(trace):
        raise InputError(f"trace {trace.name} is no table of outcomes, which is all that the format lns holds")
    lines = [f'"{name}": {_text(part)}' for name, part in trace.tables.items()]
    lines += [f'"column {name}": {_text(np.asarray(column))}' for name, column in trace.columns.items()]
    with whole(path) as file:
        file.write(("{" + ",\n".join(lines) + "}\n").encode())
    return []


def _text(part: Any) -> str:
    values = part.tolist() if isinstance(part, np.ndarray) else part
    if isinstance(values, list):
        values = [None if isinstance(one, float) and not math.isfinite(one) else one for one in values]
    return json.dumps(values, ensure_ascii=False)
