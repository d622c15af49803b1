"""Which local names may be read before they have a value: Python raises there, machine code would read whatever lies there."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


def unbound(function: ast.FunctionDef) -> ast.Name | None:
    """Gives the first reading of a local name that some way through the function leaves without a value."""
    flow = _Flow(_stored(function))
    flow.run(function.body, {argument.arg for argument in function.args.args})
    return flow.found


@dataclass
class _Flow:
    """Walks the statements with the names bound so far; None in their place where no way leads."""

    names: set[str]
    found: ast.Name | None = None
    broken: list[list[set[str]]] = field(default_factory=list)

    def run(self, statements: list[ast.stmt], bound: set[str] | None) -> set[str] | None:
        for statement in statements:
            if bound is None:
                return None
            bound = self.step(statement, bound)
        return bound

    def step(self, statement: ast.stmt, bound: set[str]) -> set[str] | None:
        match statement:
            case ast.If():
                self.read(statement.test, bound)
                return _either(self.run(statement.body, set(bound)), self.run(statement.orelse, set(bound)))
            case ast.While():
                self.read(statement.test, bound)
                endless = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
                return self.loop(statement, bound, set(bound), None if endless else set(bound))
            case ast.For():
                self.read(statement.iter, bound)
                return self.loop(statement, bound, bound | _stored(statement.target), set(bound))
            case ast.Break():
                self.broken[-1].append(bound)
                return None
            case ast.Continue():
                return None
            case ast.Return() | ast.Raise():
                self.read(statement, bound)
                return None
            case _:
                self.read(statement, bound)
                return bound | _stored(statement)

    def loop(
        self, statement: ast.For | ast.While, bound: set[str], inside: set[str], exhausted: set[str] | None
    ) -> set[str] | None:
        self.broken.append([])
        self.run(statement.body, inside)
        end = None if exhausted is None else self.run(statement.orelse, exhausted)
        for broken in self.broken.pop():
            end = _either(end, broken)
        return end

    def read(self, node: ast.AST, bound: set[str]) -> None:
        own = {name for part in ast.walk(node) if isinstance(part, ast.comprehension) for name in _stored(part.target)}
        for part in ast.walk(node):
            is_read = isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in self.names - own
            if is_read and part.id not in bound and self.found is None:  # type: ignore[attr-defined]
                self.found = part  # type: ignore[assignment]


def _is_store(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _stored(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if _is_store(part)}  # type: ignore[attr-defined]


def _either(one: set[str] | None, other: set[str] | None) -> set[str] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other
