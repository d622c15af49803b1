"""A mixed-integer program from a file, read by HiGHS and checked here."""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from sim.core.errors import InputError, MissingDependency
from sim.core.trace import Trace
from sim.domains.bandits.lns.model import trace_of
from traces.source import Source

OPTIMUM = re.compile(rb"^[*\\] *(?:optimum|best known):? +([-+.\deE]+)\s*$", re.MULTILINE)
"""A comment that tells the best objective known: "* optimum 678" in a .mps file, "\\ optimum 678" in a .lp file."""

IGNORED = re.compile(r"^WARNING: (.*): ignored\s*$")
"""What HiGHS says of a part of a file that it passes over."""

HEAD_BYTES = 4096
"""Where it is looked for."""


def read_model(source: Source, kind: str) -> Trace:
    """Reads a model.

    Args:
        source: the file, plain or compressed.
        kind: "mps" or "lp".

    Returns:
        The columns and tables of `sim.domains.bandits.lns.model`.

    Raises:
        InputError: the file is no model of this kind, has no variables, or variables of a kind that is not read.
        MissingDependency: highspy is not installed.
    """
    try:
        import highspy
    except ImportError as error:
        raise MissingDependency(f"models are read by the package highspy: pip install highspy ({error})") from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model.{kind}"
        with source.open() as content, path.open("wb") as file:
            shutil.copyfileobj(content, file)
        with path.open("rb") as file:
            told = OPTIMUM.search(file.read(HEAD_BYTES))
        highs = highspy.Highs.__base__()  # type: ignore[misc]
        highs.setOptionValue("log_to_console", False)
        said: list[str] = []
        highs.setCallback(lambda _, line, *__: said.append(line), None)
        highs.startCallback(highspy.cb.HighsCallbackType.kCallbackLogging)
        try:
            is_read = highs.readModel(str(path)) != highspy.HighsStatus.kError
            lp = highs.getLp()
            names, row_names = list(lp.col_names_), list(lp.row_names_)
        except UnicodeDecodeError:  # it takes any bytes for a name, and a piece of a letter for its end
            is_read = False
        if not is_read:
            raise InputError(f"{source.name} is no {kind.upper()} file that HiGHS can read; is it whole?")
        has_spaces = any(" " in name for name in names)  # in fixed format, where HiGHS does say so
        if kind == "mps" and not has_spaces and (stray := _stray_bound(path)):
            raise InputError(f"{source.name}: {stray}")
    if ignored := [found[1] for line in said if (found := IGNORED.match(line))]:
        raise InputError(
            f"{source.name}: {' '.join(ignored[0].split())}"
            + (f" ({len(ignored)} such entries)" if ignored[1:] else "")
        )
    if not lp.num_col_:
        raise InputError(f"{source.name} has no variables; expected a mixed-integer program")
    kinds = list(lp.integrality_) or [highspy.HighsVarType.kContinuous] * lp.num_col_
    names = names or [f"x{i + 1}" for i in range(lp.num_col_)]
    for name, one in zip(names, kinds, strict=True):
        if one not in (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger):
            raise InputError(
                f"{source.name}: variable {name} is {one.name[1:]}; expected continuous and integer variables"
            )
    if highs.getHessianNumNz() if hasattr(highs, "getHessianNumNz") else 0:
        raise InputError(f"{source.name} has a quadratic objective; expected a linear one")
    _refuse_strange(source, lp)
    matrix = lp.a_matrix_
    by_columns = (np.array(matrix.value_), np.array(matrix.index_), np.array(matrix.start_))
    rows = csc_array(by_columns, shape=(lp.num_row_, lp.num_col_)).tocsr()
    rows.sort_indices()
    return trace_of(
        source.name,
        names,
        np.array(lp.col_cost_),
        np.array(lp.col_lower_),
        np.array(lp.col_upper_),
        [one == highspy.HighsVarType.kInteger for one in kinds],
        (rows.indptr, rows.indices, rows.data),
        (np.array(lp.row_lower_), np.array(lp.row_upper_)),
        row_names=row_names,
        maximise=lp.sense_ == highspy.ObjSense.kMaximize,
        offset=lp.offset_,
        optimum=float(told[1]) if told else None,
        origin={"format": kind, "notices": ()},
    )


def _stray_bound(path: Path) -> str | None:
    """A line among the bounds of a .mps file whose column stands nowhere else: HiGHS makes a variable of it without a word."""
    columns: set[str] = set()
    section = ""
    with path.open(errors="replace") as lines:
        for k, line in enumerate(lines, 1):
            words = line.split()
            if not words or line[0] == "*":
                continue
            if not line[0].isspace():
                section = words[0].upper()
            elif section == "COLUMNS":
                columns.add(words[0])
            elif section == "BOUNDS" and not columns.intersection(words[1:3]):
                return f'line {k} of the model: no column is called as in "{line.strip()}"'
    return None


def _refuse_strange(source: Source, lp: Any) -> None:
    """Refuses numbers that are none, and infinite ones that are no bounds."""
    columns, rows = list(lp.col_names_), list(lp.row_names_)
    parts = (
        ("cost", columns, lp.col_cost_, 0.0),
        ("lower bound", columns, lp.col_lower_, -math.inf),
        ("upper bound", columns, lp.col_upper_, math.inf),
        ("lower side", rows, lp.row_lower_, -math.inf),
        ("upper side", rows, lp.row_upper_, math.inf),
        ("coefficient", (), lp.a_matrix_.value_, 0.0),
    )
    for what, names, given, allowed in parts:
        values = np.asarray(given, np.float64)
        strange = np.flatnonzero(~(np.isfinite(values) | (values == allowed)))
        if len(strange):
            of = f" of {names[strange[0]]}" if len(names) else ""
            raise InputError(f"{source.name}: a {what}{of} is {values[strange[0]]:g}; expected a finite number")
