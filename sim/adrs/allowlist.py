"""The first filter: what a candidate's file may contain. It is looked at, not run, and each refusal names line and cure.

Not a boundary by itself: that is the jail. But where a candidate's machine code runs beside a trace, what it may import and
name is what machine code could reach, so there the list counts.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Iterator
from typing import NamedTuple

from sim.adrs import seen
from sim.study import catalog

MOST_BYTES = 64 * 1024
MOST_DEPTH = 60
"""Nested deeper, a file is written to break a parser."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODULES: dict[str, frozenset[str] | None] = {
    "math": _words("""
        acos asin atan atan2 ceil copysign cos cosh e erf erfc exp expm1 fabs floor fmod gamma gcd hypot inf isfinite isinf isnan
        isqrt ldexp lgamma log log10 log1p log2 modf nan pi pow sin sinh sqrt tan tanh tau trunc
    """),
    "heapq": _words("heapify heappop heappush heappushpop heapreplace nlargest nsmallest"),
    "bisect": _words("bisect bisect_left bisect_right insort insort_left insort_right"),
    "collections": _words("Counter OrderedDict defaultdict deque"),
    "itertools": _words("accumulate chain islice pairwise product takewhile zip_longest"),
    "dataclasses": _words("field"),
    "typing": _words("Any ClassVar"),
    "numpy": _words("""
        abs absolute all any arange argmax argmin argsort array asarray bool_ ceil clip concatenate cos count_nonzero cumsum diff
        exp flatnonzero float64 floor full full_like inf int32 int64 isfinite isinf isnan log log1p log2 max maximum mean
        median min minimum mod nan ndarray nonzero ones power prod searchsorted sign sin sort sqrt std sum uint32 uint64 uint8
        where zeros zeros_like
    """),
    "sim.core.structures": None,
    "sim.core.trace": frozenset({"NONE", "NEVER"}),
    "sim.core.formula": None,
    "sim.core.policy": frozenset({"defines"}),
    "sim.core.errors": frozenset({"InputError"}),
    "sim.core.memory": frozenset({"touch"}),
}
"""Module -> what may be used of it; None: all that is public. The candidate's own domain comes to these."""

HELPERS: dict[str, dict[str, frozenset[str] | None]] = {
    "paging": dict.fromkeys(("classes", "combining", "follower", "marking", "prefix", "queues", "sketch")),
    "bandits": dict.fromkeys(("bins", "chebyshev", "divergence", "draws", "linear", "policy", "tsallis", "weights")),
    "transactions": {"walk": None, "view": frozenset({"draw_to_front"}), "operations": frozenset({"FAR"})},
}
"""Domain -> its modules that policies are built from, none of which holds rules or the future, as `MODULES`."""

CALLED = _words("""
    abs all any bool dict divmod enumerate filter float frozenset int isinstance len list map max min pow range reversed round
    set slice sorted sum super tuple zip
""")
"""Builtins that a candidate may name, beside exceptions and constants."""

RULES = frozenset({"METRICS", "System", "describe"})
"""What a domain shows that policies have no use for."""

NO_ATTRIBUTES = _words("""
    ag_frame bit_generator byteswap cr_frame ctypes data dump dumps f_back f_builtins f_code f_globals f_locals flags flat
    format format_map func_globals getfield gi_code gi_frame itemset mro newbyteorder register setflags strides take tb_frame
    tb_next tobytes tofile tostring view
""")
"""Attributes that lead out of a value: to its memory, its frame, its class."""

NODES = (
    *(
        ast.Module,
        ast.ClassDef,
        ast.FunctionDef,
        ast.arguments,
        ast.arg,
        ast.Return,
        ast.Assign,
        ast.AugAssign,
        ast.AnnAssign,
    ),
    *(
        ast.For,
        ast.While,
        ast.If,
        ast.Expr,
        ast.Pass,
        ast.Break,
        ast.Continue,
        ast.Import,
        ast.ImportFrom,
        ast.alias,
        ast.Delete,
    ),
    *(
        ast.BoolOp,
        ast.BinOp,
        ast.UnaryOp,
        ast.Lambda,
        ast.IfExp,
        ast.Dict,
        ast.Set,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
    ),
    *(
        ast.GeneratorExp,
        ast.Compare,
        ast.Call,
        ast.Constant,
        ast.Attribute,
        ast.Subscript,
        ast.Starred,
        ast.Name,
        ast.List,
    ),
    *(
        ast.Tuple,
        ast.Slice,
        ast.comprehension,
        ast.keyword,
        ast.NamedExpr,
        ast.Raise,
        ast.JoinedStr,
        ast.FormattedValue,
    ),
    *(ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop),
)
"""What may stand in a file. Not: try (which would hide limits), with, async, yield, global, match."""


