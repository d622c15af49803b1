"""A mixed-integer program from a file, read by HiGHS and checked here."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
from scipy.sparse import csc_array

from sim.core.errors import InputError, MissingDependency
from sim.core.trace import Trace
from sim.domains.bandits.lns.model import trace_of
from traces.source import Source

OPTIMUM = re.compile(rb"^[*\\] *(?:optimum|best known):? +([-+.\deE]+)\s*$", re.MULTILINE)
"""A comment that tells the best objective known: "* optimum 678" in a .mps file, "\\ optimum 678" in a .lp file."""

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
        if highs.readModel(str(path)) == highspy.HighsStatus.kError:
            raise InputError(f"{source.name} is no {kind.upper()} file that HiGHS can read; is it whole?")
    lp = highs.getLp()
    if not lp.num_col_:
        raise InputError(f"{source.name} has no variables; expected a mixed-integer program")
    kinds = list(lp.integrality_) or [highspy.HighsVarType.kContinuous] * lp.num_col_
    names = list(lp.col_names_) or [f"x{i + 1}" for i in range(lp.num_col_)]
    for name, one in zip(names, kinds, strict=True):
        if one not in (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger):
            raise InputError(
                f"{source.name}: variable {name} is {one.name[1:]}; expected continuous and integer variables"
            )
    if highs.getHessianNumNz() if hasattr(highs, "getHessianNumNz") else 0:
        raise InputError(f"{source.name} has a quadratic objective; expected a linear one")
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
        row_names=list(lp.row_names_),
        maximise=lp.sense_ == highspy.ObjSense.kMaximize,
        offset=lp.offset_,
        optimum=float(told[1]) if told else None,
        origin={"format": kind, "notices": ()},
    )
