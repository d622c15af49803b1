"""Candidates made of policies as people write them: one comparison, number, branch or statement changed, or two put together.

All changes are made to the text, at places that the syntax tree tells, so that what is not changed stays as it was, comments and
lines included. Most children are no better and many fail: they need the jail, as all candidates do.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from sim.adrs import allowlist
from sim.adrs.candidate import Candidate, identity
from sim.adrs.problem import Problem
from sim.adrs.proposers import Exhausted, Proposal, Tried, heads, splice
from sim.adrs.proposers.text import File, indented, refuses, stored
from sim.adrs.variation import drawn, rounded
from sim.study import catalog

TRIES = 60
"""So many changes are tried until one gives a child that is new and may run."""

MADE = "Made from another policy, so what is said below may not hold: "
LONGEST_LINE = 120

ORDERS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
EQUALS = {ast.Eq: "==", ast.NotEq: "!="}

FACTS: dict[str, dict[str, tuple[str, ...]]] = {
    "paging": {"request": ("request.index", "request.size")},
    "dispatch": {"job": ("job.index",), "view": ("view.now", "view.n_servers")},
    "transactions": {"view": ("view.n_pending", "view.clock", "view.makespan")},
    "bandits": {"reward": ("reward",), "cost": ("cost",)},
}
"""Domain -> argument of a verb -> numbers that it tells; not the numbers by which pages or servers are told apart."""

CONDITIONS = (
    "{number} < {other}",
    "{number} <= {constant}",
    "{number} > {constant}",
    "{count} % {period} == 0",
    "{chance} < {share}",
    "{number} > {factor} * {other}",
)
"""The bank of guards. Where something in braces is not at hand, another guard is taken."""

ACTIONS = (
    "{statement}",
    "{result}",
    "{leave}",
    "{state} *= {share}",
    "{state} = {other}",
    "{state} += {share}",
    "return {feature}",
)
"""What stands behind a guard: a statement of the policy, another answer of the verb, a change of its state, another score."""


class Change(NamedTuple):
    """A changed file.

    Args:
        source: whole.
        note: what was done, in a few words.
        is_of_two: it has parts of another file.
    """

    source: str
    note: str
    is_of_two: bool = False


class ASTEdits:
    """Changes policies and crosses them, with each other and with the library's.

    Args:
        problem: of the domain.
        donors: files that parts are taken from beside the parents; the library's policies that see no future where None.
    """

    name = "ast"

    def __init__(self, problem: Problem, donors: Sequence[str] | None = None):
        self.problem = problem
        self._donors = donors

    @cached_property
    def donors(self) -> tuple[str, ...]:
        return library(self.problem.domain) if self._donors is None else tuple(self._donors)

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        """Gives a child of the best of the parents, or of it and another policy; of the next best where none is to be had.

        Raises:
            Exhausted: there are no parents, or nothing of the best can be changed.
        """
        if not parents:
            raise Exhausted("proposer ast changes policies, and there are none; give it seeds")
        sources = [tried.candidate.source for tried in parents]
        for k in range(TRIES * len(sources)):
            base = sources[-1 - k // TRIES]
            pool = [source for source in (*sources, *self.donors) if source != base]
            donor = drawn(rng, pool) if pool else ""
            change = changed(base, donor, self.problem, rng)
            if change is None or any(_same(change.source, source) for source in (base, donor)):
                continue
            child = with_note(*change[:2])
            if not _may_run(child, self.problem.domain):
                continue
            ids = [identity(base)]
            if change.is_of_two and donor in sources:
                ids.append(identity(donor))
            return Proposal(Candidate(child, tuple(ids), change.note, self.name))
        raise Exhausted(
            "proposer ast finds nothing to change in its parents that gives a new policy; give it other seeds"
        )

    def tell(self, tried: Tried) -> None:
        return


@cache
def library(domain: str) -> tuple[str, ...]:
    """The files of the domain's policies that see no future, need no predictions and no other policies, and may be candidates."""
    found = []
    for name in catalog.policies(domain):
        cls = catalog.policy_class(domain, name)
        has_parts = any("Policy" in str(part.type) for part in dataclasses.fields(cls))  # type: ignore[arg-type]
        if not (has_parts or cls.clairvoyant or cls.channels or getattr(cls, "asks", ())):
            source = inspect.getsource(sys.modules[cls.__module__])
            if _may_run(source, domain):
                found.append(source)
    return tuple(found)


