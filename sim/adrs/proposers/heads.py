"""The imports at the head of a candidate's file: what it uses and nothing else, in the order this house keeps.

Candidates are put together of parts and written by models, neither of which look after imports.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from sim.adrs import allowlist
from sim.study import catalog

LONGEST_LINE = 120


class Import(NamedTuple):
    """One name that a file imports.

    Args:
        module: "" for `import name`.
        name: of the module, or of what is taken from it.
        alias: by which the file knows it.
    """

    module: str
    name: str
    alias: str


@cache
def offered(domain: str) -> Mapping[str, Import]:
    """What a candidate of the domain may import, by the name it is known by."""
    found = {
        name: Import("", name, name) for name, of in allowlist.MODULES.items() if "." not in name and of is not None
    }
    found["np"] = found.pop("numpy")._replace(alias="np")
    for module, names in (*allowlist.MODULES.items(), *_helpers(domain)):
        if module not in ("math", "numpy"):  # whose names are too common to tell what was meant
            for name in sorted(_public(module) if names is None else names):
                found.setdefault(name, Import(module, name, name))
    found[domain] = Import("sim.domains", domain, domain)
    return MappingProxyType(found)


def _helpers(domain: str) -> Iterator[tuple[str, frozenset[str] | None]]:
    for name, names in allowlist.HELPERS.get(domain, {}).items():
        yield f"sim.domains.{domain}.{name}", names


def _public(module: str) -> list[str]:
    """The functions and classes that a module defines."""
    loaded = catalog.module(module)
    return [n for n, value in vars(loaded).items() if getattr(value, "__module__", None) == module and n[0] != "_"]


def completed(source: str, known: Mapping[str, Import]) -> str:
    """The file with its imports put in order, those it does not use left out, and those it lacks put in where they are known.

    Args:
        source: a file that parses.
        known: name -> what to import for it.
    """
    tree = ast.parse(source)
    given, spans = imports_of(tree)
    used = _used(tree)
    missing = used - _bound(tree) - set(dir(builtins)) - {each.alias for each in given}
    wanted = {each for each in given if each.alias in used or each.name == "*" or each.module == "__future__"}
    wanted |= {known[name] for name in missing if name in known}
    lines = source.split("\n")
    for first, last in reversed(spans):
        del lines[first - 1 : last]
    text = block(wanted)
    body = "\n".join(lines).strip("\n")
    docstring = _docstring_lines(ast.parse(body)) if body else 0
    if not text:
        return f"{body}\n"
    if docstring:
        above, below = body.split("\n")[:docstring], body.split("\n")[docstring:]
        return "\n".join(above) + f"\n\n{text}" + "\n".join(_spaced(below)) + "\n"
    return text + "\n".join(_spaced(body.split("\n"))) + "\n"


def imports_of(tree: ast.Module) -> tuple[list[Import], list[tuple[int, int]]]:
    """A file's imports, and the lines that they stand on where nothing else does."""
    found, spans = [], []
    shared = [line for node in tree.body for line in {node.lineno, node.end_lineno}]
    for node in tree.body:
        if (
            isinstance(node, ast.Import | ast.ImportFrom)
            and shared.count(node.lineno) == shared.count(node.end_lineno) == 1
        ):
            module = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            found += [Import(module, alias.name, alias.asname or alias.name.partition(".")[0]) for alias in node.names]
            spans.append((node.lineno, node.end_lineno or node.lineno))
    return found, spans


def block(wanted: Iterable[Import]) -> str:
    """Imports as text: the language's own, other packages, ours; modules before names."""
    groups: list[list[str]] = [[], [], [], []]
    froms: dict[str, list[Import]] = {}
    for each in sorted(set(wanted)):
        if each.module:
            froms.setdefault(each.module, []).append(each)
        else:
            groups[_group(each.name)].append(f"import {_as(each)}")
    for module, names in sorted(froms.items()):
        shown = [_as(each) for each in sorted(names, key=lambda each: (_kind(each.name), each.name.lower(), each.name))]
        line = f"from {module} import {', '.join(shown)}"
        if len(line) > LONGEST_LINE:
            line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in shown) + ")"
        groups[_group(module)].append(line)
    return "".join("\n".join(group) + "\n\n" for group in groups if group).removesuffix("\n")


def _as(each: Import) -> str:
    return each.name if each.alias == each.name.partition(".")[0] else f"{each.name} as {each.alias}"


def _group(module: str) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    return 1 if top in sys.stdlib_module_names else 3 if top in ("sim", "") else 2


def _kind(name: str) -> int:
    """Constants before classes before functions."""
    return 0 if name.isupper() else 1 if name[:1].isupper() else 2


def _used(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)}


def _bound(tree: ast.Module) -> set[str]:
    """Names that a file gives a meaning to, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def _docstring_lines(tree: ast.Module) -> int:
    return (tree.body[0].end_lineno or 0) if ast.get_docstring(tree) is not None else 0


def _spaced(lines: list[str]) -> list[str]:
    """Lines below the imports: one blank line before constants, two before a class or function."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    first = next((line for line in lines if not line.startswith("#")), "")
    return ["", *([""] if first.startswith(("class ", "def ", "@")) else []), *lines]
