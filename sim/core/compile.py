"""The same policy and rules as one machine-code loop.

`compile_loop` takes a plain loop function and the live objects it would be called with, and writes one module: every method and
function the loop reaches, as flat functions over named tuples of arrays, and the loop itself. State stays in the objects: it
goes in before a call and comes back after it, so a run may be cut into pieces, looked at in between, and go on interpreted.

Measured on LRU, 5 M Zipf requests, 1 M pages, capacity 100,000: jitclass 22, structref 40, this form 100 to 120 M requests/s.
What counts: all state in arrays that the caller owns, so that the loop needs no reference counts (numba's `_nrt=False`), and
indices compared as unsigned, which also makes the bounds check free.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sim.core import modules
from sim.core.errors import CannotCompile
from sim.core.kinds import (
    Array,
    Cell,
    Generator,
    Items,
    Kind,
    Number,
    Object,
    Static,
    Table,
    assigned_by,
    assigned_by_class,
    instances,
    kind_of,
    state,
)
from sim.core.rewrite import ARITHMETIC, RESERVED, Rewriter, plain
from sim.core.rows import Constant

PRELUDE = '''"""{title}: one machine-code loop, generated; edits are lost."""

import math
from collections import namedtuple

import numpy as np
from numba import njit, types
from numba.extending import overload

{arithmetic}
from sim.core.parts import PartCompiler  # {parts}

OPTIONS = {{"nogil": True, "boundscheck": {boundscheck}, {nrt}}}
PART = {{**OPTIONS, "pipeline_class": PartCompiler}}
jit = njit(**PART)
inlined = njit(forceinline=True, **PART)


@inlined
def at(array, axis, index):
    if sim__word(index) >= np.uint64(array.shape[axis]):
        raise IndexError("index outside the array")
    return sim__word(index)


@inlined
def of_pair(array, i, k):
    if sim__word(i) >= np.uint64(array.shape[0] >> 1):
        raise IndexError("index outside the array")
    return sim__word((i << 1) + k)


def as_int(value): ...
def as_float(value): ...
def as_bool(value): ...


@overload(as_int, jit_options=PART)
def _as_int(value):
    if isinstance(value, (types.Integer, types.Boolean)):
        return lambda value: value


@overload(as_float, jit_options=PART)
def _as_float(value):
    if isinstance(value, (types.Integer, types.Boolean, types.Float)):
        return lambda value: value


@overload(as_bool, jit_options=PART)
def _as_bool(value):
    if isinstance(value, types.Boolean):
        return lambda value: value


sim__at, sim__of_pair, sim__as_int, sim__as_float, sim__as_bool = at, of_pair, as_int, as_float, as_bool
'''

SMALL = 14
"""Functions of at most so many lines, without a loop, are inlined by force, and so are those called from one place. LLVM alone
leaves most of them out: LRU then runs at 44 instead of 120 M requests/s."""

MOST = 50
"""In modules of more functions than that, policies made of policies, inlining is left to LLVM unless the run is long: forced, the
code multiplies. `combiner` compiles in 9 s and runs at 1.2 M requests/s; forced, in 30 s, and then runs at 60 M."""

LONG = 10_000_000
"""A run of so many rows is worth the longer compilation."""

GUARDS = {"as_int": "an int", "as_float": "a float", "as_bool": "a bool"}


class CompiledLoop:
    """A loop ready to run as machine code on the objects it was compiled for.

    Attributes:
        is_new: no run has yet held it against the interpreted loop.
        module: the generated module; its source stands in `module.__file__`.
    """

    def __init__(self, module: Any, parts: _Parts):
        self.module = module
        self.is_new = not (hasattr(module, "is_trusted") or _beside(module, ".trusted").exists())
        self._parts = parts

    def __call__(self, start: int, stop: int) -> None:
        """Runs rows start to stop - 1; the objects' fields are as after the interpreted loop, also when it raises."""
        self._parts.load()
        try:
            self.module.loop(*self._parts.arguments, start, stop)
        finally:
            self._parts.store()

    def trust(self) -> None:
        """Remembers that it agreed with the interpreted loop."""
        self.module.is_trusted = True
        modules.keep(_beside(self.module, ".trusted"), b"")

    def refuse(self, reason: str) -> None:
        """Remembers that this module is not to be used; the next attempt to compile gives the reason."""
        refusal = {"reason": reason, "lines": [], "needs_memory": False}
        modules.keep(_beside(self.module, ".refused"), json.dumps(refusal).encode())


