"""What pages have in common: templates and their filters, a table that sorts, one style."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent


@cache
def environment(folder: Path) -> Environment:
    """Templates of a folder, with the macros of this one; they sort, open and break what they are given by the filters below."""
    found = Environment(
        loader=FileSystemLoader([folder, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"key": sort_key, "opened": opened, "unbroken": unbroken, "moment": moment}
    return found


def unbroken(text: str) -> str:
    """A sentence in which no percent sign is left alone on a line."""
    return text.replace(" %", "\u00a0%")


def opened(text: str) -> str:
    """The same with the first letter as it opens a sentence; not for one that may begin with a policy's name."""
    return unbroken(f"{text[:1].upper()}{text[1:]}")


def moment(stamp: str) -> str:
    """ "2026-11-26 07:38 UTC" of a stored time."""
    return f"{datetime.fromisoformat(stamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def text(name: str) -> Markup:
    """A file of this folder, as it is."""
    return Markup((FOLDER / name).read_text(encoding="utf-8"))


NUMBER = re.compile(r"[+−-]?[\d,]*\.?\d+(e[+-]?\d+)?")


def sort_key(cell: str) -> str:
    """The number that a cell of a table is sorted by: its first one; empty where it has none.

    "below 0.0001" comes before every other number, "above 0.5" after its own, "never better" before all.
    """
    if cell == "never better":
        return "-1e308"
    found = NUMBER.search(cell)
    if not found:
        return ""
    number = float(found[0].replace("−", "-").replace(",", ""))
    if cell.startswith("below"):
        number -= abs(number) / 2
    if cell.startswith("above"):
        number = math.nextafter(number, math.inf)
    return repr(number)
