"""How a policy's file is kept: its name, its one class, its docstring."""

import ast
import inspect
import re

from policies import bandits
from sim.domains.bandits import Policy
from sim.study import catalog
from tests.contracts.bandits.subjects import EVERY_FILE, FILES


def test_the_catalog_knows_exactly_the_files_of_the_library():
    ours = [
        name
        for name in catalog.policies("bandits")
        if catalog.policy_class("bandits", name).__module__.startswith(bandits.__name__)
    ]
    assert ours == sorted(FILES)


@EVERY_FILE
def test_a_file_holds_one_public_class_found_under_the_name_of_the_file(name):
    public = [
        node.name
        for node in ast.parse(FILES[name].read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    cls = catalog.policy_class("bandits", name)
    assert public == [cls.__name__]
    assert cls.__name__.lower() == name.replace("_", "")


@EVERY_FILE
def test_a_policy_says_in_a_sentence_what_it_pulls_and_where_it_comes_from(name):
    text = inspect.cleandoc(catalog.policy_class("bandits", name).__doc__ or "")
    first = text.split("\n\n")[0]
    assert re.match(r"[A-Z][^.]{20,}[.;:]", first), first
    reference = text.partition("Reference: ")[2]
    assert re.search(r"\b(19[3-9]\d|20[0-2]\d)\b", reference), "the reference names no year"


@EVERY_FILE
def test_every_parameter_is_documented_and_has_a_default_of_its_declared_type(name):
    cls = catalog.policy_class("bandits", name)
    section = inspect.cleandoc(cls.__doc__ or "").partition("\nParameters:\n")[2].partition("\n\n")[0]
    documented = re.findall(r"^    ([a-z_0-9]+(?:, [a-z_0-9]+)*): ", section, re.MULTILINE)
    assert [word for line in documented for word in line.split(", ")] == list(cls.parameters())
    policy = catalog.policy("bandits", name)
    for key in cls.parameters():
        declared, value = str(cls.__annotations__[key]), getattr(policy, key)
        kinds = {"int": int, "float": float, "bool": bool, "str": str, "None": type(None), "Policy": Policy}
        allowed = tuple(kind for word, kind in kinds.items() if word in declared)
        assert isinstance(value, allowed), f"{key}: {declared} = {value!r}"
