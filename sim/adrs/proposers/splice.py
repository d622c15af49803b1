"""Parts of one policy put into another, with all that they need there: constants, fields, state, functions, upkeep.

Names that both policies use for different things are made different; what both have in equal words they share.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sim.adrs import seen
from sim.adrs.proposers.text import File, attributes, indented, stored

HOOKS = frozenset(
    {"begin", "score", "index", "bound", "notices", *(verb for verbs in seen.VERBS.values() for verb in verbs)}
)
"""Methods that a policy is asked by; it keeps its own."""

Edit = tuple[int, int, str]
"""First and last line that are replaced, from 1; nothing is replaced where the last is one before the first."""


def method(file: File, mine: ast.FunctionDef, other: File, theirs: ast.FunctionDef, rng: Any) -> tuple[str, str] | None:
    """The file with one of its methods replaced by another policy's."""
    graft = _Graft(file, other, mine)
    if not graft.take(theirs):
        return None
    text = indented(graft.text(theirs), "    ")
    source = graft.applied([(mine.lineno, mine.end_lineno or mine.lineno, f"{text}\n")])
    return source, f"took {mine.name} of another, {_name(other)}"


def statements(
    file: File, mine: ast.FunctionDef, other: File, theirs: ast.FunctionDef, rng: Any
) -> tuple[str, str] | None:
    """The file with the end of one of its methods replaced by the end of its namesake in another policy."""
    ours, new = _proper(file, mine), _proper(other, theirs)
    if len(ours) < 1 or len(new) < 1:
        return None
    kept = ours[: int(rng.random() * (len(ours) + 1))]
    taken = new[int(rng.random() * len(new)) :]
    if (not kept and len(taken) == len(new)) or (kept and isinstance(kept[-1], ast.Return)):
        return None
    graft = _Graft(file, other, mine)
    if not all(map(graft.take, taken)):
        return None
    text = "".join(indented(graft.text(statement), " " * 8) + "\n" for statement in taken)
    left = ours[len(kept) :]
    first = left[0].lineno if left else (mine.end_lineno or 0) + 1
    source = graft.applied([(first, mine.end_lineno or 0, text)])
    return source, f"ended {mine.name} as another, {_name(other)}, from statement {len(new) - len(taken) + 1} on"


