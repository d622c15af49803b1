"""All figures that a run has material for, each in a file with its table beside it."""

from __future__ import annotations

import importlib
import pkgutil
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from sim.adrs import figures as package
from sim.adrs.record import Record
from sim.study.figures import gallery
from sim.study.figures.gallery import Drawn


def figures() -> dict[str, ModuleType]:
    """The figures of a run by their names, which are those of their files."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = {name: importlib.import_module(f"sim.adrs.figures.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "sheets")}


def save(
    record: Record, folder: Path, *, source: Path | str, names: Iterable[str] = (), kind: str = "png"
) -> Iterator[Drawn]:
    """Draws figures of a run into a folder, see `sim.study.figures.gallery.save`.

    Args:
        record: of the run.
        folder: made where it is missing.
        source: where the record is kept; it stands in the command that each figure carries.
        names: of the figures; none: all.
        kind: "png", "svg" or "pdf".

    Raises:
        UnknownName: no such figure.
        InputError: a file cannot be written.
    """

    def command(name: str) -> str:
        words = ["augsim", "plot", str(source), "--figure", name]
        return "\n".join([shlex.join([*words, *(["--format", kind] if kind != "png" else [])]), record.command])

    yield from gallery.put(gallery.find(names, figures()), record, folder, command, kind)
