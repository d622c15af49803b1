"""Rewrites one plain function or method into a flat function that numba takes, given the kinds of its arguments.

Method calls become calls of flat functions, fields that change become one-element arrays, flags and texts are folded away, loops
over a tuple of policies are unrolled, and every index into an array is checked. Nothing is run here.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
from collections.abc import Callable, Mapping
from enum import Enum
from types import ModuleType
from typing import Any, NoReturn, Protocol

import numpy as np

from sim.core.binding import unbound
from sim.core.errors import CannotCompile
from sim.core.kinds import Array, Cell, Generator, Items, Kind, Number, Object, Record, Static, Table, source_tree
from sim.core.memory import reach_parts, touch, touch_parts
from sim.core.policy import check_number, check_truth, defines

DRAWS = (
    "random",
    "integers",
    "uniform",
    "standard_normal",
    "normal",
    "standard_exponential",
    "exponential",
    "shuffle",
    "permutation",
)
"""Methods of a generator that give the same draws, bit for bit, interpreted and compiled."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAST_BIT = words(
    """exp exp2 expm1 log log2 log10 log1p power float_power sin cos tan sinh cosh tanh arctan arctan2 arcsin arccos cbrt
    hypot"""
)
"""Functions of NumPy that may differ in the last bit when compiled; those of `math` do not, but for `INEXACT`."""

SUMS = words("sum mean std var dot matmul cumsum average inner outer einsum nansum nanmean prod cumprod trace vdot")
"""Functions and methods of NumPy that add or multiply in another order when compiled."""

UNSTABLE = words("argsort partition argpartition")
"""Functions and methods of NumPy that leave the order of equals open, where the forms differ."""

SAME = words(
    """abs absolute all amax amin any append arange argmax argmin array asarray bool_ ceil clip concatenate copy
    count_nonzero diff empty empty_like fabs flatnonzero flip float64 floor full full_like int64 isfinite isinf isnan
    logical_and logical_not logical_or max maximum min minimum nonzero ones ones_like repeat rint roll searchsorted sign
    sort sqrt square take trunc unique where zeros zeros_like"""
)
"""Functions of NumPy that give the same numbers in both forms."""

INEXACT = words("gamma lgamma hypot pow fsum dist prod")
"""Functions of `math` that may differ in the last bit when compiled, or have no compiled form."""

ARITHMETIC = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.Pow: "power",
}
"""Operators and their functions in `sim.core.arithmetic`; that of an assignment such as += has an i before it."""

ROUNDING = {"floor": "floor", "ceil": "ceil", "trunc": "whole"}

REFUSED = {
    ast.Dict: "a dict",
    ast.DictComp: "a dict comprehension",
    ast.Set: "a set",
    ast.SetComp: "a set comprehension",
    ast.GeneratorExp: "a generator expression",
    ast.Lambda: "a lambda",
    ast.Try: "try/except",
    ast.With: "a with block",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Await: "await",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.FunctionDef: "a nested function",
    ast.ClassDef: "a nested class",
    ast.Import: "an import inside a function",
    ast.ImportFrom: "an import inside a function",
    ast.Match: "match",
    ast.Delete: "del",
    ast.Starred: "a starred argument",
    ast.NamedExpr: "an assignment within an expression",
    ast.MatMult: "@, which adds in another order when compiled",
}

BUILTINS = frozenset(
    ["abs", "bool", "enumerate", "float", "int", "len", "max", "min", "range", "round", "sorted", "sum", "zip"]
)
ERRORS = frozenset(
    [
        "ArithmeticError",
        "AssertionError",
        "Exception",
        "IndexError",
        "KeyError",
        "RuntimeError",
        "ValueError",
        "ZeroDivisionError",
    ]
)


UNCHANGED = frozenset(["staticmethod", "override", "typing.override", "abstractmethod", "unchecked"])
"""Decorators that leave a function as it is written."""


class Library(Protocol):
    """Where a rewritten function asks for the flat names of the functions it calls."""

    def flat_name(self, function: Callable[..., Any], owner: type | None, kinds: tuple[Kind | None, ...]) -> str: ...

    def row_name(self, table: Table) -> str: ...

    def note_unchecked_index(self) -> None: ...

    def is_recursive(self, name: str) -> bool: ...

    def note(self, namespace: Mapping[str, Any], name: str) -> None: ...


