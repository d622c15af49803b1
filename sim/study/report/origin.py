"""Where a study came from, as tables: traces, code, machine; and the runs that gave nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from sim.study import paired
from sim.study.analysis import Analysis
from sim.study.paired import DONE
from sim.study.ranking import Ranking
from sim.study.store import Store

MOST_FAILURES = 200
"""Failed runs that are shown one by one."""


def machine(store: Store, analysis: Analysis) -> list[tuple[str, str]]:
    """Host, versions and duration, as (name, value)."""
    about, origins = analysis.about, store.origins()
    found = [(name, str(value)) for name, value in about["machine"].items() if value is not None]
    ended = max(origins["finished"])
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(about["began"])
    found += [("begun", about["began"]), ("last run finished", ended)]
    if took > timedelta(0):
        found.append(("from start to end", _duration(took.total_seconds())))
    else:
        found.append(("from start to end", "all runs were there before"))
    return [*found, ("all runs together", _duration(float(origins["seconds"].sum())))]


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def traces(store: Store, analysis: Analysis, length: str) -> Ranking:
    """One row per trace: what the study called it, how long it is, and the hash of its content where the store has it."""
    frame = analysis.frame
    sources = store.origins().groupby("trace", sort=False)["source"].first()
    kept = analysis.about.get("sha256") or {}
    rows = []
    for trace, source in sources.items():
        runs = frame[frame["trace"] == trace]
        lengths = pd.to_numeric(runs[length], errors="coerce").dropna() if length in runs else pd.Series(dtype=float)
        spread = " to ".join(f"{n:,.0f}" for n in sorted({lengths.min(), lengths.max()})) if len(lengths) else ""
        n_done = int((runs["status"] == DONE).sum())
        rows.append([str(trace), str(source), spread, f"{n_done:,} of {len(runs):,}", str(kept.get(str(trace), ""))])
    columns = [("trace", "left"), ("as the study names it", "left"), (length, "right"), ("runs done", "right")]
    if kept:
        return Ranking("Traces", [*columns, ("SHA-256 of the file", "left")], rows, "")
    return Ranking("Traces", columns, [row[:-1] for row in rows], "")


def code(store: Store) -> Ranking:
    """The hash of all code that shaped the runs of each policy: core, domain, policy, and where they take part predictor and
    workload."""
    origins = store.origins()
    rows = [
        [str(label), str(digest), f"{len(runs):,}"]
        for label in dict.fromkeys(origins["label"])
        for digest, runs in origins[origins["label"] == label].groupby("code", sort=False)
    ]
    caption = "SHA-256 of the core, the domain's rules, the policy, and the predictor and workload where they take part"
    return Ranking("Code", [("policy", "left"), ("hash of the code", "left"), ("runs", "right")], rows, caption)


def failures(analysis: Analysis) -> Ranking | None:
    """The runs that gave no metrics, one row each; None where there are none."""
    failed = analysis.frame[analysis.frame["status"] != DONE]
    if not len(failed):
        return None
    asked = [str(column) for column in failed if str(column).startswith(paired.ASKED)]
    rows = [
        [
            row["label"],
            "" if row["predictions"] == "none" else row["predictions"],
            row["trace"],
            paired.settings(paired.shown({name: row[name] for name in asked})),
            str(row["seed"]),
            row["status"],
            row["error"] or "",
        ]
        for row in failed.head(MOST_FAILURES).to_dict("records")
    ]
    columns = [(name, "left") for name in ("policy", "predictions", "trace", "setting")]
    columns += [("seed", "right"), ("status", "left"), ("why", "left")]
    n = len(failed)
    caption = f"the first {MOST_FAILURES:,} of {n:,}" if n > MOST_FAILURES else ""
    return Ranking(f"{n:,} {'run' if n == 1 else 'runs'} without a result", columns, rows, caption)


def reproduction(about: dict[str, Any], folder: str, options: str) -> str:
    """The commands that make the study and this page again."""
    lines = [about["command"] or ""] + [f"augsim {what} {folder}{options}" for what in ("compare", "plot", "report")]
    return "\n".join(line for line in lines if line)
