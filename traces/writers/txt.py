"""txt: one page id a line, nothing else."""

from __future__ import annotations

from pathlib import Path

from sim.core.errors import InputError
from sim.core.trace import Trace
from traces.sink import chunks, page_ids, whole

ENDINGS = (".txt",)


def write(trace: Trace, path: Path) -> list[str]:
    """Writes the original ids of the pages, in the order of the requests.

    Returns:
        The columns that the file lacks.

    Raises:
        InputError: an id would not come back as it is: text with a line break, with blanks around it, or empty.
    """
    ids = trace.tables.get("pages")
    if ids is not None and ids.dtype.kind not in "iu":
        for text in ids:
            if text != text.strip() or len(text.splitlines()) != 1:
                raise InputError(f"page id {text!r} cannot stand on a line of its own; write a .csv instead")
    with whole(path) as file:
        for rows in chunks(trace):
            lines = "\n".join(map(str, page_ids(rows).tolist()))
            file.write(lines.encode("utf-8", "surrogateescape") + b"\n")
    return [f"txt has no place for the column {name}" for name in trace.columns if name != "page"]
