"""What a live object looks like to machine code: the shape of its state, read off an instance that has begun its run."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sim.core.errors import CannotCompile
from sim.core.rows import Constant, Rows

SET_UP = {"begin", "__init__", "__post_init__"}
"""Methods that run in Python before the loop; what they assign is state, not change."""


@dataclass(frozen=True)
class Static:
    """A value fixed for the whole run and part of the generated text: a flag, a text, None."""

    value: Any


@dataclass(frozen=True)
class Number:
    """A number that no method assigns; passed by value, so that a new capacity needs no new code."""

    type: type


@dataclass(frozen=True)
class Cell:
    """A number that methods assign; an array of one element in the compiled form."""

    type: type


@dataclass(frozen=True)
class Array:
    """A NumPy array; only its rank matters to the text. `checked` says whether it may be indexed by the policy's numbers."""

    n_axes: int


@dataclass(frozen=True)
class Generator:
    """A NumPy random generator."""


@dataclass(frozen=True)
class Items:
    """A tuple or list of parts of possibly different kinds; loops over it are unrolled."""

    items: tuple[Kind, ...]


@dataclass(frozen=True)
class Object:
    """An instance of a plain class: a policy, a structure, a system's state."""

    cls: type
    fields: tuple[tuple[str, Kind], ...]

    def field(self, name: str) -> Kind | None:
        for field_name, kind in self.fields:
            if field_name == name:
                return kind
        return None


@dataclass(frozen=True)
class Table:
    """The rows of a trace; indexing gives a `Record`."""

    record: str
    fields: tuple[tuple[str, Kind], ...]


@dataclass(frozen=True)
class Record:
    """One row: a named tuple of numbers, and of arrays that the system keeps up to date."""

    fields: tuple[tuple[str, Kind], ...]

    def field(self, name: str) -> Kind | None:
        for field_name, kind in self.fields:
            if field_name == name:
                return kind
        return None


Kind = Static | Number | Cell | Array | Generator | Items | Object | Table | Record


def number_type(value: Any) -> type | None:
    """bool, int or float for a Python or NumPy number; None for anything else."""
    for python, numpy in ((bool, np.bool_), (int, np.integer), (float, np.floating)):
        if isinstance(value, python | numpy):
            return python
    return None


def state(instance: Any) -> dict[str, Any]:
    """The fields of an instance, in a fixed order."""
    return vars(instance) if hasattr(instance, "__dict__") else {}


def kind_of(value: Any, assigned: frozenset[str], where: str, is_field_assigned: bool = False) -> Kind:
    """Gives the kind of a live value.

    Args:
        value: a number, text, None, array, generator, rows, tuple, or instance of a plain class.
        assigned: names of all fields that any method assigns while the run goes on.
        where: what to call it in an error ("self.order").

    Raises:
        CannotCompile: it has no compiled form; the message says what would have.
    """
    if (number := number_type(value)) is not None:
        if number is int and not -(2**63) <= value < 2**63:  # the text of a module does not tell, so none must be tried
            raise _NoKind(f"{where} is {value}, an integer beyond 64 bits")
        if is_field_assigned:
            return Cell(number)
        return Static(bool(value)) if number is bool else Number(number)
    if value is None or isinstance(value, str):
        if is_field_assigned:
            raise _NoKind(f"{where} begins as {value!r} and changes; numbers and arrays compile (NONE for no page)")
        return Static(value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise _NoKind(f"{where} is an array of {value.dtype}; numbers compile")
        if (value.dtype.itemsize < 8 and value.dtype.kind == "f") or value.dtype == np.uint64:
            raise _NoKind(
                f"{where} is an array of {value.dtype}, whose numbers NumPy and machine code mix differently; "
                f"{'float64' if value.dtype.kind == 'f' else 'int64'} compiles"
            )
        return Array(value.ndim)
    if isinstance(value, np.random.Generator):
        return Generator()
    if isinstance(value, Rows):
        return Table(value.record, tuple((name, _field_kind(field)) for name, field in value.fields.items()))
    if isinstance(value, tuple | list):
        if not value or number_type(value[0]) is not None:
            raise _NoKind(f"{where} is a {type(value).__name__}; a NumPy array compiles")
        return Items(tuple(kind_of(part, assigned, f"{where}[{i}]") for i, part in enumerate(value)))
    if type(value).__module__ == "builtins" or not hasattr(value, "__dict__"):
        raise _NoKind(
            f"{where} is a {type(value).__name__}; a NumPy array indexed by page, or a structure of sim.core.structures, compiles"
        )
    if (hidden := _hidden(type(value))) is not None:
        raise _NoKind(
            f"{where} is a {type(value).__name__}, which {hidden}; a plain class compiles{_place(type(value))}"
        )
    return Object(
        type(value),
        tuple((name, _kind_of_field(value, name, assigned, f"{where}.{name}")) for name in state(value)),
    )


def _hidden(cls: type) -> str | None:
    """What a class does with its state that its fields do not show; None for a plain class."""
    for base in cls.__mro__[:-1]:
        if not base.__flags__ & HEAP_TYPE:
            return f"is built on {base.__name__}"
        for name in ("__slots__", "__setattr__", "__getattribute__"):
            if name in vars(base):
                return f"defines {name}"
    return None


def _place(cls: type) -> str:
    """Where a class is written, if that can be told."""
    if not cls.__flags__ & HEAP_TYPE:
        return ""
    try:
        return f" ({Path(inspect.getsourcefile(cls) or '').name}, line {source_tree(cls).lineno})"
    except (CannotCompile, TypeError):
        return ""


HEAP_TYPE = 1 << 9
"""Flag of a class that Python code made."""


def _kind_of_field(owner: Any, name: str, assigned: frozenset[str], where: str) -> Kind:
    """The kind of a field; a refusal says the line that sets it."""
    try:
        return kind_of(state(owner)[name], assigned, where, name in assigned)
    except _NoKind as refusal:
        for cls, _, function in methods(type(owner)):
            for node in ast.walk(source_tree(function)) if not is_generated(function) else ():
                if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store):
                    file = Path(inspect.getsourcefile(cls) or cls.__module__).name
                    raise CannotCompile(f"{refusal} ({file}, line {node.lineno})") from None
        raise