class Rewriter(ast.NodeTransformer):
    """Rewrites the body of one function. Every expression it has visited carries its kind as `node.kind`, None if plain."""

    def __init__(
        self, function: Callable[..., Any], owner: type | None, kinds: tuple[Kind | None, ...], library: Library
    ):
        self.function = function
        self.owner = owner
        self.library = library
        self.file = inspect.getsourcefile(function) or "<unknown>"
        self.scope: dict[str, Kind | None] = {}
        self.kinds = kinds
        self.is_checked = not str(function.__module__).startswith("sim.")  # the house's own numbers are known to fit
        self.in_range: frozenset[str] | None = None if self.is_checked else getattr(function, "unchecked", None)

    def rewrite(self, flat_name: str) -> ast.FunctionDef:
        """Gives the flat function's tree, under its new name."""
        tree = twin(source_tree(self.function))
        if not isinstance(tree, ast.FunctionDef):
            self.refuse(tree, f"{self.function.__name__}, which no def made")
        for decorator in tree.decorator_list:
            if ast.unparse(decorator).partition("(")[0] not in UNCHANGED:
                self.refuse(decorator, f"{tree.name} is decorated by {ast.unparse(decorator)}")
        arguments = tree.args
        if arguments.vararg or arguments.kwarg:
            self.refuse(tree, f"{tree.name} takes a variable number of arguments")
        if any(default is None for default in arguments.kw_defaults):
            self.refuse(tree, f"{tree.name} demands an argument by name")
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        given = [*(self.function.__defaults__ or ()), *(self.function.__kwdefaults__ or {}).values()]
        arguments.defaults = [self._default(tree, value) for value in given]
        arguments.args, arguments.posonlyargs, arguments.kwonlyargs, arguments.kw_defaults = parameters, [], [], []
        for parameter, kind in zip(parameters, self.kinds, strict=False):
            self.scope[parameter.arg] = kind
        for parameter in parameters:
            parameter.annotation = None
        for part in ast.walk(tree):
            local = part.arg if isinstance(part, ast.arg) else stored_name(part)
            if local in ("np", "math") or local.startswith(RESERVED):
                self.refuse(part, f"a local named {local}")
        body = tree.body
        if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        flat = ast.FunctionDef(
            name=flat_name,
            args=arguments,
            body=self.block(body) or [ast.Pass()],
            decorator_list=[],
            lineno=tree.lineno,
        )
        if self.is_checked and (name := unbound(flat)) is not None:
            self.refuse(name, f"{name.id} may be without a value here")
        return flat

    def _default(self, tree: ast.AST, value: Any) -> ast.expr:
        """A parameter's default as it was when the function was made."""
        default = ast.Constant(None) if value is None else constant_node(value)
        if default is None:
            self.refuse(tree, f"a default argument that is a {type(value).__name__}")
        return default

    def refuse(self, node: ast.AST, what: str) -> NoReturn:
        raise CannotCompile(f"{what} ({self.file}, line {getattr(node, 'lineno', '?')})")

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrites a list of statements; a folded `if` leaves the statements of one branch."""
        result: list[ast.stmt] = []
        for statement in statements:
            new = self.visit(statement)
            parts = [part for part in (new if isinstance(new, list) else [new]) if part is not None]
            result += [part if hasattr(part, "lineno") else ast.copy_location(part, statement) for part in parts]
        return result

    # statements

    def visit(self, node: ast.AST) -> Any:
        if type(node) in REFUSED:
            self.refuse(node, REFUSED[type(node)])
        return super().visit(node)

    def visit_Expr(self, node: ast.Expr) -> Any:
        if isinstance(node.value, ast.Constant):
            return None
        match node.value:
            case ast.Call(ast.Name(name), [thing, indices, k]) if self._resolve(name)[1] is touch_parts:
                return self._call_parts(node, "touch", thing, indices, k)
            case ast.Call(ast.Name(name), [thing, indices, k]) if self._resolve(name)[1] is reach_parts:
                return self._call_parts(node, "reach", thing, indices, k)
            case ast.Call(ast.Name(name)) if self._resolve(name)[1] in (check_number, check_truth):
                return None
        node.value = self.visit(node.value)
        return node

    def _call_parts(self, node: ast.Expr, method: str, thing: ast.expr, indices: ast.expr, k: ast.expr) -> Any:
        """A call of `method(indices[k])` for each structure within the thing that has this method."""
        indices, k = self.visit(indices), self.visit(k)
        is_there = ast.Compare(k, [ast.Lt()], [call("len", indices)])
        index = ast.Subscript(indices, machine("word", k), ast.Load())
        calls: list[ast.stmt] = [
            ast.Expr(self._call_method(ast.Call(ast.Name(method), [], []), part, method, [twin(index)]))
            for part in having(method, self.visit(thing))
        ]
        return ast.copy_location(ast.If(is_there, calls, []), node) if calls else None

    def visit_Assign(self, node: ast.Assign) -> Any:
        node.value = self.visit(node.value)
        if self.is_checked and len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
            target = self.visit(node.targets[0])
            node.targets = [target]
            node.value = machine("fit", twin(target.value), node.value)
            return node
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            return self._bind(node, node.targets[0])
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
            return self._store_field(node, node.targets[0], node.value)
        if any(isinstance(target, ast.Attribute) for target in node.targets):
            self.refuse(node, "several targets, a field among them")
        for target in node.targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    self.scope[part.id] = None
                elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                    self.refuse(node, "a field assigned by unpacking")
        node.targets = [self.visit(target) for target in node.targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is None:
            return None
        return self.visit(ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node))

    def _bind(self, node: ast.Assign, target: ast.Name) -> Any:
        kind = kind_at(node.value)
        if isinstance(kind, Static):
            kind = None  # a local may change later, so its value is not folded
        known = self.scope.get(target.id)
        if isinstance(known, Object | Items) and known != kind:
            self.refuse(node, f"{target.id} stands for two different things")
        self.scope[target.id] = kind
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        if isinstance(node.target, ast.Attribute):
            read = as_load(node.target)
            value = self.visit(ast.copy_location(ast.BinOp(left=read, op=node.op, right=node.value), node))
            return self._store_field(node, node.target, value)
        name = ARITHMETIC.get(type(node.op))
        if name is None:
            self.refuse(node, REFUSED[type(node.op)])
        if isinstance(node.target, ast.Name) and self.is_checked:
            value = machine(
                name if name == "power" else f"i{name.rstrip('_')}",
                self.visit(as_load(node.target)),
                self.visit(node.value),
            )
            self.scope[node.target.id] = kind_at(value.args[0])
            return ast.copy_location(ast.Assign(targets=[node.target], value=value), node)
        if isinstance(node.target, ast.Subscript) and self.is_checked and is_pure(node.target):
            value = ast.BinOp(left=as_load(node.target), op=node.op, right=node.value)
            if not any(isinstance(part, ast.Slice) for part in ast.walk(node.target.slice)):
                return self.visit(ast.copy_location(ast.Assign(targets=[node.target], value=value), node))
        node.value = self.visit(node.value)
        node.target = self.visit(node.target)
        return node

    def _store_field(self, node: ast.stmt, target: ast.Attribute, value: ast.expr) -> ast.stmt:
        text = ast.unparse(target)
        owner = self.visit(target.value)
        kind = kind_at(owner)
        if not isinstance(kind, Object):
            self.refuse(node, f"{text} is assigned, and what it belongs to is unknown")
        field = kind.field(target.attr)
        if field is None:
            self.refuse(node, f"{text} is first assigned while running; assign it in begin")
        if not isinstance(field, Cell):
            self.refuse(node, f"{text} is given a new object while running; change it in place")
        guard = {int: "as_int", float: "as_float", bool: "as_bool"}[field.type]
        cell = ast.Attribute(value=owner, attr=plain(target.attr), ctx=ast.Load())
        store = ast.Subscript(value=cell, slice=ast.Constant(0), ctx=ast.Store())
        return ast.copy_location(ast.Assign(targets=[store], value=machine(guard, value)), node)

    def visit_If(self, node: ast.If) -> Any:
        test = self.visit(node.test)
        if isinstance(test, ast.Constant):
            return self.block(node.body if test.value else node.orelse)
        before = dict(self.scope)
        body = self.block(node.body) or [ast.Pass()]
        after_body, self.scope = self.scope, dict(before)
        orelse = self.block(node.orelse)
        self.scope = {
            name: self.scope.get(name) if self.scope.get(name) == after_body.get(name) else None
            for name in {*self.scope, *after_body}
        }
        return ast.copy_location(ast.If(test=test, body=body, orelse=orelse), node)

    def visit_While(self, node: ast.While) -> Any:
        test = self.visit(node.test)
        if isinstance(test, ast.Constant) and not test.value:
            return self.block(node.orelse)
        return ast.copy_location(
            ast.While(test=test, body=self.block(node.body) or [ast.Pass()], orelse=self.block(node.orelse)), node
        )

    def visit_For(self, node: ast.For) -> Any:
        counted = (
            isinstance(node.iter, ast.Call)
            and isinstance(node.iter.func, ast.Name)
            and node.iter.func.id == "enumerate"
        )
        source = node.iter.args[0] if counted else node.iter  # type: ignore[attr-defined]
        if isinstance(kind_at(visited := self.visit(twin(source))), Items):
            return self._unroll(node, visited, counted)
        if not self.is_checked and (counted_up := self._counted(node)) is not None:
            return counted_up
        node.iter = self.visit(node.iter)
        for part in ast.walk(node.target):
            if isinstance(part, ast.Name):
                self.scope[part.id] = None
        node.body = self.block(node.body) or [ast.Pass()]
        node.orelse = self.block(node.orelse)
        return node

    def _counted(self, node: ast.For) -> list[ast.stmt] | None:
        """A loop over `range(start, stop)` as a while loop, which LLVM takes apart better; None for any other."""
        match node:
            case ast.For(ast.Name(name), ast.Call(ast.Name("range"), [start, stop], []), body, []):
                end = f"{RESERVED}end_{name}"
                self.scope[name] = None
                begin = ast.Assign(
                    [ast.Name(name, ast.Store())], ast.BinOp(self.visit(start), ast.Sub(), ast.Constant(1))
                )
                limit = ast.Assign(
                    [ast.Name(end, ast.Store())], ast.BinOp(self.visit(stop), ast.Sub(), ast.Constant(1))
                )
                step = ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), ast.Constant(1))
                test = ast.Compare(ast.Name(name, ast.Load()), [ast.Lt()], [ast.Name(end, ast.Load())])
                loop = ast.While(test, [step, *self.block(body)], [])
                return [begin, limit, loop]
        return None

    def _unroll(self, node: ast.For, source: ast.expr, counted: bool) -> list[ast.stmt]:
        for part in (p for statement in node.body for p in ast.walk(statement)):
            if isinstance(part, ast.Break | ast.Continue):
                self.refuse(part, "break or continue in a loop over policies")
        target = node.target
        if counted and isinstance(target, ast.Tuple):
            counter, target = target.elts
        if not isinstance(target, ast.Name):
            self.refuse(node, "a loop over policies with more than one variable")
        kind = kind_at(source)
        assert isinstance(kind, Items)
        result: list[ast.stmt] = []
        for i, item in enumerate(kind.items):
            name = f"{target.id}__{i}"
            self.scope[name] = item
            element = ast.Subscript(value=source, slice=ast.Constant(i), ctx=ast.Load())
            result.append(ast.Assign(targets=[ast.Name(name, ast.Store())], value=element, lineno=node.lineno))
            if counted:
                result.append(ast.Assign(targets=[counter], value=ast.Constant(i), lineno=node.lineno))
            body = [_Rename(target.id, name).visit(twin(statement)) for statement in node.body]
            result.extend(self.block(body))
        return result

    def visit_Raise(self, node: ast.Raise) -> Any:
        """The exception keeps its type; its text becomes the constant parts of what was written."""
        exception = node.exc
        if isinstance(exception, ast.Call) and isinstance(exception.func, ast.Name):
            name = exception.func.id
            text = ", ".join(_constant_text(argument) for argument in exception.args)
        elif isinstance(exception, ast.Name):
            name, text = exception.id, ""
        else:
            self.refuse(node, "this form of raise")
        if name not in ERRORS:
            name, text = "RuntimeError", f"{name}: {text}"
        return ast.copy_location(ast.Raise(exc=call(name, ast.Constant(text))), node)

    # expressions

    def visit_Constant(self, node: ast.Constant) -> Any:
        if type(node.value) is int and constant_node(node.value) is None:
            self.refuse(node, f"{node.value}, beyond 64 bits")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        name = ARITHMETIC.get(type(node.op))
        if name is None:
            self.refuse(node, REFUSED[type(node.op)])
        if is_constant(node):
            return self._folded(node)
        node.left, node.right = self.visit(node.left), self.visit(node.right)
        if is_number(node.left) and is_number(node.right):
            return self._folded(node)
        return ast.copy_location(machine(name, node.left, node.right), node) if self.is_checked else node

    def _folded(self, node: ast.BinOp | ast.UnaryOp) -> Any:
        """What Python makes of constants; left as it is where that is an error."""
        expression = ast.fix_missing_locations(ast.Expression(twin(node)))
        try:
            value = eval(compile(expression, self.file, "eval"), {})
        except (ArithmeticError, TypeError, ValueError):
            self.refuse(node, f"{ast.unparse(node)}, which raises")
        constant = constant_node(value)
        if constant is None:
            self.refuse(node, f"{ast.unparse(node)}, beyond 64 bits")
        return ast.copy_location(constant, node)

    def visit_Name(self, node: ast.Name) -> Any:
        if isinstance(node.ctx, ast.Store):
            return node
        if isinstance(known := self.scope.get(node.id), Static):
            return ast.copy_location(ast.Constant(known.value), node)
        if node.id in self.scope:
            return with_kind(node, self.scope[node.id])
        found, value = self._resolve(node.id)
        if not found:
            return node  # a local that is no object
        if isinstance(value, ModuleType):
            if value is np or value is math:
                return ast.copy_location(ast.Name("np" if value is np else "math", ast.Load()), node)
            self.refuse(node, f"module {value.__name__}; math and numpy compile")
        constant = constant_node(value)
        if constant is None:
            self.refuse(node, f"global {node.id}, a {type(value).__name__}; numbers and texts compile as constants")
        return with_kind(ast.copy_location(constant, node), None)

    def _resolve(self, name: str) -> tuple[bool, Any]:
        """Looks a name up where the function would: closure, module, builtins; local names are not found."""
        code = self.function.__code__
        if name in code.co_freevars and name != "__class__":
            line = self.function.__code__.co_firstlineno
            raise CannotCompile(f"{name} comes from an enclosing function ({self.file}, line {line})")
        if name in code.co_varnames:
            return False, None
        self.library.note(self.function.__globals__, name)
        if name in self.function.__globals__:
            return True, self.function.__globals__[name]
        return False, None

    def _note_lookup(self, cls: type, name: str) -> None:
        """Notes what the text owes to a class: the first attribute of this name, and that no class before has one."""
        for owner in cls.__mro__:
            self.library.note(vars(owner), name)
            if name in vars(owner):
                return

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id not in self.scope:
            found, value = self._resolve(node.value.id)
            if found and not isinstance(value, ModuleType):
                self._note_lookup(type(value) if not isinstance(value, type) else value, node.attr)
                constant = constant_node(getattr(value, node.attr, None))
                if constant is None:
                    self.refuse(node, f"{ast.unparse(node)} is no constant")
                return ast.copy_location(constant, node)
            if found and value in (np, math) and isinstance(getattr(value, node.attr, None), float):
                return ast.copy_location(constant_node(getattr(value, node.attr)), node)  # type: ignore[type-var]
            if found and isinstance(getattr(value, node.attr, None), ModuleType):
                self.refuse(node, f"{ast.unparse(node)}, a module of its own; math and numpy compile")
        node.value = self.visit(node.value)
        owner = kind_at(node.value)
        if isinstance(owner, Record):
            return with_kind(node, owner.field(node.attr))
        if isinstance(owner, Array | Generator | None):
            return node
        if not isinstance(owner, Object):
            self.refuse(node, f"{ast.unparse(node)}")
        field = owner.field(node.attr)
        if field is None:
            self._note_lookup(owner.cls, node.attr)
            value = inspect.getattr_static(owner.cls, node.attr, None)
            if isinstance(value, property):
                self.refuse(node, f"{ast.unparse(node)}, a property; a method compiles")
            constant = constant_node(value)
            if constant is None:
                self.refuse(node, f"{ast.unparse(node)} is neither a field set in begin nor a constant of the class")
            return ast.copy_location(constant, node)
        if isinstance(field, Static):
            return ast.copy_location(ast.Constant(field.value), node)
        node.attr = plain(node.attr)
        if isinstance(field, Cell):
            return ast.copy_location(ast.Subscript(value=node, slice=ast.Constant(0), ctx=ast.Load()), node)
        return with_kind(node, None if isinstance(field, Number) else field)

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        text = ast.unparse(node)
        node.value = self.visit(node.value)
        owner = kind_at(node.value)
        if isinstance(owner, Table):
            fields = tuple((name, kind if isinstance(kind, Array) else None) for name, kind in owner.fields)
            row = call(self.library.row_name(owner), node.value, self.visit(node.slice))
            return with_kind(ast.copy_location(row, node), Record(fields))  # type: ignore[arg-type]
        if isinstance(owner, Items):
            node.slice = self.visit(node.slice)
            if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)):
                self.refuse(node, f"{text}: policies are reached by a loop or a constant index")
            return with_kind(node, owner.items[node.slice.value])
        if not isinstance(owner, Array):
            node.slice = self.visit(node.slice)
            self.library.note_unchecked_index()
            return node
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if len(parts) > owner.n_axes:
            self.refuse(node, f"{ast.unparse(node)}: more indices than axes")
        checked = [self._checked_index(node.value, axis, part) for axis, part in enumerate(parts)]
        node.slice = checked[0] if len(checked) == 1 else ast.Tuple(checked, ast.Load())
        n_left = owner.n_axes - sum(not isinstance(part, ast.Slice) for part in parts)
        return with_kind(node, Array(n_left) if n_left else None)

    def _checked_index(self, array: ast.expr, axis: int, index: ast.expr) -> ast.expr:
        if isinstance(index, ast.Slice):
            return self.visit(index)
        if (
            isinstance(index, ast.UnaryOp)
            and isinstance(index.op, ast.USub)
            and isinstance(index.operand, ast.Constant)
        ):
            length = ast.Subscript(ast.Attribute(twin(array), "shape", ast.Load()), ast.Constant(axis), ast.Load())
            index = ast.BinOp(length, ast.Sub(), index.operand)
        else:
            if self.in_range is not None and self.in_range.issuperset(locals_in(index)):
                return machine("word", self.visit(index))
            if self.in_range is not None and axis == 0 and (pair := of_pair(index)) is not None:
                return machine("of_pair", twin(array), self.visit(pair[0]), ast.Constant(pair[1]))
            index = self.visit(index)
        return machine("at", twin(array), ast.Constant(axis), index)

    def visit_Call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute):
            return self._call_attribute(node, function)
        if not isinstance(function, ast.Name):
            self.refuse(node, ast.unparse(node))
        found, value = self._resolve(function.id)
        if found and value is defines:
            kind = kind_at(self.visit(node.args[0]))
            assert isinstance(kind, Object)
            assert isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)
            return ast.copy_location(ast.Constant(callable(getattr(kind.cls, node.args[1].value, None))), node)
        self._visit_arguments(node)
        if found and value is touch:
            return ast.copy_location(machine("touch", *node.args), node)
        if found and inspect.isfunction(value):
            kinds = tuple(kind_at(argument) for argument in node.args)
            node.func = ast.Name(self._flat_name(node, value, None, kinds), ast.Load())
        elif found and getattr(value, "__module__", None) == "math":
            return self._call_math(node, value.__name__)
        elif found or function.id not in BUILTINS:
            self.refuse(node, f"a call of {function.id}")
        elif function.id == "int" and len(node.args) == 1:
            return ast.copy_location(machine("whole", node.args[0]), node)
        elif function.id == "round":
            if len(node.args) + len(node.keywords) > 1:
                self.refuse(node, "round to digits, which may differ in the last bit when compiled")
            return ast.copy_location(machine("nearest", node.args[0]), node)
        elif function.id == "len" and isinstance(kind_at(node.args[0]), Object):
            return self._call_method(node, node.args[0], "__len__", [])
        elif function.id == "len" and isinstance(kind := kind_at(node.args[0]), Items):
            return ast.copy_location(ast.Constant(len(kind.items)), node)
        return node

    def _call_math(self, node: ast.Call, name: str) -> Any:
        if name in INEXACT:
            self.refuse(node, f"math.{name}, which may differ in the last bit when compiled")
        if name in ROUNDING and len(node.args) == 1:
            return ast.copy_location(machine(ROUNDING[name], node.args[0]), node)
        node.func = ast.copy_location(ast.Attribute(ast.Name("math", ast.Load()), name, ast.Load()), node.func)
        return node

    def _flat_name(self, node: ast.AST, function: Any, owner: type | None, kinds: tuple[Kind | None, ...]) -> str:
        name = self.library.flat_name(function, owner, kinds)
        if self.library.is_recursive(name):
            self.refuse(node, f"{function.__name__} calls itself")
        return name

    def _visit_arguments(self, node: ast.Call) -> None:
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)

    def _call_attribute(self, node: ast.Call, function: ast.Attribute) -> Any:
        receiver = function.value
        if isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Name) and receiver.func.id == "super":
            return self._call_super(node, function.attr)
        receiver = self.visit(receiver)
        kind = kind_at(receiver)
        self._visit_arguments(node)
        if isinstance(kind, Object):
            return self._call_method(node, receiver, function.attr, node.args)
        if isinstance(kind, Generator) and function.attr == "integers" and len(node.args) == 1 and not node.keywords:
            node.args.insert(0, ast.Constant(0))  # numba knows the form with two bounds only
        if isinstance(kind, Generator) and function.attr not in DRAWS:
            self.refuse(node, f"rng.{function.attr}; these draw alike in both forms: {', '.join(DRAWS)}")
        if isinstance(receiver, ast.Name) and receiver.id == "math":
            return self._call_math(node, function.attr)
        if isinstance(receiver, ast.Name) and receiver.id == "np":
            self._check_numpy(node, function.attr)
        elif not isinstance(kind, Generator) and function.attr in SUMS | UNSTABLE | {"round"}:
            self.refuse(node, f".{function.attr}() of an array may differ when compiled; write the loop")
        node.func = ast.copy_location(ast.Attribute(receiver, function.attr, ast.Load()), function)
        return node

    def _check_numpy(self, node: ast.Call, name: str) -> None:
        if name in LAST_BIT:
            self.refuse(node, f"np.{name} may differ in the last bit when compiled; math.{name} does not")
        if name in SUMS:
            self.refuse(node, f"np.{name} adds in another order when compiled; write the loop")
        if name in UNSTABLE:
            self.refuse(node, f"np.{name} leaves the order of equals open, and the compiled form has another")
        if name not in SAME:
            self.refuse(node, f"np.{name}; these functions of NumPy compile: {', '.join(sorted(SAME))}")

    def _call_super(self, node: ast.Call, name: str) -> Any:
        first = next(iter(self.scope))
        kind = self.scope[first]
        assert isinstance(kind, Object)
        assert self.owner is not None
        order = kind.cls.__mro__
        self._visit_arguments(node)
        for base in order[order.index(self.owner) + 1 :]:
            if name in vars(base):
                receiver = with_kind(ast.Name(first, ast.Load()), kind)
                return self._flat_call(node, receiver, vars(base)[name], base, node.args)
        self.refuse(node, f"super().{name}: no base defines it")

    def _call_method(self, node: ast.Call, receiver: ast.expr, name: str, arguments: list[ast.expr]) -> Any:
        kind = kind_at(receiver)
        assert isinstance(kind, Object)
        self._note_lookup(kind.cls, name)
        for owner in kind.cls.__mro__:
            if name in vars(owner):
                return self._flat_call(node, receiver, vars(owner)[name], owner, arguments)
        self.refuse(node, f"{kind.cls.__name__} has no method {name}")

    def _flat_call(
        self, node: ast.Call, receiver: ast.expr, method: Any, owner: type, arguments: list[ast.expr]
    ) -> ast.Call:
        if isinstance(method, staticmethod):
            kinds = tuple(kind_at(argument) for argument in arguments)
            name, given = self._flat_name(node, method.__func__, owner, kinds), arguments
        elif inspect.isfunction(method):
            kinds = (kind_at(receiver), *(kind_at(argument) for argument in arguments))
            name, given = self._flat_name(node, method, owner, kinds), [receiver, *arguments]
        else:
            self.refuse(node, f"{ast.unparse(node.func)}, a {type(method).__name__}")
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), given, node.keywords), node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        node.left = self.visit(node.left)
        node.comparators = [self.visit(part) for part in node.comparators]
        if len(node.ops) != 1:
            return node
        left, operation, right = node.left, node.ops[0], node.comparators[0]
        if isinstance(operation, ast.In | ast.NotIn) and isinstance(kind_at(right), Object):
            found = self._call_method(ast.Call(ast.Name("in"), [], []), right, "__contains__", [left])
            return found if isinstance(operation, ast.In) else ast.UnaryOp(ast.Not(), found)
        if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
            answer = _compare(operation, left.value, right.value)
            if answer is not None:
                return ast.copy_location(ast.Constant(answer), node)
        if isinstance(operation, ast.Is | ast.IsNot) and isinstance(right, ast.Constant) and right.value is None:
            return ast.copy_location(ast.Constant(isinstance(operation, ast.IsNot)), node)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if is_constant(node):
            return self._folded(node)
        node.operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.copy_location(ast.Constant(not node.operand.value), node)
        if is_number(node.operand) and not isinstance(node.op, ast.Not):
            return self._folded(node)
        if self.is_checked and isinstance(node.op, ast.USub | ast.Invert):
            return ast.copy_location(machine("neg" if isinstance(node.op, ast.USub) else "invert", node.operand), node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        decides = isinstance(node.op, ast.Or)
        open_parts: list[ast.expr] = []
        for part in node.values:
            visited = self.visit(part)
            if isinstance(visited, ast.Constant) and isinstance(visited.value, bool):
                if visited.value == decides:
                    open_parts.append(visited)
                    break
                continue
            open_parts.append(visited)
        if not open_parts:
            return ast.copy_location(ast.Constant(not decides), node)
        if len(open_parts) == 1:
            return open_parts[0]
        node.values = open_parts
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        test = self.visit(node.test)
        if isinstance(test, ast.Constant):
            return self.visit(node.body if test.value else node.orelse)
        return ast.copy_location(ast.IfExp(test, self.visit(node.body), self.visit(node.orelse)), node)


class _Rename(ast.NodeTransformer):
    def __init__(self, old: str, new: str):
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.new, node.ctx), node) if node.id == self.old else node


def twin(node: Any) -> Any:
    """A copy of a tree to be rewritten; the kinds of its expressions are shared. `copy.deepcopy` takes four times as long."""
    if isinstance(node, list):
        return [twin(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    new = type(node)()
    new.__dict__.update({name: twin(part) for name, part in vars(node).items()})
    return new


def kind_at(node: ast.AST) -> Kind | None:
    """The kind of a visited expression; None for a plain number."""
    return getattr(node, "kind", None)


def with_kind(node: Any, kind: Kind | None) -> Any:
    node.kind = kind
    return node


def of_pair(index: ast.expr) -> tuple[ast.expr, int] | None:
    """i and k where an index is written as 2 * i + k, k being 0 or 1; None where it is not."""
    match index:
        case ast.BinOp(ast.Constant(2), ast.Mult(), i):
            return i, 0
        case ast.BinOp(ast.BinOp(ast.Constant(2), ast.Mult(), i), ast.Add(), ast.Constant(1)):
            return i, 1
    return None


def locals_in(index: ast.expr) -> set[str]:
    """The names in an index, other than that of the object whose fields it reads."""
    return {part.id for part in ast.walk(index) if isinstance(part, ast.Name)} - {"self"}


def having(method: str, thing: ast.expr) -> list[ast.expr]:
    """The structures within an object, however deep, that fetch by this method; not those within one that does."""
    kind = kind_at(thing)
    if not isinstance(kind, Object | Items):
        return []
    if isinstance(kind, Object) and only_fetches(getattr(kind.cls, method, None)):
        return [thing]
    parts: list[tuple[ast.expr, Kind]]
    if isinstance(kind, Items):
        parts = [(ast.Subscript(thing, ast.Constant(i), ast.Load()), item) for i, item in enumerate(kind.items)]
    else:
        parts = [(ast.Attribute(thing, plain(name), ast.Load()), field) for name, field in kind.fields]
    return [found for part, field in parts for found in having(method, with_kind(part, field))]


def only_fetches(method: Any) -> bool:
    """Whether a method does nothing but `touch`, at places that it may look up: then it may be told of requests to come.

    Any other method of that name, in a policy's file perhaps, is never called for what has not been requested yet.
    """
    if not inspect.isfunction(method):
        return False
    known = {**vars(builtins), **method.__globals__}
    parts = [part for statement in source_tree(method).body for part in ast.walk(statement)]
    own = {*method.__code__.co_varnames, *method.__code__.co_freevars}
    for part in parts:
        match part:
            case ast.Call(ast.Name(name)) if name not in own and known.get(name) in (touch, range):
                continue
            case (
                ast.Name()
                | ast.Attribute(ctx=ast.Load())
                | ast.Subscript(ctx=ast.Load())
                | ast.Constant()
                | ast.BinOp()
            ):
                continue
            case ast.Expr() | ast.Assign() | ast.For() | ast.operator() | ast.expr_context():
                continue
        return False
    return True


def stored_name(node: ast.AST) -> str:
    """The name that a node gives a value; none, most often."""
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ""


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def is_constant(node: ast.AST) -> bool:
    """Whether an expression consists of numbers and operators alone."""
    leaves = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
    return all(is_number(part) or isinstance(part, leaves) for part in ast.walk(node))


def is_pure(node: ast.AST) -> bool:
    """Whether reading an expression twice is as good as once."""
    return not any(isinstance(part, ast.Call) for part in ast.walk(node))


def as_load(target: Any) -> Any:
    """The expression that reads what an assignment writes."""
    read = twin(target)
    read.ctx = ast.Load()
    return read


def plain(field: str) -> str:
    """A field's name as a named tuple allows it: no leading underscore."""
    return field if not field.startswith("_") else f"f{field}"


