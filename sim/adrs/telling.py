"""What the folder of a run tells: its record, its figures, and one page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sim.adrs import record as records
from sim.adrs.record import Record
from sim.core.errors import InputError
from sim.core.modules import write_whole

FIGURES, REPORT = "figures", "report.html"


def tell(record: Record, folder: Path) -> Iterator[str]:
    """Keeps the record of a run that has ended and makes all of it that people read; gives notices of what there is."""
    from sim.adrs.figures import gallery

    records.write(record, folder)
    drawn = list(gallery.save(record, folder / FIGURES, source=folder))
    yield from (f"no figure {one.figure}: {one.why}" for one in drawn if one.path is None)
    try:
        page = report(record, folder)
    except InputError as error:
        yield str(error)
        yield f"{folder / FIGURES} has the figures"
    else:
        yield f"{page} is the whole run as one page; {folder / FIGURES} has its figures"


def report(record: Record, folder: Path, path: Path | None = None) -> Path:
    """Writes the page of a run, into its folder where nothing else is said.

    Raises:
        InputError: what makes pages is not installed, or the file cannot be written.
    """
    try:
        from sim.adrs.report import page
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in ("jinja2", "markupsafe"):
            raise InputError("a report needs Jinja: pip install 'augsim[report]'") from None
        raise
    path = path or folder / REPORT
    try:
        write_whole(path, page.render(record, folder).encode())
    except OSError as error:
        raise InputError(f"the report cannot be written to {path}: {error.strerror}") from None
    return path
