"""Library policies with other parameters, as sources: the policy's own file, whose fields have other defaults."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import math
from collections.abc import Mapping
from pathlib import Path

from sim.core.errors import InputError
from sim.core.policy import Policy
from sim.study import catalog


class Shelf:
    """The policies of a domain's library.

    Args:
        domain: its word.
    """

    def __init__(self, domain: str):
        self.domain = domain
        self._names: dict[str, str] = {}

    def source(self, name: str, parameters: Mapping[str, int | float]) -> str:
        """The file of a policy with these defaults; without any, the file as it is."""
        cls = catalog.policy_class(self.domain, name)
        text = Path(inspect.getfile(cls)).read_text()
        lines, now = text.splitlines(keepends=True), _values(text)
        for node in _fields(text):
            assert isinstance(node.target, ast.Name)
            if node.target.id in parameters and parameters[node.target.id] != now.get(node.target.id):
                declared = ast.unparse(node.annotation)
                lines[node.lineno - 1] = f"    {node.target.id}: {declared} = {parameters[node.target.id]!r}\n"
        return "".join(lines)

    def read(self, source: str, most: float = math.inf) -> Policy | None:
        """The policy of a file that `source` wrote; None for any other file, and where a number in it is beyond `most`."""
        try:
            name = self._name(source)
            if name is None:
                return None
            cls = catalog.policy_class(self.domain, name)
            if self.source(name, {}) == source:
                return cls()
            fields = _values(source)
        except (SyntaxError, ValueError):
            return None
        if self.source(name, fields) != source or any(abs(value) > most for value in fields.values()):
            return None
        wanted = {f.name for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
        try:
            return cls(**{key: value for key, value in fields.items() if key in wanted})
        except (InputError, TypeError, ValueError):
            return None

    def _name(self, source: str) -> str | None:
        """The library's policy whose public class a source defines."""
        if not self._names:
            for name in catalog.policies(self.domain):
                self._names[catalog.policy_class(self.domain, name).__name__] = name
        classes = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        return next((self._names[name] for name in classes if name in self._names), None)


def _values(source: str) -> dict[str, int | float]:
    """The defaults that are plain numbers."""
    found = {}
    for node in _fields(source):
        assert isinstance(node.target, ast.Name) and node.value is not None
        if isinstance(node.value, ast.Constant | ast.UnaryOp):
            found[node.target.id] = ast.literal_eval(node.value)
    return {name: value for name, value in found.items() if type(value) in (int, float)}


def _fields(source: str) -> list[ast.AnnAssign]:
    """The annotated fields with a value, on one line each, of the classes of a file."""
    return [
        node
        for cls in ast.parse(source).body
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.AnnAssign) and node.value is not None and node.lineno == node.end_lineno
    ]
