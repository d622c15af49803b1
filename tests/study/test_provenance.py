from __future__ import annotations

import dataclasses

import numpy as np

from sim.core.trace import Interned, Ragged, Trace
from sim.study import catalog, provenance

DERIVED = "from policies.paging.lru import LRU\nfrom rules import X\n\n\nclass Mine(LRU):\n    x = X\n"


def reached(path):
    """Names of the files outside core and domain that a user's policy is made of."""
    loaded = catalog.userfile.load(path)
    return {path.name for path in provenance._reached(loaded, provenance._package("sim.domains.paging"))}


def test_code_of_a_policy_is_its_file_with_what_it_imports_beside_it_and_from_the_library(tmp_path):
    (tmp_path / "mine.py").write_text(DERIVED)
    (tmp_path / "rules.py").write_text("from kit.inner import X\n")
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "__init__.py").write_text("")
    (tmp_path / "kit" / "inner.py").write_text("from . import deep\nX = deep.X\n")
    (tmp_path / "kit" / "deep.py").write_text("X = 1\n")
    (tmp_path / "unused.py").write_text("")
    found = reached(tmp_path / "mine.py")
    assert {"mine.py", "rules.py", "inner.py", "deep.py", "lru.py"} <= found
    assert not {"unused.py", "mark0.py"} & found


def test_an_edit_of_what_a_policy_imports_is_other_code(tmp_path):
    (tmp_path / "mine.py").write_text(DERIVED)
    codes = []
    for text in ("X = 1\n", "X = 2\n", "X = 1\n"):
        (tmp_path / "rules.py").write_text(text)
        codes.append(provenance.code_of("paging", catalog.policy("paging", str(tmp_path / "mine.py")), False))
    assert codes[0] == codes[2] != codes[1]


def test_a_policy_of_another_domain_brings_the_rules_of_its_own(monkeypatch):
    def packages(text):
        asked = []
        monkeypatch.setattr(provenance, "_package", lambda name: asked.append(name) or frozenset())
        provenance.code_of("paging", catalog.policy("paging", text), False)
        return asked

    assert sorted(packages("bandit_of")) == ["sim.core", "sim.domains.bandits", "sim.domains.paging"]
    assert sorted(packages("lru")) == ["sim.core", "sim.domains.paging"]


def test_predictors_are_code_of_runs_with_predictions_only():
    lru = catalog.policy("paging", "lru")
    assert provenance.code_of("paging", lru, True) != provenance.code_of("paging", lru, False)


def test_content_is_that_of_columns_and_tables_and_nothing_else():
    def content(page=(0, 1, 0), tables=("a", "ü"), name="t", **more):
        columns = {"page": np.array(page, np.int32), **more}
        return provenance.content_of(Trace(name, "paging", columns, {"pages": np.array(tables)}))

    assert content() == content(name="other")
    values = Ragged(np.arange(3), np.array([0, 1, 1, 3]))
    others = [
        content(page=(0, 1, 1)),
        content(tables=("a", "b")),
        content(time_s=np.zeros(3)),
        content(reads=values),
        content(reads=dataclasses.replace(values, offsets=np.array([0, 0, 1, 3]))),
        content(kind=Interned(np.zeros(3, np.int32), np.array(["x", None], object))),
    ]
    assert len({content(), *others}) == 1 + len(others)
