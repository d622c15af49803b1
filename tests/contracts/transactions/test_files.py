"""How a policy's file is kept: its name, its one class, its docstring."""

import inspect
import re

from sim.study import catalog
from tests.contracts.transactions.subjects import EVERY


@EVERY
def test_a_file_holds_one_class_found_under_its_name(name):
    cls = catalog.policy_class("transactions", name)
    assert cls.__name__.lower() == name.replace("_", "")


@EVERY
def test_a_policy_says_what_it_does_and_where_it_comes_from(name):
    text = inspect.cleandoc(catalog.policy_class("transactions", name).__doc__ or "")
    assert text.split("\n\n")[0].endswith(".")
    assert re.search(r"\b(19[4-9]\d|20[0-2]\d)\b", text.partition("Reference: ")[2])


@EVERY
def test_every_parameter_is_documented(name):
    cls = catalog.policy_class("transactions", name)
    section = inspect.cleandoc(cls.__doc__ or "").partition("\nParameters:\n")[2].partition("\n\n")[0]
    documented = re.findall(r"^    ([a-z_0-9]+(?:, [a-z_0-9]+)*): ", section, re.MULTILINE)
    assert [word for line in documented for word in line.split(", ")] == list(cls.parameters())
