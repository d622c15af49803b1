"""A mixed-integer program as arrays, always minimised; as the columns and tables of a trace; and what makes a point feasible.

A trace of a model has one row a variable:

    name                 the variable's name
    cost, lower, upper   float64; the cost as the file has it, bounds perhaps infinite
    is_integer           bool

Tables: `maximise`, `offset`, `row_names`, `row_lower`, `row_upper`; the matrix by rows, `starts`, `index`, `value`; where it is
known, `optimum`, the best objective that anybody has found.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from sim.core.errors import InputError
from sim.core.trace import Interned, Trace

TOLERANCE = 1e-6
"""By how much a point may violate a row, a bound or integrality; of sides larger than 1, by this part of them."""

DIGITS = 9
"""Digits of an objective that count in a state's name."""


@dataclass(frozen=True, eq=False)
class Model:
    """min cost x + offset, row_lower <= A x <= row_upper, lower <= x <= upper, some x integer. Nothing in it is changed.

    Args:
        name: what messages call it.
        cost, lower, upper: float64, shape (n,).
        is_integer: bool, shape (n,).
        offset: of the objective.
        row_lower, row_upper: float64, shape (m,).
        starts, index, value: A by rows: int32 of shape (m + 1,) and (nonzeros,), float64.
        is_maximised: the model was given as a maximisation; costs and offset have their signs turned.
    """

    name: str
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    is_integer: np.ndarray
    offset: float
    row_lower: np.ndarray
    row_upper: np.ndarray
    starts: np.ndarray
    index: np.ndarray
    value: np.ndarray
    is_maximised: bool = False

    @classmethod
    def of(cls, trace: Trace) -> Model:
        """The model that a trace holds.

        Raises:
            InputError: it holds none, or a part of it has been cut away.
        """
        tables = trace.tables
        if "starts" not in tables or "cost" not in trace:
            have = ", ".join(trace.columns) or "none"
            raise InputError(
                f"trace {trace.name} holds no mixed-integer program: expected a .mps or .lp file, a workload such as "
                f"workload:set_cover, or a table that augsim record bandits/lns wrote (columns: {have})"
            )
        index = np.ascontiguousarray(tables["index"], np.int32)
        if len(index) and index.max() >= len(trace):
            raise InputError(f"only {len(trace)} variables of {trace.name} are left: a model is read whole, without -n")
        sign = -1.0 if tables.get("maximise") else 1.0
        return cls(
            trace.name,
            sign * np.asarray(trace["cost"], np.float64) + 0.0,
            np.ascontiguousarray(trace["lower"], np.float64),
            np.ascontiguousarray(trace["upper"], np.float64),
            np.ascontiguousarray(trace["is_integer"], np.bool_),
            sign * float(tables["offset"]),
            np.ascontiguousarray(tables["row_lower"], np.float64),
            np.ascontiguousarray(tables["row_upper"], np.float64),
            np.ascontiguousarray(tables["starts"], np.int32),
            index,
            np.ascontiguousarray(tables["value"], np.float64),
            sign < 0,
        )

    @property
    def n(self) -> int:
        return len(self.cost)

    @property
    def m(self) -> int:
        return len(self.row_lower)

    @cached_property
    def integers(self) -> np.ndarray:
        """Indices of the variables that are integer, the binary ones too, ascending."""
        return np.flatnonzero(self.is_integer)

    @cached_property
    def binaries(self) -> np.ndarray:
        """Indices of the integer variables with bounds 0 and 1."""
        return np.flatnonzero(self.is_integer & (self.lower == 0) & (self.upper == 1))

    @cached_property
    def generals(self) -> np.ndarray:
        """Indices of the integer variables that are not binary."""
        return np.setdiff1d(self.integers, self.binaries)

    @cached_property
    def matrix(self) -> csr_array:
        return csr_array((self.value, self.index, self.starts), shape=(self.m, self.n))

    def objective(self, x: np.ndarray) -> float:
        """Of a point, as it is minimised; summed exactly, so that it is the same on every machine."""
        return math.fsum((self.cost * x).tolist()) + self.offset

    def told(self, objective: float) -> float:
        """An objective as the user's model has it."""
        return -objective if self.is_maximised else objective

    def snapped(self, x: np.ndarray) -> np.ndarray:
        """The point with its integer part rounded; without negative zeros."""
        x = np.array(x, np.float64)
        x[self.integers] = np.rint(x[self.integers])
        return x + 0.0

    def violation(self, x: np.ndarray) -> float:
        """The largest violation of a row, a bound or integrality, relative to sides above 1; infinite where x is no point."""
        if not np.all(np.isfinite(x)):
            return math.inf
        whole = x[self.integers]
        activity = self.matrix @ x
        return max(
            float(np.max(np.abs(whole - np.rint(whole)), initial=0.0)),
            _beyond(x, self.lower, self.upper),
            _beyond(activity, self.row_lower, self.row_upper),
        )

    def is_feasible(self, x: np.ndarray) -> bool:
        return self.violation(x) <= TOLERANCE

    def state(self, x: np.ndarray, objective: float) -> str:
        """The name of a point: 16 hexadecimal digits of the hash of its integer part and its objective."""
        digest = hashlib.sha256(np.rint(x[self.integers]).astype("<i8").tobytes())
        digest.update(f"{objective + 0.0:.{DIGITS}g}".encode())
        return digest.hexdigest()[:16]

    def digest(self) -> str:
        """SHA-256 of all numbers of the model."""
        digest = hashlib.sha256(repr((self.n, self.m, self.offset, self.is_maximised)).encode())
        for array in (self.cost, self.lower, self.upper, self.row_lower, self.row_upper, self.value):
            digest.update(array.astype("<f8").tobytes())
        for array in (self.is_integer, self.starts, self.index):
            digest.update(array.astype("<i4").tobytes())
        return digest.hexdigest()

    def bounded(self, lower: np.ndarray, upper: np.ndarray) -> Model:
        """The model within other bounds."""
        return replace(self, lower=lower, upper=upper)

    def fixed(self, x: np.ndarray, free: np.ndarray) -> Model:
        """The model with every variable fixed to x but the free ones, given by their indices."""
        lower, upper = x.copy(), x.copy()
        lower[free], upper[free] = self.lower[free], self.upper[free]
        return self.bounded(lower, upper)

    def minimising(self, cost: np.ndarray, offset: float = 0.0) -> Model:
        """The model with another objective."""
        return replace(self, cost=np.ascontiguousarray(cost, np.float64), offset=offset)

    def with_row(self, index: np.ndarray, value: np.ndarray, lower: float, upper: float) -> Model:
        """The model with one row more, of ascending indices."""
        return replace(
            self,
            row_lower=np.append(self.row_lower, lower),
            row_upper=np.append(self.row_upper, upper),
            starts=np.append(self.starts, np.int32(self.starts[-1] + len(index))),
            index=np.append(self.index, np.asarray(index, np.int32)),
            value=np.append(self.value, np.asarray(value, np.float64)),
        )

    def with_slack(self, cost: float) -> Model:
        """The model with one continuous variable of at least 0 more, which stands in no row yet."""
        return replace(
            self,
            cost=np.append(self.cost, cost),
            lower=np.append(self.lower, 0.0),
            upper=np.append(self.upper, math.inf),
            is_integer=np.append(self.is_integer, False),
        )

    def distance(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """The number of binaries that differ from x, as coefficients of the binaries and a constant."""
        at_one = x[self.binaries] > 0.5
        return np.where(at_one, -1.0, 1.0), float(np.count_nonzero(at_one))


def _beyond(values: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """The largest excess over one of two sides, relative to the side where that is above 1."""
    with np.errstate(invalid="ignore"):
        below = np.where(np.isfinite(lower), (lower - values) / np.maximum(1.0, np.abs(lower)), 0.0)
        above = np.where(np.isfinite(upper), (values - upper) / np.maximum(1.0, np.abs(upper)), 0.0)
    return max(float(np.max(below, initial=0.0)), float(np.max(above, initial=0.0)))


def trace_of(
    name: str,
    names: Sequence[str],
    cost: Any,
    lower: Any,
    upper: Any,
    is_integer: Any,
    rows: tuple[Any, Any, Any],
    sides: tuple[Any, Any],
    *,
    row_names: Sequence[str] = (),
    maximise: bool = False,
    offset: float = 0.0,
    optimum: float | None = None,
    origin: dict[str, Any] | None = None,
) -> Trace:
    """A model as a trace.

    Args:
        name: of the trace.
        names: of the variables, shape (n,).
        cost, lower, upper, is_integer: of the variables, as the user has them.
        rows: the matrix by rows: starts, index, value.
        sides: lower and upper sides of the rows.
        row_names: of the rows; none: c1, c2, ...
        maximise: the objective is to be maximised.
        offset: of the objective.
        optimum: the best objective known, if any.
        origin: of the trace.
    """
    starts, index, value = rows
    return Trace(
        name,
        "bandits",
        {
            "name": Interned(np.arange(len(names), dtype=np.int32), np.array(list(names), object)),
            "cost": np.asarray(cost, np.float64),
            "lower": np.asarray(lower, np.float64),
            "upper": np.asarray(upper, np.float64),
            "is_integer": np.asarray(is_integer, np.bool_),
        },
        {
            "maximise": bool(maximise),
            "offset": float(offset),
            "row_names": np.array(list(row_names) or [f"c{i + 1}" for i in range(len(sides[0]))], object),
            "row_lower": np.asarray(sides[0], np.float64),
            "row_upper": np.asarray(sides[1], np.float64),
            "starts": np.asarray(starts, np.int32),
            "index": np.asarray(index, np.int32),
            "value": np.asarray(value, np.float64),
            **({} if optimum is None else {"optimum": float(optimum)}),
        },
        origin or {},
    )
