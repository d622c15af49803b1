"""A table of figures, for the eye and for a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Table:
    """Rows with the same keys; a key names figure and unit.

    Args:
        title: the question, and on what input.
        note: how to read it.
    """

    title: str
    note: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **row: Any) -> None:
        self.rows.append({key.replace("_", " "): value for key, value in row.items()})

    def __str__(self) -> str:
        heads = list(dict.fromkeys(key for row in self.rows for key in row))
        cells = [heads, *([_shown(row.get(head)) for head in heads] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
        is_text = [isinstance(self.rows[0].get(head), str) for head in heads]
        lines = [
            "  ".join(
                c.ljust(w) if left else c.rjust(w) for c, w, left in zip(row, widths, is_text, strict=True)
            ).rstrip()
            for row in cells
        ]
        return "\n".join(
            ["", self.title, "", *(f"  {line}" for line in lines), *(["", self.note] if self.note else [])]
        )


def target(least: float | None, reached: float) -> dict[str, Any]:
    """The columns that hold a figure against the least that is wanted."""
    return {"target": "" if least is None else f">= {least:g}", "met": "" if least is None else _yes(reached >= least)}


def limit(most: float, reached: float) -> dict[str, Any]:
    """The columns that hold a figure against the most that is allowed."""
    return {"target": f"<= {most:g}", "met": _yes(reached <= most)}


def _yes(claim: bool) -> str:
    return "yes" if claim else "NO"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def write(table: Table, path: Path) -> None:
    """Writes the rows as CSV, figures in full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    heads = list(dict.fromkeys(key for row in table.rows for key in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [head.replace(" ", "_") for head in heads], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key.replace(" ", "_"): value for key, value in row.items()} for row in table.rows)
