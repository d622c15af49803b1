"""How a policy's file is kept, in every domain: its name, its one class, its docstring."""

import ast
import inspect
import re
from dataclasses import MISSING
from importlib import import_module
from pathlib import Path

import pytest

import policies
from sim.core.policy import Policy
from sim.study import catalog

FILES = {(path.parent.name, path.stem): path for path in sorted(Path(policies.__path__[0]).glob("[!_]*/[!_]*.py"))}
"""By domain and name."""

EVERY = pytest.mark.parametrize(("domain", "name"), [pytest.param(*key, id="/".join(key)) for key in FILES])

KINDS = {"int": int, "float": float, "bool": bool, "str": str, "None": type(None), "Policy": Policy, "tuple": tuple}


def docstring(domain: str, name: str) -> str:
    return inspect.cleandoc(catalog.policy_class(domain, name).__doc__ or "")


@pytest.mark.parametrize("domain", sorted({domain for domain, _ in FILES}))
def test_the_catalog_knows_exactly_the_files_of_the_library(domain):
    library = import_module(f"policies.{domain}").__name__
    ours = [n for n in catalog.policies(domain) if catalog.policy_class(domain, n).__module__.startswith(library)]
    assert ours == sorted(name for of, name in FILES if of == domain)


@EVERY
def test_a_file_holds_one_public_class_found_under_the_name_of_the_file(domain, name):
    public = [
        node.name
        for node in ast.parse(FILES[domain, name].read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    cls = catalog.policy_class(domain, name)
    assert public == [cls.__name__]
    assert cls.__name__.lower() == name.replace("_", "")
    assert cls.__module__ == f"policies.{domain}.{name}"
    assert issubclass(cls, Policy)


@EVERY
def test_a_policy_says_in_a_sentence_what_it_does_and_where_it_comes_from(domain, name):
    text = docstring(domain, name)
    first = text.split("\n\n")[0]
    assert re.match(r"[A-Z][^.]{20,}[.;:]", first), first
    assert first.rstrip().endswith(".")
    reference = text.partition("Reference: ")[2]
    assert re.search(r"\b(19[3-9]\d|20[0-2]\d)\b", reference), "the reference names no year"


@EVERY
def test_every_parameter_is_documented_and_has_a_default_of_its_declared_type(domain, name):
    cls = catalog.policy_class(domain, name)
    section = docstring(domain, name).partition("\nParameters:\n")[2].partition("\n\n")[0]
    documented = re.findall(r"^    ([a-z_0-9]+(?:, [a-z_0-9]+)*): ", section, re.MULTILINE)
    assert [word for line in documented for word in line.split(", ")] == list(cls.parameters())
    if MISSING in cls.parameters().values():
        return
    policy = catalog.policy(domain, name)
    for key in cls.parameters():
        declared, value = str(cls.__annotations__[key]), getattr(policy, key)
        allowed = tuple(kind for word, kind in KINDS.items() if word in declared)
        assert isinstance(value, allowed), f"{key}: {declared} = {value!r}"