class Refusal(NamedTuple):
    """What a file may not contain.

    Args:
        line: of the file, from 1.
        wrong: what stands there.
        cure: what to write instead.
    """

    line: int
    wrong: str
    cure: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.wrong}; {self.cure}"


class Malformed(Exception):
    """The file is no Python."""


def check(source: str, domain: str) -> Refusal | None:
    """The first thing in a candidate's file that is not allowed; None where there is none.

    Raises:
        Malformed: the file is empty, too long or no Python.
    """
    return next(iter(sorted(refusals(source, domain))), None)


def refusals(source: str, domain: str) -> list[Refusal]:
    """All that a file may not contain."""
    if not source.strip():
        raise Malformed("the file is empty; expected one policy class")
    if len(source.encode(errors="replace")) > MOST_BYTES:
        raise Malformed(f"the file has more than {MOST_BYTES:,} bytes")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise Malformed(f"line {error.lineno}: {error.msg}" if error.lineno else error.msg) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Malformed(f"the file cannot be parsed ({type(error).__name__})") from None
    if _depth(tree) > MOST_DEPTH:
        raise Malformed(f"the file nests more than {MOST_DEPTH} deep")
    return list(_Check(tree, domain).found())


def _depth(tree: ast.AST) -> int:
    deepest, waiting = 0, [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return deepest


class _Check:
    """Looks at one file.

    Args:
        tree: of the file.
        domain: of the candidate.
    """

    def __init__(self, tree: ast.Module, domain: str):
        self.tree = tree
        self.domain = domain
        self.modules: dict[str, str] = {}
        self.allowed = {
            **MODULES,
            f"sim.domains.{domain}": frozenset(catalog.module("sim.domains", domain).__all__) - RULES,
            **{f"sim.domains.{domain}.{name}": names for name, names in HELPERS.get(domain, {}).items()},
        }
        self.annotations = {id(part) for node in ast.walk(tree) for part in _annotation(node)}
        self.hidden = seen.hidden(domain)
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        methods = [part.args for each in classes for part in each.body if isinstance(part, ast.FunctionDef)]
        self.selves = {
            id(arg) for each in methods for arg in [*each.posonlyargs, *each.args][:1]
        }  # others may be views

    def found(self) -> Iterator[Refusal]:
        yield from self._level(self.tree.body, "a module")
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._import(node)
        for node in ast.walk(self.tree):
            yield from self._node(node)
        yield from self._recursion()

    def _level(self, body: list[ast.stmt], where: str) -> Iterator[Refusal]:
        """Of a module or class: constants and definitions only, so that loading the file computes nothing."""
        for statement in body:
            if isinstance(statement, ast.ClassDef) and where == "a module":
                yield from self._class(statement)
            elif isinstance(statement, ast.FunctionDef):
                yield from self._function(statement)
            elif isinstance(statement, ast.Assign | ast.AnnAssign):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                if not all(map(_is_name, targets)) or not _is_constant(statement.value):
                    yield Refusal(
                        statement.lineno, f"{where} computes something", "put constants there, and the rest into begin"
                    )
            elif not (isinstance(statement, ast.Import | ast.ImportFrom) and where == "a module") and not _is_text(
                statement
            ):
                yield Refusal(
                    statement.lineno, f"{where} runs a statement", "keep to constants, classes and functions there"
                )

    def _class(self, node: ast.ClassDef) -> Iterator[Refusal]:
        if node.decorator_list or node.keywords:
            yield Refusal(
                node.lineno, f"class {node.name} has a decorator or keyword", "a policy's base makes it a dataclass"
            )
        for base in node.bases:
            if not isinstance(base, ast.Name | ast.Attribute):
                yield Refusal(
                    node.lineno, f"a base of class {node.name} is computed", f"name it, as in {self.domain}.Policy"
                )
        yield from self._level(node.body, "a class")

    def _function(self, node: ast.FunctionDef) -> Iterator[Refusal]:
        if node.decorator_list:
            yield Refusal(node.lineno, f"{node.name} has a decorator", "write a plain method")
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            if not _is_constant(default):
                yield Refusal(node.lineno, f"a default of {node.name} is computed", "make it a constant")

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Refusal]:
        cure = f"only these: {', '.join(sorted(self.allowed))}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in MODULES or "." in alias.name:
                    yield Refusal(node.lineno, f"import of {alias.name}", cure)
                else:
                    self.modules[alias.asname or alias.name] = alias.name
            return
        module = node.module or ""
        for alias in node.names:
            if node.level == 0 and module == "sim.domains" and alias.name == self.domain:
                self.modules[alias.asname or alias.name] = f"sim.domains.{self.domain}"
            elif node.level == 0 and module == "__future__" and alias.name == "annotations":
                continue
            elif node.level or module not in self.allowed:
                yield Refusal(node.lineno, f"import from {'.' * node.level}{module}", cure)
            elif alias.name not in self._of(module):
                yield Refusal(
                    node.lineno, f"{alias.name} of {module}", f"of {module} there are {_some(self._of(module))}"
                )

    def _of(self, module: str) -> frozenset[str]:
        """What may be used of a module."""
        names = self.allowed[module]
        if names is not None:
            return names
        loaded = catalog.module(module)
        return frozenset(
            name
            for name, value in vars(loaded).items()
            if getattr(value, "__module__", None) == module and name[0] != "_"
        )

    def _node(self, node: ast.AST) -> Iterator[Refusal]:
        line = getattr(node, "lineno", 1)
        if not isinstance(node, NODES) and hasattr(node, "lineno"):
            yield Refusal(
                line, f"{type(node).__name__.lower()} is not allowed", "use assignments, if, for, while and calls"
            )
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(node)
        elif isinstance(node, ast.Name):
            yield from self._name(node)
        elif isinstance(node, ast.While):
            if not _ends(node):
                yield Refusal(
                    line, "a while loop that nothing ends", "give it a condition that its body changes, or a break"
                )
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.arg | ast.keyword | ast.alias):
            name = node.arg if isinstance(node, ast.arg | ast.keyword) else node.name
            line = getattr(node, "lineno", line)
            if name is not None and name.startswith("__") and name != "__post_init__":
                yield Refusal(line, f"the name {name}", "names with two underscores are Python's own")
            elif isinstance(node, ast.arg) and (
                _is_kept_back(node.arg) or (name == "self" and id(node) not in self.selves)
            ):
                yield Refusal(line, f"an argument named {name}", "use another name")
        elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
            yield Refusal(line, "bytes", "use numbers")
        elif isinstance(
            node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete | ast.For | ast.comprehension | ast.NamedExpr
        ):
            yield from self._targets(node)

    def _targets(self, node: ast.AST) -> Iterator[Refusal]:
        """Only a policy's own fields, variables and items of its own are assigned."""
        found = getattr(node, "targets", None) or [node.target]  # type: ignore[attr-defined]
        for target in found:
            for part in ast.walk(target):
                is_target = isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store | ast.Del)
                if is_target and not _is_self(part.value):  # type: ignore[attr-defined]
                    yield Refusal(
                        part.lineno,  # type: ignore[attr-defined]
                        f"{ast.unparse(part)} is assigned",
                        "a policy changes its own fields only, self.NAME",
                    )

    def _attribute(self, node: ast.Attribute) -> Iterator[Refusal]:
        name, value = node.attr, node.value
        line = node.lineno
        if name.startswith("__") or (name.startswith("_") and not _is_self(value)):
            yield Refusal(line, f"the attribute {name}", "what begins with an underscore is not for policies")
        elif name in NO_ATTRIBUTES:
            yield Refusal(line, f"the attribute {name}", "use numbers and items of arrays")
        elif isinstance(value, ast.Name) and value.id in self.modules:
            module = self.modules[value.id]
            if name not in self._of(module):
                yield Refusal(line, f"{module}.{name}", f"of {module} there are {_some(self._of(module))}")
        elif name in self.hidden and not _is_self(value) and not _is_own_structure(value):
            yield Refusal(line, f"the attribute {name}", "a policy sees of a view what its documentation names")
        elif name == "clairvoyant" and not isinstance(node.ctx, ast.Load):
            yield Refusal(line, "clairvoyant is set", "no candidate is clairvoyant")

    def _name(self, node: ast.Name) -> Iterator[Refusal]:
        name = node.id
        if id(node) in self.annotations and name == "str":
            return
        if name.startswith("__"):
            yield Refusal(node.lineno, f"the name {name}", "names with two underscores are Python's own")
        elif name == "clairvoyant" and isinstance(node.ctx, ast.Store):
            yield Refusal(node.lineno, "clairvoyant is set", "no candidate is clairvoyant")
        elif _is_kept_back(name):
            cure = f"of Python's own there are {_some(CALLED)}"
            yield Refusal(node.lineno, f"the name {name}", "a policy prints nothing" if name == "print" else cure)
        elif name in self.modules and isinstance(node.ctx, ast.Store):
            yield Refusal(node.lineno, f"{name} is assigned, which is a module", "use another name")

    def _recursion(self) -> Iterator[Refusal]:
        """No function reaches itself, by its name or as a method of its own object."""
        plain = {node.name for node in self.tree.body if isinstance(node, ast.FunctionDef)}
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        named: dict[str, set[str]] = {}
        for function in functions:
            for inner in ast.walk(function):
                if isinstance(inner, ast.Attribute) and _is_self(inner.value):
                    named.setdefault(function.name, set()).add(inner.attr)
                elif isinstance(inner, ast.Name) and inner.id in plain:
                    named.setdefault(function.name, set()).add(inner.id)
        for function in functions:
            reached: set[str] = set()
            waiting = list(named.get(function.name, ()))
            while waiting:
                name = waiting.pop()
                if name not in reached:
                    reached.add(name)
                    waiting += named.get(name, ())
            if function.name in reached:
                yield Refusal(function.lineno, f"{function.name} calls itself", "write a loop")


