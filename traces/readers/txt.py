"""txt: one id a line, nothing else."""

from __future__ import annotations

from sim.core.trace import Trace
from traces.ids import Ids
from traces.lines import Lines
from traces.requests import Requests
from traces.source import Source

ENDINGS = (".txt",)


def read(source: Source, *, ids: str = "auto") -> Trace:
    """Reads a file of lines, each the id of a page; blanks around an id do not count, blank lines are left out and counted.

    Args:
        source: the file, in UTF-8.
        ids: "number", "text", or "auto", see `Ids`.

    Returns:
        A column `page` (int32); table `pages` (int64, uint64 or text).

    Raises:
        InputError: no id, an id that is no integer of 64 bits where ids=number, or no text.
    """
    interner = Ids(ids)
    requests = Requests(source, unit="line", interner=interner)
    lines = Lines(source)
    for chunk in lines.chunks():
        requests.add(chunk.stripped())
    return requests.trace([*interner.notices, *lines.notices], format="txt")