def compile_loop(loop: Callable[..., None], objects: dict[str, Any], title: str, n_rows: int = 0) -> CompiledLoop:
    """Compiles `loop(*objects, start, stop)` for these live objects.

    Args:
        loop: a module-level function; its leading parameters are named as the keys of `objects`, the last two are start, stop.
        objects: what it works on: systems, policies, structures, `Rows`; already begun.
        title: a word for the file name.
        n_rows: how many it will play, where that is known: many are worth a longer compilation.

    Raises:
        CannotCompile: with the construct that has no compiled form, and its line.
    """
    assigned = _assigned(loop, objects)
    kinds = {name: kind_of(value, assigned, name) for name, value in objects.items()}
    parts = _Parts()
    constructors = {name: parts.flatten(value, kinds[name]) for name, value in objects.items()}
    for nrt in (False, True):
        shape = (tuple(kinds.items()), tuple(constructors.items()), tuple(parts.names))
        generator, text = _written(title, nrt, n_rows >= LONG, loop, shape, repr(shape))
        if generator.is_stale():
            _written.cache_clear()
            generator, text = _written(title, nrt, n_rows >= LONG, loop, shape, repr(shape))
        module, _ = modules.load(text, re.sub(r"\W+", "_", title))
        compiled = CompiledLoop(module, parts)
        refusal = _try(compiled)
        if refusal is None:
            return compiled
        if nrt or not refusal["needs_memory"]:
            raise CannotCompile(refusal["reason"] + generator.origin(text, refusal["lines"]))
    raise AssertionError


@lru_cache(maxsize=256)
def _written(
    title: str, nrt: bool, is_long: bool, loop: Callable[..., None], shape: Any, _: str
) -> tuple[_Generator, str]:
    """The module's text for objects of this shape; `_` tells apart what Python holds equal, as True and 1."""
    kinds, constructors, names = shape
    generator = _Generator(title, nrt, is_long)
    return generator, generator.module(loop, dict(kinds), dict(constructors), list(names))


def _assigned(loop: Callable[..., None], objects: dict[str, Any]) -> frozenset[str]:
    """Names of all fields that anything in this run assigns: by name alone, so a field may be a cell without need."""
    classes = {type(instance) for value in objects.values() for instance in instances(value)}
    return assigned_by(loop).union(*(assigned_by_class(cls) for cls in classes))  # type: ignore[arg-type]


def _try(compiled: CompiledLoop) -> dict[str, Any] | None:
    """Compiles now, by a call over no rows. A refusal is given back, and remembered beside the module where it names a line: a
    fault of the compiler itself may be gone next time."""
    remembered = _beside(compiled.module, ".refused")
    if (refusal := _read(remembered)) is not None:
        return refusal
    from numba.core.errors import NumbaError

    try:
        compiled(0, 0)
        return None
    except NumbaError as error:
        refusal = _refusal(str(error), compiled.module.__file__)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # over no rows, only the compiler can raise
        refusal = {
            "reason": f"the compiler raised {type(error).__name__} ({error})",
            "lines": [],
            "needs_memory": False,
        }
    if refusal["lines"] or refusal["needs_memory"]:
        modules.keep(remembered, json.dumps(refusal).encode())
    return refusal