class _NoKind(CannotCompile):
    """A value without a compiled form, before it is known which line made it."""


def _field_kind(field: Any) -> Kind:
    if isinstance(field, Constant):
        return Array(field.value.ndim) if isinstance(field.value, np.ndarray) else Static(field.value)
    return Number(number_type(field.dtype.type(0)) or float)


def instances(value: Any) -> Iterator[Any]:
    """All instances of plain classes within a value, itself included."""
    if isinstance(value, tuple | list):
        for part in value:
            yield from instances(part)
    elif hasattr(value, "__dict__") and not isinstance(value, Rows | np.random.Generator | type):
        yield value
        for part in state(value).values():
            yield from instances(part)


@cache
def source_tree(thing: Any) -> ast.FunctionDef | ast.ClassDef:
    """The syntax tree of a function or class, with the line numbers of its file."""
    try:
        lines, first = inspect.getsourcelines(thing)
    except (OSError, TypeError):
        raise CannotCompile(f"the source of {thing.__qualname__} is not at hand") from None
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    return tree.body[0]  # type: ignore[return-value]


def methods(cls: type) -> Iterator[tuple[type, str, Any]]:
    """All plain methods of a class and its bases: (class that defines it, name, function)."""
    for owner in cls.__mro__[:-1]:
        for name, value in vars(owner).items():
            if inspect.isfunction(value) and not hasattr(value, "__wrapped__"):
                yield owner, name, value


def is_generated(function: Any) -> bool:
    """Whether a function has no source of its own: a dataclass wrote it."""
    return function.__code__.co_filename.startswith("<")


def assigned_fields(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Names of attributes that these functions assign."""
    return frozenset(
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
    )


@cache
def assigned_by_class(cls: type) -> frozenset[str]:
    """Names of attributes that the methods of a class assign while a run goes on."""
    return frozenset().union(
        *(
            assigned_by(function)
            for owner, name, function in methods(cls)
            if name not in SET_UP and not is_generated(function) and owner.__module__ != "sim.core.policy"
        )
    )


@cache
def assigned_by(function: Any) -> frozenset[str]:
    """Names of attributes that a function assigns, itself or through the functions of modules that it names."""
    reached = [function]
    for each in reached:
        named = {node.id for node in ast.walk(source_tree(each)) if isinstance(node, ast.Name)}
        helpers = (value for name, value in each.__globals__.items() if name in named and inspect.isfunction(value))
        reached += [helper for helper in helpers if helper not in reached and not is_generated(helper)]
    return assigned_fields(source_tree(each) for each in reached)