def changed(source: str, donor: str, problem: Problem, rng: np.random.Generator) -> Change | None:
    """The file with one change drawn at random; None where that change cannot be made."""
    file = File(source)
    if file.policy is None:
        return None
    draw = rng.random()
    step = 0.0
    for share, operator in OPERATORS:
        step += share
        if draw < step:
            change = operator(file, donor, problem, rng)
            break
    else:
        raise AssertionError("shares of operators sum to 1")
    if change is None:
        return None
    try:
        ast.parse(change.source)
        return change._replace(source=heads.completed(change.source, heads.offered(problem.domain)))
    except SyntaxError:
        return None


def with_note(source: str, note: str) -> str:
    """The file with what was done to it in its class's docstring, whose other words were written for what it was made from."""
    file = File(source)
    assert file.policy is not None
    first = file.policy.body[0]
    if file.starts_mid_line(first):
        return source
    rest = (ast.get_docstring(file.policy) or "").replace("\\", "\\\\").replace('"""', "'''")
    head = note.replace("\\", "").replace('"', "'")
    if rest.startswith(MADE):
        before, _, rest = rest.partition("\n\n")
        head = f"{' '.join(before.split()).removeprefix(MADE).removesuffix('.')}; {head}"
    text = f'"""{MADE}{head}.'
    text = "\n".join(textwrap.wrap(text, LONGEST_LINE - 4, break_long_words=False, break_on_hyphens=False))
    text = textwrap.indent(f'{text}\n\n{rest}\n"""' if rest else f'{text}"""', "    ")
    if file.is_docstring(first):
        return file.with_edits([(first.lineno, first.end_lineno or 0, f"{text}\n")])
    return file.with_edits([(first.lineno, first.lineno - 1, f"{text}\n\n")])


def swapped(file: File, donor: str, problem: Problem, rng: Any) -> Change | None:
    """One comparison made another: < to <=, > or >=; == to !=."""
    found = [node for node in file.inside(ast.Compare) if len(node.ops) == 1 and type(node.ops[0]) in ORDERS | EQUALS]
    if not found:
        return None
    node = drawn(rng, found)
    kind = type(node.ops[0])
    signs = ORDERS if kind in ORDERS else EQUALS
    new = drawn(rng, [sign for other, sign in signs.items() if other is not kind])
    start, end = file.span(node.left)[1], file.span(node.comparators[0])[0]
    between = file.bytes[start:end].decode()
    if "#" in between:
        return None
    text = between.replace(signs[kind], new, 1)
    return Change(file.replaced(start, end, text), f"{signs[kind]} became {new} in {file.where(node)}")


def perturbed(file: File, donor: str, problem: Problem, rng: Any) -> Change | None:
    """One number made another: times 2^Normal(0, 1), or, of whole numbers, one more or less."""
    found = [node for node in file.inside(ast.Constant, everywhere=True) if type(node.value) in (int, float)]
    if not found:
        return None
    node = drawn(rng, found)
    value = node.value
    if isinstance(value, float):
        new: int | float = rounded((value or 0.1) * 2.0 ** rng.standard_normal())
    elif abs(value) <= 2 or rng.random() < 0.5:
        new = value + (1 if value == 0 or rng.random() < 0.5 else -1)
    else:
        new = round(rounded(value * 2.0 ** rng.standard_normal()))
    if new == value:
        return None
    old = file.text(node)
    return Change(file.replaced(*file.span(node), repr(new)), f"{old} became {new!r} in {file.where(node)}")


