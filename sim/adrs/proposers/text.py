"""A policy's file as text and tree at once: where things stand, and the file with lines replaced."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

Block = list[ast.stmt]


class File:
    """A file of one policy.

    Args:
        source: Python; one that does not parse has no policy.
    """

    def __init__(self, source: str):
        self.source = source
        self.bytes = source.encode()
        try:
            self.tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.tree = ast.parse("")
        self.lines = source.split("\n")
        self.starts = [0]
        for line in self.bytes.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    @cached_property
    def policy(self) -> ast.ClassDef | None:
        """Its class: the last public one with a base."""
        classes = [
            node for node in self.tree.body if isinstance(node, ast.ClassDef) and node.bases and node.name[0] != "_"
        ]
        return classes[-1] if classes else None

    @cached_property
    def methods(self) -> list[ast.FunctionDef]:
        return [] if self.policy is None else [node for node in self.policy.body if isinstance(node, ast.FunctionDef)]

    @cached_property
    def deciding(self) -> list[ast.FunctionDef]:
        """The methods that have a part in decisions."""
        return [method for method in self.methods if method.name not in ("bound", "notices", "__post_init__")]

    @cached_property
    def globals(self) -> dict[str, ast.stmt]:
        """Names that the file itself defines, with their statements; imports are no part of them."""
        found: dict[str, ast.stmt] = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                found.update(
                    (part.id, node) for part in ast.walk(node) if isinstance(part, ast.Name) and _is_stored(part)
                )
        return found

    @cached_property
    def fields(self) -> dict[str, ast.stmt]:
        """The class's fields, with their statements."""
        body = [] if self.policy is None else self.policy.body
        return {
            part.id: node
            for node in body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and _is_stored(part)
        }

    @cached_property
    def begin(self) -> ast.FunctionDef | None:
        return next((method for method in self.methods if method.name == "begin"), None)

    @cached_property
    def state(self) -> dict[str, list[ast.stmt]]:
        """Fields that `begin` sets up, with the statements that do."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in self.begin.body if self.begin else ():
            for name in dict.fromkeys(attributes(statement, stored=True)):
                found.setdefault(name, []).append(statement)
        return found

    @cached_property
    def numbers(self) -> list[str]:
        """Fields that `begin` sets to a number."""
        return [
            name
            for name, statements in self.state.items()
            if any(
                isinstance(s, ast.Assign) and isinstance(s.value, ast.Constant) and type(s.value.value) in (int, float)
                for s in statements
            )
        ]

    @cached_property
    def unset(self) -> set[str]:
        """Variables that some function reads and nothing has set before, in the order of the text."""
        known = set(dir(builtins)) | set(self.globals)
        known |= {alias.asname or alias.name for node in self.tree.body for alias in getattr(node, "names", ())}
        found: set[str] = set()
        for function in [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]:
            inner = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
            inner |= {
                name
                for node in ast.walk(function)
                if isinstance(node, ast.comprehension)
                for name in stored(node.target)
            }
            names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
            changed = {id(node.target) for node in ast.walk(function) if isinstance(node, ast.AugAssign)}
            lines: dict[str, int] = {}
            for node in names:
                if _is_stored(node) and id(node) not in changed:
                    lines[node.id] = min(node.lineno, lines.get(node.id, node.lineno))
            local = {node.id for node in names if _is_stored(node)}
            for node in names:
                is_read = not _is_stored(node) or id(node) in changed
                is_set = node.id in inner or lines.get(node.id, node.lineno) < node.lineno
                if is_read and not is_set and (node.id in local or node.id not in known):
                    found.add(node.id)
        return found

    def inside(self, *kinds: type[ast.AST], everywhere: bool = False) -> list[Any]:
        """Nodes of these kinds in the order of the text, in the methods that decide alone or also in constants and fields; texts,
        tuples of constants that only number things, places in arrays by a constant, and refusals are left out."""
        roots: list[ast.AST] = list(self.deciding)
        if everywhere:
            others = [node for node in (*self.globals.values(), *self.fields.values()) if node is not self.policy]
            roots = [node for node in others if not _numbers_things(node)] + roots
        found = {id(node): node for root in roots for node in _within(root) if isinstance(node, kinds)}
        return sorted(
            found.values(), key=lambda node: (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        )

    def blocks(self, function: ast.FunctionDef) -> Iterator[Block]:
        """All lists of statements of a function."""
        for node in ast.walk(function):
            for name in ("body", "orelse"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    yield block

    def span(self, node: Any) -> tuple[int, int]:
        """Where a node stands, in bytes."""
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: Any) -> str:
        """A node's text, further lines dedented with the first."""
        start, end = self.span(node)
        return textwrap.dedent(" " * node.col_offset + self.bytes[start:end].decode())

    def where(self, node: Any) -> str:
        """The function that a node stands in, or "the constants"."""
        for function in ast.walk(self.tree):
            if isinstance(function, ast.FunctionDef) and function.lineno <= node.lineno <= (function.end_lineno or 0):
                return function.name
        return "the constants"

    def is_docstring(self, statement: ast.stmt) -> bool:
        return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)

    def is_in_loop(self, statement: ast.stmt) -> bool:
        return any(isinstance(node, ast.For | ast.While) and node is not statement for node in self._around(statement))

    def leads_to(self, node: ast.AST, statement: ast.stmt) -> bool:
        """Whether what a node sets is surely there at a statement: it stands before, not in a branch that was left."""
        around = {id(outer) for outer in self._around(statement)}
        return all(
            id(outer) in around or not isinstance(outer, ast.If | ast.For | ast.While) for outer in self._around(node)
        )

    def _around(self, node: Any) -> list[ast.AST]:
        """All that a node stands in, itself included."""
        return [
            outer
            for outer in ast.walk(self.tree)
            if isinstance(outer, ast.stmt)
            and outer.lineno <= node.lineno
            and (node.end_lineno or 0) <= (outer.end_lineno or 0)
        ]

    def starts_mid_line(self, statement: ast.stmt) -> bool:
        """Whether something other than blanks stands before a statement on its line, or after it on its last one."""
        start, end = self.span(statement)
        before = self.bytes[self.starts[statement.lineno - 1] : start].strip()
        after = self.bytes[end : self.starts[statement.end_lineno or 0]].strip()
        return bool(before) or (bool(after) and not after.startswith(b"#"))

    def replaced(self, start: int, end: int, text: str) -> str:
        """The file with other text between two places, in bytes."""
        return (self.bytes[:start] + text.encode() + self.bytes[end:]).decode()

    def with_edits(self, edits: Sequence[tuple[int, int, str]]) -> str:
        """The file with whole lines replaced.

        Args:
            edits: first and last line, counted from 1, and the text in their place, of whole lines; a last line one before the
                first replaces nothing. They do not overlap.
        """
        lines = self.lines
        for first, last, text in sorted(edits, key=lambda edit: edit[:2])[::-1]:
            lines = _joined(lines[: first - 1], text.split("\n")[:-1], lines[last:])
        return "\n".join(lines).rstrip() + "\n"


