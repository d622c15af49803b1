"""The cheat zoo: hostile candidates, one a file. Each says what it tries, and how it ends with and without the allow-list.

`python -m tests.adrs.zoo` prints the table of docs/safety.md.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

from sim.adrs.candidate import Status


class Cheat(NamedTuple):
    """One hostile candidate.

    Args:
        name: of its file.
        source: the file.
        tries: what it tries.
        listed: how it ends when the allow-list looks at it first.
        jailed: how it ends when it does not; `ok` where its score is that of what it decides.
    """

    name: str
    source: str
    tries: str
    listed: Status
    jailed: Status


def cheats() -> list[Cheat]:
    return [_read(path) for path in sorted(Path(__file__).parent.glob("[!_]*.py"))]


def _read(path: Path) -> Cheat:
    source = path.read_text()
    told = ast.get_docstring(ast.parse(source)) or ""
    ends = re.search(r"Listed: (\w+)\. Jailed: (\w+)\.", told)
    assert ends, f"{path} does not say how it ends"
    return Cheat(path.stem, source, told.splitlines()[0], Status(ends[1]), Status(ends[2]))


def table() -> str:
    """What each tries and how it ends, as a table in Markdown."""
    lines = ["| cheat | what it tries | ends as | without the list |", "|---|---|---|---|"]
    lines += [f"| `{cheat.name}` | {cheat.tries} | {cheat.listed} | {cheat.jailed} |" for cheat in cheats()]
    return "\n".join(lines)