def guarded(file: File, donor: str, problem: Problem, rng: Any) -> Change | None:
    """A new branch: a guard of the bank, and behind it an action of the bank, before a statement of a verb."""
    places = [
        (function, block, k) for function in file.deciding for block in file.blocks(function) for k in range(len(block))
    ]
    places = [place for place in places if not file.is_docstring(place[1][place[2]]) and place[0].name != "begin"]
    if not places:
        return None
    function, block, k = drawn(rng, places)
    scope = _Scope(file, function, block[k], problem)
    guard = scope.one_of(CONDITIONS, rng)
    action = scope.one_of(ACTIONS, rng)
    if guard is None or action is None:
        return None
    indent = " " * block[k].col_offset
    text = f"{indent}if {guard}:\n{indented(action, indent + '    ')}\n"
    if file.starts_mid_line(block[k]):
        return None
    return Change(file.with_edits([(block[k].lineno, block[k].lineno - 1, text)]), f"if {guard}: in {function.name}")


def deleted(file: File, donor: str, problem: Problem, rng: Any) -> Change | None:
    """One statement less; the last answer of a verb stays."""
    found = [
        (statement, block)
        for function in file.deciding
        for block in file.blocks(function)
        for statement in block
        if not (file.is_docstring(statement) or refuses(statement))
        and not (statement is function.body[-1] and isinstance(statement, ast.Return | ast.Pass))
        and not file.starts_mid_line(statement)
    ]
    if not found:
        return None
    statement, block = drawn(rng, found)
    first = file.text(statement).partition("\n")[0]
    keeps_block = len([other for other in block if not file.is_docstring(other)]) > 1 or first.startswith("elif ")
    text = "" if keeps_block else f"{' ' * statement.col_offset}pass\n"
    return Change(
        file.with_edits([(statement.lineno, statement.end_lineno or statement.lineno, text)]),
        f"deleted {first[:40]!r} in {file.where(statement)}",
    )


def spliced(file: File, donor: str, problem: Problem, rng: Any) -> Change | None:
    """A function of another policy in place of the one of equal signature, with all that it needs."""
    return _grafted(splice.method, file, donor, rng)


def crossed(file: File, donor: str, problem: Problem, rng: Any) -> Change | None:
    """The first statements of a function, then the last ones of its namesake in another policy, with all that these need."""
    return _grafted(splice.statements, file, donor, rng)


def _grafted(graft: Callable[..., tuple[str, str] | None], file: File, donor: str, rng: Any) -> Change | None:
    other = File(donor)
    if other.policy is None:
        return None
    pairs = [
        (mine, theirs)
        for mine in file.deciding
        for theirs in other.deciding
        if mine.name == theirs.name and mine.name != "begin" and ast.dump(mine.args) == ast.dump(theirs.args)
    ]
    if not pairs:
        return None
    mine, theirs = drawn(rng, pairs)
    found = graft(file, mine, other, theirs, rng)
    return None if found is None else Change(*found, is_of_two=True)


OPERATORS: tuple[tuple[float, Callable[[File, str, Problem, Any], Change | None]], ...] = (
    (0.15, swapped),
    (0.25, perturbed),
    (0.2, guarded),
    (0.1, deleted),
    (0.15, spliced),
    (0.15, crossed),
)
"""How often each is tried."""


