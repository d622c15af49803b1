"""Files for GEPA 0.1.4."""

from __future__ import annotations

import json

from sim.adrs.export import HERE, Task

COMMAND = "python run_gepa.py --max-metric-calls 200"


def files(task: Task) -> dict[str, str]:
    """Name -> text. Training instances are its data set, those for choosing its `valset`; the judging ones stay away."""
    told = {"model": task.model, "api_base": task.api_base, "background": task.text}
    return {
        "initial_program.py": task.initial,
        "run_gepa.py": (HERE / "engines" / "gepa_run.py").read_text(),
        "gepa.json": json.dumps(told, indent=1),
    }