def _joined(before: list[str], new: list[str], after: list[str]) -> list[str]:
    """Lines put together without blank ones where a block begins, or several where something was taken out."""
    if not new:
        opens = next((line for line in reversed(before) if line.strip()), "").rstrip().endswith(":")
        closes = next((line for line in after if line.strip()), "").lstrip().startswith(("else:", "elif "))
        while before and not before[-1].strip() and (closes or (after and not after[0].strip())):
            before = before[:-1]
        while (opens or closes) and after and not after[0].strip():
            after = after[1:]
    return [*before, *new, *after]


def indented(text: str, indent: str) -> str:
    return textwrap.indent(text, indent)


def attributes(tree: ast.AST, stored: bool = False) -> Iterator[str]:
    """Names of the policy's own fields and methods in a tree; or those that are set, wholly or an item of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            if not stored or _is_stored(node):
                yield node.attr
        elif stored and isinstance(node, ast.Subscript) and _is_stored(node):
            yield from attributes(node.value)


def stored(*trees: ast.AST) -> Iterator[str]:
    """Names of the variables that are set in some trees."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and _is_stored(node):
                yield node.id


def _is_stored(node: Any) -> bool:
    return isinstance(node.ctx, ast.Store)


def refuses(node: ast.AST) -> bool:
    """Whether a statement only raises an error where a parameter is wrong."""
    return isinstance(node, ast.Raise) or (isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise))


def _numbers_things(node: ast.AST) -> bool:
    """Whether a statement only gives numbers to names: `SMALL, MAIN, GHOST = 0, 1, 2`."""
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)


def _within(root: ast.AST) -> Iterator[ast.AST]:
    """All below a node but annotations, texts, places by a constant, and refusals."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if refuses(node):
            continue
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns") or (name == "slice" and isinstance(value, ast.Constant)):
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [
                child for child in children if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr)
            ]