class _Graft:
    """What comes from another policy's file.

    Args:
        file: that it comes into.
        other: that it comes from.
        replaced: the method that is replaced, which therefore needs no upkeep.
    """

    def __init__(self, file: File, other: File, replaced: ast.FunctionDef):
        self.file = file
        self.other = other
        self.replaced = replaced
        self.is_akin = _base(file) == _base(other)
        self.taken: dict[int, ast.AST] = {}
        self.globals: dict[str, ast.stmt] = {}
        self.fields: dict[str, ast.stmt] = {}
        self.state: dict[str, list[ast.stmt]] = {}
        self.methods: dict[str, ast.FunctionDef] = {}
        self.other_methods = {each.name: each for each in other.methods}
        self.own_methods = {each.name: each for each in file.methods}
        self.new_names: dict[str, str] = {}

    def take(self, tree: ast.AST) -> bool:
        """Takes what a part needs; False where that cannot be had."""
        if id(tree) in self.taken:
            return True
        self.taken[id(tree)] = tree
        return all(map(self._take_global, _names(tree))) and all(
            map(self._take_attribute, dict.fromkeys(attributes(tree)))
        )

    def _take_global(self, name: str) -> bool:
        statement = self.other.globals.get(name)
        if statement is None or name in self.globals:
            return True
        own = self.file.globals.get(name)
        if own is not None and self.file.text(own) == self.other.text(statement):
            return True
        self.globals[name] = statement
        if own is not None:
            self._rename(name)
        return self.take(statement) and all(map(self._take_global, stored(statement)))

    def _take_attribute(self, name: str) -> bool:
        if name in self.methods or name in self.fields or name in self.state:
            return True
        if name in self.other_methods:
            return self._take_method(name)
        statements = [self.other.fields[name]] if name in self.other.fields else self.other.state.get(name)
        if statements is None:
            return self.is_akin or name in self.file.state or name in self.file.fields
        own = [self.file.fields[name]] if name in self.file.fields else self.file.state.get(name)
        if own is not None and list(map(self.file.text, own)) == list(map(self.other.text, statements)):
            return True
        if own is not None or name in self.own_methods:
            self._rename(name)
        if name in self.other.fields:
            self.fields[name] = self.other.fields[name]
            return self.take(self.other.fields[name])
        return self._take_state(name, statements)

    def _take_state(self, name: str, statements: Sequence[ast.stmt]) -> bool:
        own, begin = self.file.begin, self.other.begin
        if begin is None or (ast.dump(own.args) != ast.dump(begin.args) if own else not self.is_akin):
            return False
        self.state[name] = _with_locals(begin.body, statements)
        return all(map(self.take, self.state[name]))

    def _take_method(self, name: str) -> bool:
        theirs, own = self.other_methods[name], self.own_methods.get(name)
        if own is not None and (name in HOOKS or self.file.text(own) == self.other.text(theirs)):
            return True
        if own is not None or name in self.file.state or name in self.file.fields:
            self._rename(name)
        self.methods[name] = theirs
        return self.take(theirs)

    def _rename(self, name: str) -> None:
        taken = {*self.file.globals, *self.file.fields, *self.file.state, *self.own_methods, *self.new_names.values()}
        k = 2
        while f"{name}_{k}" in taken:
            k += 1
        self.new_names[name] = f"{name}_{k}"

    def text(self, node: Any) -> str:
        """A part as it stands in the file that it comes into: dedented, its names made different where they have to be."""
        return renamed(self.other.text(node), self.new_names)

    def applied(self, edits: list[Edit]) -> str:
        """The file with these edits and all that was taken for them."""
        upkeep = self._upkeep()
        if self.fields:
            edits.append(self._after_fields(_distinct(self.fields.values())))
        if self.state:
            edits.append(self._into_begin(_distinct(part for parts in self.state.values() for part in parts)))
        edits += upkeep
        if self.methods:
            assert self.file.policy is not None
            end = (self.file.policy.end_lineno or 0) + 1
            edits.append(
                (end, end - 1, "".join(f"\n{self._lines([each], 4)}" for each in _distinct(self.methods.values())))
            )
        things = _distinct(self.globals.values())
        if constants := [node for node in things if isinstance(node, ast.Assign | ast.AnnAssign)]:
            first = _first_statement(self.file)
            gap = "" if isinstance(first, ast.Assign | ast.AnnAssign) else "\n\n"
            edits.append((first.lineno, first.lineno - 1, self._lines(constants, 0) + gap))
        source = self.file.with_edits(edits)
        functions = [node for node in things if not isinstance(node, ast.Assign | ast.AnnAssign)]
        return source + "".join(f"\n\n{self._lines([node], 0)}" for node in functions)

    def _lines(self, nodes: Sequence[ast.AST], columns: int) -> str:
        return "".join(indented(self.text(node), " " * columns) + "\n" for node in nodes)

    def _after_fields(self, fields: Sequence[ast.AST]) -> Edit:
        policy = self.file.policy
        assert policy is not None
        own = list(self.file.fields.values())
        text = self._lines(fields, 4)
        if own:
            line = max(node.end_lineno or 0 for node in own) + 1
            return line, line - 1, text
        first = policy.body[0]
        if self.file.is_docstring(first):
            line = (first.end_lineno or 0) + 1
            return line, line - 1, f"\n{text}"
        return first.lineno, first.lineno - 1, f"{text}\n"

    def _into_begin(self, statements: Sequence[ast.AST]) -> Edit:
        text = self._lines(statements, 8)
        if self.file.begin is not None:
            end = (self.file.begin.end_lineno or 0) + 1
            return end, end - 1, text
        first = self.file.methods[0].lineno
        arguments = ast.unparse(self.other.begin.args) if self.other.begin else ""
        inherited = arguments.removeprefix("self, ")
        return first, first - 1, f"    def begin({arguments}):\n        super().begin({inherited})\n{text}\n"

    def _upkeep(self) -> list[Edit]:
        """Statements of the other policy's verbs that keep the state that was taken; they begin the file's own verbs."""
        edits: list[Edit] = []
        done: set[str] = set()
        while pending := [each for each in self.other.methods if each.name not in done and self._keeps(each)]:
            theirs = pending[0]
            done.add(theirs.name)
            own = self.own_methods.get(theirs.name)
            if own is None:
                if (
                    self.is_akin
                    and theirs.name not in self.methods
                    and _base(self.file).endswith(".Policy")
                    and self.take(theirs)
                ):
                    self.methods[theirs.name] = theirs
                continue
            if ast.dump(own.args) != ast.dump(theirs.args):
                continue
            found = _with_locals(theirs.body, list(self._concerned(theirs)))
            if any(isinstance(node, ast.Return) for s in found for node in ast.walk(s)) or not all(
                map(self.take, found)
            ):
                continue
            ours = _proper(self.file, own)
            if found and ours:
                edits.append((ours[0].lineno, ours[0].lineno - 1, self._lines(found, 8)))
        return edits

    def _concerned(self, theirs: ast.FunctionDef) -> Iterator[ast.stmt]:
        """Statements that name state that was taken, or a variable that stands for it."""
        aliases: set[str] = set()
        for statement in _proper(self.other, theirs):
            is_of_state = bool(set(attributes(statement)) & set(self.state))
            if is_of_state and isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Attribute):
                aliases |= set(stored(statement))
            elif is_of_state or aliases & set(_names(statement)):
                yield statement

    def _keeps(self, theirs: ast.FunctionDef) -> bool:
        is_else = theirs.name not in ("begin", self.replaced.name) and theirs.name not in self.methods
        return is_else and bool(set(attributes(theirs)) & set(self.state))