class _Scope:
    """What may be named just before a statement of a function.

    Args:
        file: of the policy.
        function: one of its methods.
        statement: within it.
        problem: of the policy's domain.
    """

    def __init__(self, file: File, function: ast.FunctionDef, statement: ast.stmt, problem: Problem):
        self.file = file
        self.function = function
        self.is_in_loop = file.is_in_loop(statement)
        arguments = [argument.arg for argument in function.args.args]
        before = [node for node in ast.walk(function) if getattr(node, "lineno", statement.lineno) < statement.lineno]
        self.names = {
            *arguments,
            *stored(*(node for node in before if isinstance(node, ast.Name) and file.leads_to(node, statement))),
            *file.globals,
        }
        self.features = features(file, function, problem)
        self.facts = [fact for argument in arguments for fact in FACTS.get(problem.domain, {}).get(argument, ())]

    def one_of(self, forms: Sequence[str], rng: Any) -> str | None:
        """One of the forms that can be filled, drawn at random; None where none can be."""
        left = list(forms)
        while left:
            form = drawn(rng, left)
            left.remove(form)
            if (text := self.filled(form, rng)) is not None:
                return text
        return None

    def filled(self, form: str, rng: Any) -> str | None:
        """The form with something at hand in place of every name in braces; None where nothing is."""
        values: dict[str, str] = {}
        for name in re.findall(r"{(\w+)}", form):
            choice = getattr(self, f"_{name}")(rng)
            if choice is None or choice in values.values():
                return None
            values[name] = choice
        return form.format(**values)

    def _number(self, rng: Any) -> str | None:
        """A number that the policy compares or adds somewhere, of names that are known here, or a fact of the event."""
        found = [
            self.file.text(part)
            for node in self.file.inside(ast.Compare, ast.BinOp)
            for part in ([node.left, *node.comparators] if isinstance(node, ast.Compare) else [node.left, node.right])
            if not isinstance(part, ast.Constant) and self._is_known(part) and _is_plain(part)
        ]
        return _one(rng, [*found, *self.facts, *self.features])

    _other = _number

    def _count(self, rng: Any) -> str | None:
        return _one(rng, [fact for fact in self.facts if fact.endswith((".index", ".clock", ".n_pending"))])

    def _feature(self, rng: Any) -> str | None:
        return _one(rng, self.features)

    def _chance(self, rng: Any) -> str | None:
        return "self.rng.random()" if "rng" in self.file.state else None

    def _constant(self, rng: Any) -> str:
        return repr(round(2.0 ** (12 * rng.random())))

    def _period(self, rng: Any) -> str:
        return repr(2 ** (1 + int(rng.random() * 10)))

    def _share(self, rng: Any) -> str:
        return repr(round(0.01 + 0.98 * rng.random(), 2))

    def _factor(self, rng: Any) -> str:
        return repr(round(2.0 ** (4 * rng.random() - 2), 2))

    def _state(self, rng: Any) -> str | None:
        """A field of the policy that holds a number."""
        return _one(rng, [f"self.{name}" for name in self.file.numbers])

    def _statement(self, rng: Any) -> str | None:
        """A statement of the policy, outside `begin`, that names nothing unknown here."""
        return _one(
            rng,
            [
                self.file.text(node)
                for method in self.file.methods
                for block in self.file.blocks(method)
                for node in block
                if method.name != "begin"
                and isinstance(node, ast.Expr | ast.Assign | ast.AugAssign)
                and not self.file.is_docstring(node)
                and self._is_known(node)
            ],
        )

    def _result(self, rng: Any) -> str | None:
        """An answer that the same function gives elsewhere."""
        return _one(
            rng,
            [
                self.file.text(node)
                for node in ast.walk(self.function)
                if isinstance(node, ast.Return) and self._is_known(node)
            ],
        )

    def _leave(self, rng: Any) -> str | None:
        return _one(rng, ["break", "continue"]) if self.is_in_loop else None

    def _is_known(self, tree: ast.AST) -> bool:
        """Whether all variables that it reads are there."""
        read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        return read - set(stored(tree)) <= self.names | allowlist.CALLED | {"True", "False", "None"}


def features(file: File, function: ast.FunctionDef, problem: Problem) -> list[str]:
    """The features of the file's template, where the function is the one that scores by them."""
    base = ast.unparse(file.policy.bases[0]) if file.policy else ""
    return [
        f"self.{name}({template.subject if feature.of_subject else ''})"
        for template in problem.templates
        if template.base == base and template.hole == function.name
        for name, feature in template.features.items()
    ]


def _is_plain(tree: ast.AST) -> bool:
    """Whether it only reads: names, fields, items and arithmetic."""
    kinds = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.Constant, ast.operator, ast.unaryop)
    return all(isinstance(node, (*kinds, ast.expr_context)) for node in ast.walk(tree))


def _one(rng: Any, items: Sequence[str]) -> str | None:
    return drawn(rng, items) if items else None


def _same(one: str, other: str) -> bool:
    """Whether two files are equal but for comments and layout."""
    return one == other or (bool(other) and ast.dump(ast.parse(one)) == ast.dump(ast.parse(other)))


def _may_run(source: str, domain: str) -> bool:
    """Whether the allow-list lets it pass, and no function reads a variable that nothing has set."""
    try:
        return allowlist.check(source, domain) is None and not File(source).unset
    except allowlist.Malformed:
        return False
