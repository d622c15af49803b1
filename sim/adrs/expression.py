"""Formulas as trees: printed as readable Python, read back from it, and turned into programs."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.adrs import program
from sim.core.errors import InputError

MOST_NODES = 64
"""A formula has no more, so that every score is told in bounded time."""

DEEPEST = 8


@dataclass(frozen=True)
class Operator:
    """A function of formulas.

    Args:
        code: in programs.
        n_arguments: how many it takes.
        commutes: its two arguments may be exchanged.
    """

    code: int
    n_arguments: int
    commutes: bool = False


OPERATORS = {
    "add": Operator(program.ADD, 2, commutes=True),
    "subtract": Operator(program.SUBTRACT, 2),
    "multiply": Operator(program.MULTIPLY, 2, commutes=True),
    "divide": Operator(program.DIVIDE, 2),
    "min": Operator(program.LEAST, 2),
    "max": Operator(program.LARGEST, 2),
    "log": Operator(program.LOG, 1),
    "sqrt": Operator(program.SQRT, 1),
    "negate": Operator(program.NEGATE, 1),
    "if_less": Operator(program.IF_LESS, 4),
}
"""What formulas are made of: `if_less(a, b, c, d)` is c where a < b, else d."""

CONSTANT = "constant"

SIGNS: dict[str, type[ast.operator]] = {"add": ast.Add, "subtract": ast.Sub, "multiply": ast.Mult}


@dataclass(frozen=True)
class Node:
    """A formula: a constant, a feature, or an operator over formulas.

    Args:
        name: "constant", an operator's name, or a feature's.
        arguments: the formulas an operator takes.
        value: of a constant, finite; a negated constant is a constant.
    """

    name: str
    arguments: tuple[Node, ...] = ()
    value: float = 0.0

    def __post_init__(self):
        if self.name == "negate" and self.arguments[0].name == CONSTANT:  # Python reads -2.0 as one constant
            for name, value in (("name", CONSTANT), ("value", -self.arguments[0].value), ("arguments", ())):
                object.__setattr__(self, name, value)

    @cached_property
    def size(self) -> int:
        """Number of nodes."""
        return 1 + sum(part.size for part in self.arguments)

    @cached_property
    def depth(self) -> int:
        """Operators one within the other; 0 for a feature or constant."""
        return 1 + max(part.depth for part in self.arguments) if self.arguments else 0

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Names of the features it reads, in order of first appearance."""
        if self.arguments:
            return tuple(dict.fromkeys(name for part in self.arguments for name in part.features))
        return () if self.name == CONSTANT else (self.name,)

    def __str__(self) -> str:
        return ast.unparse(self.tree())

    def tree(self) -> ast.expr:
        """The formula as Python."""
        if self.name == CONSTANT:
            number = ast.Constant(abs(self.value))
            return ast.UnaryOp(ast.USub(), number) if math.copysign(1.0, self.value) < 0 else number
        parts = [part.tree() for part in self.arguments]
        if self.name in SIGNS:
            return ast.BinOp(parts[0], SIGNS[self.name](), parts[1])
        if self.name == "negate":
            return ast.UnaryOp(ast.USub(), parts[0])
        if self.name == "if_less":
            return ast.IfExp(ast.Compare(parts[0], [ast.Lt()], [parts[1]]), parts[2], parts[3])
        name = ast.Name(self.name)
        return ast.Call(name, parts, []) if parts else name

    def program(self, features: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The formula's steps and constants, see `Program`; features are numbered as given."""
        numbers = {name: program.FEATURE + k for k, name in enumerate(features)}
        steps = list(postfix(self))
        codes = [
            program.CONSTANT if n.name == CONSTANT else OPERATORS[n.name].code if n.arguments else numbers[n.name]
            for n in steps
        ]
        return np.array(codes, np.int64), np.array([node.value for node in steps])

    def at(self, place: int) -> Node:
        """The formula within, by its place in the order from the root, first arguments first."""
        return list(prefix(self))[place]

    def replaced(self, place: int, part: Node) -> Node:
        """The formula with another one at a place."""
        if place == 0:
            return part
        place -= 1
        arguments = list(self.arguments)
        for i, argument in enumerate(arguments):
            if place < argument.size:
                arguments[i] = argument.replaced(place, part)
                break
            place -= argument.size
        return Node(self.name, tuple(arguments), self.value)

    def mapped(self, change: Callable[[Node], Node]) -> Node:
        """The formula with every node changed, arguments before what they are arguments of."""
        return change(Node(self.name, tuple(part.mapped(change) for part in self.arguments), self.value))

    @property
    def plain(self) -> Node:
        """The same value to the last bit, with fewer signs: `a - b` for `a + -b`, `a + b` for `a - -b`, `a` for `--a`."""
        return self.mapped(_plainer)

    @property
    def constants(self) -> tuple[float, ...]:
        """Its constants, in order from the root."""
        return tuple(node.value for node in prefix(self) if node.name == CONSTANT)

    def with_constants(self, values: Sequence[float]) -> Node:
        """The formula with these constants in place of its own, in order from the root."""
        waiting = list(values)

        def filled(node: Node) -> Node:
            if node.name == CONSTANT:
                return constant(waiting.pop(0))
            return Node(node.name, tuple(filled(part) for part in node.arguments))

        return filled(self)


def constant(value: float) -> Node:
    """A constant; what is not finite is refused."""
    if not math.isfinite(value):
        raise ValueError(f"a formula's constant must be finite, got {value}")
    return Node(CONSTANT, (), float(value))


def _plainer(node: Node) -> Node:
    match node:
        case Node("negate", (Node("negate", (part,)),)):
            return part
        case Node("add" | "subtract" as sign, (left, right)):
            other = "subtract" if sign == "add" else "add"
            if right.name == "negate":
                return Node(other, (left, right.arguments[0]))
            if right.name == CONSTANT and math.copysign(1.0, right.value) < 0:
                return Node(other, (left, constant(-right.value)))
    return node


def prefix(node: Node) -> Iterator[Node]:
    """All formulas within, a formula before its arguments."""
    yield node
    for part in node.arguments:
        yield from prefix(part)


def postfix(node: Node) -> Iterator[Node]:
    """All formulas within, a formula after its arguments."""
    for part in node.arguments:
        yield from postfix(part)
    yield node


def parse(text: str, features: Sequence[str]) -> Node:
    """Reads a formula from Python.

    Raises:
        InputError: it is none, or names a feature that is not among these.
    """
    try:
        return read(ast.parse(text, mode="eval").body, features)
    except SyntaxError as error:
        raise InputError(f'formula "{text}" is no Python: {error.msg}') from None


def read(tree: ast.expr, features: Sequence[str]) -> Node:
    """Reads a formula from a syntax tree; errors as `parse`."""
    match tree:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as value) if math.isfinite(value):
            return constant(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if math.isfinite(value):
            return constant(-float(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Node("negate", (read(operand, features),))
        case ast.BinOp(left=left, op=op, right=right) if name := next(
            (n for n, s in SIGNS.items() if type(op) is s), ""
        ):
            return Node(name, (read(left, features), read(right, features)))
        case ast.IfExp(test=ast.Compare(left=left, ops=[ast.Lt()], comparators=[right]), body=body, orelse=orelse):
            return Node("if_less", tuple(read(part, features) for part in (left, right, body, orelse)))
        case ast.Name(id=name) if name in features:
            return Node(name)
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if (
            name in ("divide", "min", "max", "log", "sqrt") and len(parts) == OPERATORS[name].n_arguments
        ):
            return Node(name, tuple(read(part, features) for part in parts))
    raise InputError(
        f'"{ast.unparse(tree)}" is no part of a formula; it may have numbers, + - *, divide, min, max, log, sqrt, '
        f"`x if a < b else y` and the features {', '.join(features)}"
    )


def canonical(node: Node) -> str:
    """A text that is equal for formulas that differ by the order of commuting arguments or beyond six digits of a constant."""

    def ordered(part: Node) -> Node:
        if part.name == CONSTANT:
            return constant(float(f"{part.value:.6g}"))
        if part.arguments and OPERATORS[part.name].commutes:
            return Node(part.name, tuple(sorted(part.arguments, key=str)))
        return part

    return str(node.mapped(ordered))