def renamed(text: str, names: dict[str, str]) -> str:
    """A text of Python with these names changed, of variables and of the policy's own fields and methods."""
    if not names:
        return text
    file = File(text)
    places: list[tuple[int, int, str]] = []
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name) and node.id in names:
            places.append((*file.span(node), names[node.id]))
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
            and node.attr in names
        ):
            end = file.span(node)[1]
            places.append((end - len(node.attr.encode()), end, names[node.attr]))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names:
            start = file.span(node)[0]
            at = file.bytes.index(node.name.encode(), start + len("def "))
            places.append((at, at + len(node.name.encode()), names[node.name]))
    for start, end, new in sorted(places, reverse=True):
        file.bytes = file.bytes[:start] + new.encode() + file.bytes[end:]
    return file.bytes.decode()


def _names(tree: ast.AST) -> Iterator[str]:
    """Names that are read, and those of a class's bases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def _with_locals(body: Sequence[ast.stmt], wanted: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Of a function's statements those that are wanted, and before them those that set the variables these read."""
    chosen = {id(statement) for statement in wanted}
    needed: set[str] = set()
    for statement in reversed(body):
        if id(statement) in chosen or needed & set(stored(statement)):
            chosen.add(id(statement))
            needed |= set(_names(statement))
    return [statement for statement in body if id(statement) in chosen]


def _distinct(nodes: Any) -> list[Any]:
    """In the order of the text, each once."""
    return sorted({id(node): node for node in nodes}.values(), key=lambda node: (node.lineno, node.col_offset))


def _proper(file: File, function: ast.FunctionDef) -> list[ast.stmt]:
    """A function's statements but its docstring."""
    return [statement for statement in function.body if not file.is_docstring(statement)]


def _base(file: File) -> str:
    assert file.policy is not None
    return ast.unparse(file.policy.bases[0])


def _name(file: File) -> str:
    assert file.policy is not None
    return re.sub(r"\W", "", file.policy.name)


def _first_statement(file: File) -> ast.stmt:
    return next(
        node
        for node in file.tree.body
        if not isinstance(node, ast.Import | ast.ImportFrom) and not file.is_docstring(node)
    )
