"""The cheat zoo: hostile candidates, one a file. Each says what it tries, and how it ends and by what, with and without the
allow-list.

`python -m tests.adrs.zoo` prints the table of docs/safety.md.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

from sim.adrs import allowlist
from sim.adrs.candidate import Status


class Cheat(NamedTuple):
    """One hostile candidate.

    Args:
        name: of its file.
        source: the file.
        tries: what it tries.
        listed: how it ends when the allow-list looks at it first.
        listed_by: what ends it then, see `caught_by`.
        jailed: how it ends when it does not; `ok` where its score is that of what it decides.
        jailed_by: what ends it then; of one that is `ok`, what makes its trick worth nothing.
    """

    name: str
    source: str
    tries: str
    listed: Status
    listed_by: str
    jailed: Status
    jailed_by: str


ALLOW_LIST = "allow-list"

SIGNS = {
    r"line \d+: ": ALLOW_LIST,
    r".*\[Errno 1\]": "seccomp",
    r".*\[Errno 13\]": "landlock",
    r".*(more memory than it may have|start new thread|maximum limit)": "rlimit",
    r"took more than": "wall limit",
    r".*(a second run|another hash seed)": "probes",
    r".*(result channel|expected a number)": "channel",
    r".*(clairvoyant|reads the channel)": "declarations",
    r".*\bdefines?\b": "loader",
    r".* at request ": "rules",
    r".*(raised|fails when loaded)|ended ": "process",
}
"""How the detail of a failure begins -> what caught it."""


def caught_by(detail: str) -> str:
    """What a failure was caught by, as far as its detail tells."""
    return next(name for sign, name in SIGNS.items() if re.match(sign, detail))


def cheats() -> list[Cheat]:
    return [_read(path) for path in sorted(Path(__file__).parent.glob("[!_]*.py"))]


def _read(path: Path) -> Cheat:
    source = path.read_text()
    told = ast.get_docstring(ast.parse(source)) or ""
    ends = re.search(r"Listed: (\w+)(?:, by (.+?))?\. Jailed: (\w+), by (.+?)\.", told)
    assert ends, f"{path} does not say how it ends"
    listed, listed_by, jailed, jailed_by = ends.groups(default=f"the {ALLOW_LIST}")
    words = [name.removeprefix("the ") for name in (listed_by, jailed_by)]
    return Cheat(path.stem, source, told.splitlines()[0], Status(listed), words[0], Status(jailed), words[1])


def table() -> str:
    """What each tries, how it ends and by what, as a table in Markdown."""
    lines = [
        "| cheat | what it tries | ends as | caught by | without the list | held by |",
        "|---|---|---|---|---|---|",
    ]
    for cheat in cheats():
        refusal = allowlist.check(cheat.source, "paging") if cheat.listed_by == ALLOW_LIST else None
        rule = f"{cheat.listed_by}: {refusal.wrong}" if refusal else cheat.listed_by
        cells = [f"`{cheat.name}`", cheat.tries, cheat.listed, rule, cheat.jailed, cheat.jailed_by]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
