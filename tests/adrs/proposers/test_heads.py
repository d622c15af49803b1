import ast
from pathlib import Path

import pytest

from sim.adrs import allowlist
from sim.adrs.proposers import heads
from sim.adrs.proposers.heads import Import, completed, offered
from sim.study import catalog

ROOT = Path(__file__).parents[3]
LIBRARY = [
    pytest.param(path, id=f"{path.parent.name}/{path.stem}")
    for path in sorted(ROOT.glob("policies/*/*.py"))
    if "class " in path.read_text()
]


def without_imports(source):
    lines = source.split("\n")
    for first, last in reversed(heads.imports_of(ast.parse(source))[1]):
        del lines[first - 1 : last]
    return "\n".join(lines)


@pytest.mark.parametrize("path", LIBRARY)
def test_the_librarys_own_imports_stay_as_they_are_and_come_back_where_they_are_taken_away(path):
    source, domain = path.read_text(), path.parent.name
    assert completed(source, offered(domain)) == source
    known = {**offered(domain), **{each.alias: each for each in heads.imports_of(ast.parse(source))[0]}}
    assert completed(without_imports(source), known) == source


@pytest.mark.parametrize("domain", sorted({path.parent.name for path in ROOT.glob("policies/*/__init__.py")}))
def test_all_that_is_offered_is_there_and_is_allowed(domain):
    for alias, each in offered(domain).items():
        assert each.alias == alias
        source = heads.block([each])
        assert allowlist.check(source, domain) is None, source
        if each.module and each.module != "sim.domains":
            assert hasattr(catalog.module(each.module), each.name), source


def test_what_is_missing_is_added_what_is_unused_is_dropped_and_what_is_foreign_stays():
    source = """
from os import path, sep
from sim.core.structures import Queue
import math
import secrets


class A(paging.Policy):
    def begin(self, setting, rng):
        self.x = np.zeros(setting.n_pages)
        self.order = LinkedList(math.inf, path, NONE, unheard_of)
"""
    assert (
        completed(source, offered("paging"))
        == """import math
from os import path

import numpy as np

from sim.core.structures import LinkedList
from sim.core.trace import NONE
from sim.domains import paging


class A(paging.Policy):
    def begin(self, setting, rng):
        self.x = np.zeros(setting.n_pages)
        self.order = LinkedList(math.inf, path, NONE, unheard_of)
"""
    )


def test_names_that_the_file_gives_a_meaning_itself_are_not_imported():
    source = "def draw(log):\n    Heap = log\n    return Heap\n"
    assert completed(source, offered("paging")) == source


def test_a_docstring_stays_first_and_a_long_line_is_broken():
    known = {f"name_{k}": Import("sim.core.structures", f"name_{k}", f"name_{k}") for k in range(12)}
    source = f'"""What it is."""\nX = ({", ".join(sorted(known))})\n'
    lines = completed(source, known).split("\n")
    assert lines[:5] == ['"""What it is."""', "", "from sim.core.structures import (", "    name_0,", "    name_1,"]
    assert lines[-4:] == [")", "", source.split("\n")[1], ""]


def test_an_import_that_shares_its_line_is_left_alone():
    source = "import math; X = 1\n"
    assert completed(source, offered("paging")) == source