def _read(path: Path) -> dict[str, Any] | None:
    """A refusal from an earlier attempt; None where there is none, or none that can be read."""
    try:
        refusal = json.loads(path.read_bytes())
        return {key: refusal[key] for key in ("reason", "lines", "needs_memory")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _beside(module: Any, suffix: str) -> Path:
    return Path(module.__file__).with_suffix(suffix)


def _refusal(error: str, path: str) -> dict[str, Any]:
    """What numba's many lines come down to: the reason, the generated lines it names, whether memory management was missing."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    places = [
        int(n)
        for line in lines
        if path in line or Path(path).name in line
        for n in re.findall(r"\bline (\d+)|:(\d+)\)", line)
        for n in n
        if n
    ]
    guard = next((name for name in GUARDS if f"<function {name} " in error), None)
    noise = (
        "Failed in",
        "During",
        "File",
        "-",
        "There",
        "Of which",
        "Rejected",
        "Overload",
        "With argument",
        ">>>",
        "Did not match",
    )
    reason = next((line for line in lines if not line.startswith(noise)), lines[0]).rstrip(".:")
    if (told := re.search(r"NumbaTypeError: (.+)", error)) is not None:
        reason = told[1]
    reason = re.sub(r", location: .*", "", reason)
    if guard:
        reason = f"a field that begins as {GUARDS[guard]} is assigned another type"
    needs_memory = "NRT" in error or "Only accept returning of array passed into the function" in error
    return {"reason": reason, "lines": places, "needs_memory": needs_memory}


class _Parts:
    """The arguments of the generated loop: arrays as they are, changing numbers in arrays of one element."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.arguments: list[Any] = []
        self._numbers: list[tuple[Any, str, int]] = []
        self._cells: list[tuple[Any, str, np.ndarray, type]] = []
        self._known: dict[tuple[int, str], str] = {}
        self._classes: dict[tuple[str, tuple[str, ...]], str] = {}

    def flatten(self, value: Any, kind: Kind) -> str:
        """Adds the parts of `value` to the arguments; gives the expression that puts it together again."""
        if isinstance(kind, Static):
            return repr(kind.value)
        if isinstance(kind, Array | Generator):
            return self._argument(value, (id(value), ""))
        if isinstance(kind, Items):
            return "(" + "".join(f"{self.flatten(v, k)}, " for v, k in zip(value, kind.items, strict=True)) + ")"
        if isinstance(kind, Table):
            arrays = [
                self._argument(field.value if isinstance(field, Constant) else field, (id(field), ""))
                for (name, field), (_, field_kind) in zip(value.fields.items(), kind.fields, strict=True)
                if not isinstance(field_kind, Static)
            ]
            return f"{class_name(kind)}({', '.join(arrays)})"
        assert isinstance(kind, Object)
        fields = [self._field(value, name, field) for name, field in kind.fields if not isinstance(field, Static)]
        return f"{class_name(kind)}({', '.join(fields)})"

    def _field(self, owner: Any, name: str, kind: Kind) -> str:
        value = state(owner)[name]
        if isinstance(kind, Number):
            self._numbers.append((owner, name, len(self.arguments)))
            return self._argument(kind.type(value), None)
        if isinstance(kind, Cell):
            key = (id(owner), name)
            if key not in self._known:
                cell: np.ndarray = np.zeros(1, {bool: np.bool_, int: np.int64, float: np.float64}[kind.type])
                self._cells.append((owner, name, cell, kind.type))
                return self._argument(cell, key)
            return self._known[key]
        return self.flatten(value, kind)

    def _argument(self, value: Any, key: tuple[int, str] | None) -> str:
        if key is not None and key in self._known:
            return self._known[key]
        name = f"a{len(self.arguments)}"
        self.names.append(name)
        self.arguments.append(value)
        if key is not None:
            self._known[key] = name
        return name

    def load(self) -> None:
        for owner, name, cell, _ in self._cells:
            cell[0] = state(owner)[name]

    def store(self) -> None:
        for owner, name, cell, python in self._cells:
            setattr(owner, name, python(cell[0]))


def class_name(kind: Object | Table) -> str:
    """A name for the named tuple of a kind; different shapes of one class get different names."""
    shape = hashlib.sha256(repr(kind).encode()).hexdigest()[:6]
    return f"{kind.cls.__name__}_{shape}" if isinstance(kind, Object) else f"{kind.record}s_{shape}"


class _Generator:
    """Writes the module: asks for the functions that are reached, one after the other, until none is new."""

    def __init__(self, title: str, nrt: bool, is_long: bool):
        self.title = title
        self.nrt = nrt
        self.is_long = is_long
        self.unchecked = False
        self.names: dict[Any, str] = {}
        self.waiting: list[tuple[Any, type | None, tuple[Kind | None, ...], str]] = []
        self.tables: dict[str, Table] = {}
        self.texts: list[str] = []
        self.origins: list[list[str]] = []
        self.calls: dict[str, set[str]] = {}
        self.noted: list[tuple[Mapping[str, Any], str, Any]] = []
        self.writing = ""

    def flat_name(self, function: Callable[..., Any], owner: type | None, kinds: tuple[Kind | None, ...]) -> str:
        key = (function, kinds)
        if key not in self.names:
            prefix = next((class_name(k) for k in kinds[:1] if isinstance(k, Object)), "")
            base = f"{prefix}__{function.__name__}" if owner and prefix else f"of_{function.__name__}"
            name = f"{base}_{owner.__name__}" if owner and prefix and not prefix.startswith(owner.__name__) else base
            taken = set(self.names.values())
            self.names[key] = name if name not in taken else f"{name}_{len(taken)}"
            self.waiting.append((function, owner, kinds, self.names[key]))
        return self.names[key]

    def row_name(self, table: Table) -> str:
        name = f"{class_name(table)}__row"
        self.tables[name] = table
        return name

    def is_recursive(self, name: str) -> bool:
        """Notes that the function being written calls this one; whether that closes a circle."""
        self.calls.setdefault(self.writing, set()).add(name)
        reached, waiting = set(), [name]
        while waiting:
            reached.add(caller := waiting.pop())
            waiting += self.calls.get(caller, set()) - reached
        return self.writing in reached

    def note(self, namespace: Mapping[str, Any], name: str) -> None:
        self.noted.append((namespace, name, namespace.get(name)))

    def is_stale(self) -> bool:
        """Whether a constant, function or method that went into the text is another one by now."""
        return any(namespace.get(name) is not value for namespace, name, value in self.noted)

    def note_unchecked_index(self) -> None:
        self.unchecked = True

    def _with_inlining(self, text: str) -> str:
        """Marks a function for forced inlining that is short and straight, or called from one place only."""
        name = text.split("(", 1)[0].removeprefix("@jit\ndef ")
        n_calls = sum(len(re.findall(rf"(?<!def )\b{name}\(", other)) for other in self.texts)
        is_straight = not re.search(r"^\s*(for|while)\b", text, re.MULTILINE)
        if n_calls == 1 or (is_straight and text.count("\n") <= SMALL):
            return text.replace("@jit", "@inlined", 1)
        return text

    def origin(self, text: str, places: list[int]) -> str:
        """Where the first of these lines of the module's text was written: " (mine.py, line 12)", or nothing."""
        all_lines = text.splitlines()
        for place in places:
            for part, origins in zip(self.texts, self.origins, strict=True):
                head = part.splitlines()[1]
                start = all_lines.index(head)
                if 0 <= place - 1 - start < len(origins):
                    return f" ({origins[place - 1 - start]})"
        return ""

    def module(self, loop: Any, kinds: dict[str, Kind], constructors: dict[str, str], names: list[str]) -> str:
        run = self.flat_name(loop, None, (*kinds.values(), None, None))
        while self.waiting:
            function, owner, function_kinds, name = self.waiting.pop(0)
            self.writing = name
            rewriter = Rewriter(function, owner, function_kinds, self)
            lines, origins = _unparse(rewriter.rewrite(name))
            self.texts.append("\n".join(["@jit", *lines, ""]))
            self.origins.append([f"{Path(rewriter.file).name}, line {n}" for n in origins])
        if self.is_long or len(self.texts) <= MOST:
            self.texts = [self._with_inlining(text) for text in self.texts]
        tuples = dict.fromkeys(_tuple_text(kind) for value in kinds.values() for kind in _shapes(value))
        rows = [_row_text(name, table) for name, table in self.tables.items()]
        build = "".join(f"    {name} = {text}\n" for name, text in constructors.items())
        entry = (
            f"@njit(cache=True, **OPTIONS)\ndef loop({', '.join([*names, 'start', 'stop'])}):\n{build}"
            f"    {run}({', '.join([*constructors, 'start', 'stop'])})\n"
        )
        prelude = PRELUDE.format(
            title=self.title,
            boundscheck=self.unchecked,
            nrt="" if self.nrt else '"_nrt": False',
            arithmetic=_arithmetic(),
            parts=_digest("parts.py"),
        )
        return "\n\n".join([prelude, "\n".join(tuples), *rows, *self.texts, entry])


@cache
def _arithmetic() -> str:
    """The import of the arithmetic, with the digest of its text, so that an edit of it gives new modules."""
    digest = _digest("arithmetic.py")
    signed = [name for name in ARITHMETIC.values() if name != "power"]
    names = [*ARITHMETIC.values(), *(f"i{name.rstrip('_')}" for name in signed), *OTHERS]
    return f"# {digest}\n" + "\n".join(f"from sim.core.arithmetic import {name} as {RESERVED}{name}" for name in names)


OTHERS = ("ceil", "fit", "floor", "invert", "nearest", "neg", "touch", "whole", "word")
"""Functions of the arithmetic that stand for no operator of two numbers."""


@cache
def _digest(file: str) -> str:
    """Of a file beside this one whose code shapes the machine code: an edit of it gives new modules."""
    return hashlib.sha256(Path(__file__).with_name(file).read_bytes()).hexdigest()[:20]


def _unparse(tree: ast.FunctionDef) -> tuple[list[str], list[int]]:
    """The function's lines of text, and for each the line of its source; these stay out of the text, which is hashed."""
    lines: list[str] = []
    origins: list[int] = []

    def add(node: ast.AST, indent: str, line: int) -> None:
        new = ast.unparse(ast.fix_missing_locations(node)).splitlines()
        lines.extend(indent + part for part in new)
        origins.extend([line] * len(new))

    def write(statements: list[ast.stmt], indent: str, line: int) -> None:
        for statement in statements:
            line = getattr(statement, "lineno", line)
            if not isinstance(statement, ast.If | ast.While | ast.For):
                add(statement, indent, line)
                continue
            add(type(statement)(**{**dict(ast.iter_fields(statement)), "body": [], "orelse": []}), indent, line)
            write(statement.body, indent + "    ", line)
            if statement.orelse:
                lines.append(f"{indent}else:")
                origins.append(line)
                write(statement.orelse, indent + "    ", line)

    add(
        ast.FunctionDef(name=tree.name, args=tree.args, body=[], decorator_list=[], lineno=tree.lineno), "", tree.lineno
    )
    write(tree.body, "    ", tree.lineno)
    return lines, origins


def _shapes(kind: Kind) -> list[Object | Table]:
    """All shapes of named tuples within a kind."""
    if isinstance(kind, Items):
        return [shape for item in kind.items for shape in _shapes(item)]
    if isinstance(kind, Object):
        return [*(shape for _, field in kind.fields for shape in _shapes(field)), kind]
    return [kind] if isinstance(kind, Table) else []


def _tuple_text(kind: Object | Table) -> str:
    names = [plain(name) for name, field in kind.fields if not isinstance(field, Static)]
    return f'{class_name(kind)} = namedtuple("{class_name(kind)}", {names!r})'


def _row_text(name: str, table: Table) -> str:
    """The function that makes one record; integers widen, so that no sum of 32-bit columns overflows."""
    record = f"{class_name(table)}_record"
    fields = ["index", *(field for field, _ in table.fields)]
    values = ["index"]
    for field, kind in table.fields:
        if isinstance(kind, Static):
            values.append(repr(kind.value))
        elif isinstance(kind, Array):
            values.append(f"rows.{field}")
        else:
            assert isinstance(kind, Number)
            values.append(f"{kind.type.__name__}(rows.{field}[sim__word(index)])")
    return (
        f'{record} = namedtuple("{record}", {fields!r})\n\n\n'
        f"@inlined\ndef {name}(rows, index):\n"
        f"    return {record}({', '.join(values)})\n"
    )