def call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def machine(name: str, *arguments: ast.expr) -> ast.Call:
    """A call of one of the generated module's own functions, under a name that no policy uses."""
    return call(f"{RESERVED}{name}", *arguments)


RESERVED = "sim__"


def constant_node(value: Any) -> ast.expr | None:
    """A literal for a number, a text, None or a tuple of numbers; None for anything else."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, str):
        return ast.Constant(value) if value is not None else None
    if isinstance(value, bool | np.bool_):
        return ast.Constant(bool(value))
    if isinstance(value, int | np.integer):
        return ast.Constant(int(value)) if -(2**63) <= value < 2**63 else None
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isfinite(number):
            return ast.Constant(number)
        name = ast.Attribute(ast.Name("math", ast.Load()), "nan" if math.isnan(number) else "inf", ast.Load())
        return ast.UnaryOp(ast.USub(), name) if number == -math.inf else name
    if isinstance(value, tuple) and value:
        parts = [constant_node(part) for part in value]
        if all(part is not None for part in parts):
            return ast.Tuple(parts, ast.Load())  # type: ignore[arg-type]
    return None


def _compare(operation: ast.cmpop, left: Any, right: Any) -> bool | None:
    if isinstance(operation, ast.Eq | ast.Is):
        return bool(left == right)
    if isinstance(operation, ast.NotEq | ast.IsNot):
        return bool(left != right)
    return None


def _constant_text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "..." for p in node.values)
    return "..."