def _is_constant(node: ast.expr | None) -> bool:
    """Whether an expression is a constant: numbers, texts, tuples of them, and `field(default=...)`."""
    if node is None or isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Tuple):
        return all(map(_is_constant, node.elts))
    if isinstance(node, ast.Dict):
        return all(map(_is_constant, node.keys)) and all(map(_is_constant, node.values))
    if isinstance(node, ast.Call):
        is_field = isinstance(node.func, ast.Name) and node.func.id == "field" and not node.args
        return is_field and all(part.arg != "default_factory" and _is_constant(part.value) for part in node.keywords)
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    if isinstance(node, ast.BinOp):  # 2**62, but no number that takes hours to write out
        is_small = (
            isinstance(node.right, ast.Constant) and isinstance(node.right.value, int | float) and node.right.value < 64
        )
        return isinstance(node.left, ast.Constant | ast.UnaryOp) and is_small and not _has_text(node)
    return False


def _is_name(node: ast.expr) -> bool:
    """Whether a target is a name, or several."""
    return all(map(_is_name, node.elts)) if isinstance(node, ast.Tuple) else isinstance(node, ast.Name)


def _annotation(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in the annotations of a node."""
    for name in ("annotation", "returns"):
        if (part := getattr(node, name, None)) is not None:
            yield from ast.walk(part)


def _has_text(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Constant) and not isinstance(part.value, int | float) for part in ast.walk(node))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _is_own_structure(node: ast.expr) -> bool:
    """Whether it is a field of the policy itself, `self.order`: its structures may have any names; views are not kept there."""
    return isinstance(node, ast.Attribute) and _is_self(node.value)


def _is_kept_back(name: str) -> bool:
    """Whether it is a name of Python's own that a candidate may not use, nor give another meaning."""
    value = getattr(builtins, name, None)
    is_error = isinstance(value, type) and issubclass(value, Exception)
    return hasattr(builtins, name) and not (name in CALLED or keyword.iskeyword(name) or is_error)


def _ends(loop: ast.While) -> bool:
    """Whether something can end the loop: its condition names what its body changes or calls, or the body leaves it."""
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    if any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in inside):
        return True
    if isinstance(loop.test, ast.Constant):
        return False
    if any(isinstance(node, ast.Call) for node in ast.walk(loop.test)):
        return True
    named = {ast.unparse(node) for node in ast.walk(loop.test) if isinstance(node, ast.Name | ast.Attribute)}
    changed = {
        ast.unparse(part)
        for node in inside
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr)
        for target in (getattr(node, "targets", None) or [node.target])  # type: ignore[union-attr]
        for part in ast.walk(target)
    }
    called = any(isinstance(node, ast.Call) for node in inside)
    return bool(named & changed) or called


def _some(names: frozenset[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:12]) + (" ..." if len(shown) > 12 else "")
