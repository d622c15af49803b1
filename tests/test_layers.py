"""Who may import whom, and where everything has its place: the house as a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

TOP_LEVEL = {"sim", "policies", "workloads", "traces", "tests", "benchmarks", "docs"}
BUILT = {"out", "build", "dist"}
"""Folders that commands make and nobody commits."""

LAYERS = [
    {"sim.core"},
    {"sim.domains"},
    {"policies", "workloads", "traces"},
    {"sim.study"},
    {"sim.adrs"},
    {"sim.cli"},
]
"""Each may import what stands before it and itself; those of one line never each other."""

CONFINED = {
    "matplotlib": ("sim/study/figures/", "sim/adrs/figures/"),
    "bokeh": ("sim/study/report/",),
    "jinja2": ("sim/study/report/",),
    "click": ("sim/cli/",),
    "simpy": ("sim/core/engine.py", "sim/domains/"),
    "numba": ("sim/core/", "sim/domains/"),
    "highspy": ("sim/domains/bandits/lns/solvers/", "traces/mip.py"),
    "pyscipopt": ("sim/domains/bandits/lns/solvers/",),
}
"""Package -> the only places that import it."""


class Import(NamedTuple):
    """One import: of `module`, on a line of the file at `path` below the root."""

    path: str
    line: int
    module: str
    is_named_by_string: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


def files() -> list[Path]:
    return sorted(path for layer in LAYERS for package in layer for path in (ROOT / place(package)).rglob("*.py"))


def place(package: str) -> str:
    return package.replace(".", "/")


def imports_of(path: Path) -> Iterator[Import]:
    where = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(where, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{where}:{node.lineno}: imports are written out, not relative"
            for alias in node.names:
                yield Import(where, node.lineno, f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Call) and called(node) in ("import_module", "__import__"):
            yield Import(where, node.lineno, beginning(node.args[0]), is_named_by_string=True)


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def beginning(name: ast.expr) -> str:
    """The part of a module's name that stands in the text: "sim.cli" of f"sim.cli.{name}"; "" of a variable."""
    first = name.values[0] if isinstance(name, ast.JoinedStr) and name.values else name
    return str(first.value).rstrip(".") if isinstance(first, ast.Constant) else ""


def layer_of(module: str) -> int | None:
    for position, layer in enumerate(LAYERS):
        if any(f"{module}.".startswith(f"{package}.") for package in layer):
            return position
    return None


def package_of(module: str) -> str:
    return next(package for layer in LAYERS for package in layer if f"{module}.".startswith(f"{package}."))


def module_at(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


IMPORTS = [found for path in files() for found in imports_of(path)]


def test_imports_go_leftwards_only():
    wrong = []
    for found in IMPORTS:
        mine, theirs = layer_of(module_at(found.path)), layer_of(found.module)
        assert mine is not None
        is_own = theirs == mine and package_of(found.module) == package_of(module_at(found.path))
        if theirs is not None and theirs >= mine and not is_own:
            wrong.append(str(found))
    assert wrong == []


def test_what_is_ours_lies_in_one_of_the_layers():
    wrong = [str(i) for i in IMPORTS if i.module.partition(".")[0] in TOP_LEVEL and layer_of(i.module) is None]
    assert wrong == []


@pytest.mark.parametrize("package", CONFINED)
def test_a_heavy_package_is_imported_only_where_it_belongs(package):
    found = [i for i in IMPORTS if i.module.partition(".")[0] == package]
    assert [str(i) for i in found if not i.path.startswith(CONFINED[package])] == []


def test_only_the_catalog_imports_what_it_cannot_name():
    """Others load one of several modules of a package that stands there: a reader, a command, a back end."""
    by_string = [i for i in IMPORTS if i.is_named_by_string and i.path != "sim/study/catalog.py"]
    assert [str(i) for i in by_string if layer_of(i.module) is None] == []


def test_a_study_reaches_policies_and_workloads_by_name_alone():
    wrong = [
        i for i in IMPORTS if i.path.startswith("sim/") and i.module.partition(".")[0] in ("policies", "workloads")
    ]
    assert [str(i) for i in wrong] == []


def test_policies_know_their_own_domain_and_no_other_policy():
    wrong = []
    for found in IMPORTS:
        folder, *rest = module_at(found.path).split(".")
        of = found.module.split(".")
        is_foreign = of[:2] == ["sim", "domains"] and len(of) > 2 and of[2] != rest[0] if rest else False
        if folder == "policies" and (of[0] == "policies" or is_foreign):
            wrong.append(str(found))
    assert wrong == []


def test_the_command_line_starts_without_heavy_packages():
    """Help is there at once, so nothing that `main` imports while it loads may pull in numba, pandas or matplotlib."""
    heavy = {"numba", "numpy", "pandas", "scipy", "matplotlib", "simpy", "rich"}
    waiting, seen = ["sim/cli/main.py"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for node in ast.parse((ROOT / path).read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                assert name.partition(".")[0] not in heavy, f"{path} imports {name}"
                below = f"{place(name)}.py"
                if (ROOT / below).is_file() and below not in seen:
                    waiting.append(below)
    assert {"sim/cli/failure.py", "sim/core/errors.py"} <= seen


def domains() -> list[str]:
    return sorted({path.stem for path in (ROOT / "sim/domains").glob("[!_]*")})


@pytest.mark.parametrize("word", domains())
def test_a_domain_has_its_places_under_one_word(word):
    places = [f"policies/{word}/__init__.py", f"workloads/{word}.py", f"tests/contracts/{word}/__init__.py"]
    missing = [place for place in places if not (ROOT / place).is_file()]
    if not any((ROOT / f"traces/{word}").glob("[!.]*")):
        missing.append(f"traces/{word}/")
    assert not missing, f"domain {word} lacks {', '.join(missing)}"


def test_no_place_is_kept_for_a_domain_that_is_not_there():
    kept = {
        path.parent.name for path in [*ROOT.glob("policies/*/__init__.py"), *ROOT.glob("tests/contracts/*/__init__.py")]
    }
    kept |= {path.stem for path in ROOT.glob("workloads/[!_]*.py") if (ROOT / "policies" / path.stem).is_dir()}
    assert kept <= set(domains())


def test_the_top_level_is_fixed():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}
    assert {name for name in folders if not name.endswith(".egg-info")} - BUILT <= TOP_LEVEL
    parts = {path.parent.name for path in ROOT.glob("sim/*/__init__.py")}
    assert {"core", "domains", "study", "cli"} <= parts <= {"core", "domains", "study", "adrs", "cli"}


def test_a_figure_draws_and_runs_nothing():
    places = CONFINED["matplotlib"]
    wrong = [i for i in IMPORTS if i.path.startswith(places) and i.module.startswith("sim.core.engine")]
    wrong += [i for i in IMPORTS if i.path.startswith(places) and "experiment" in i.module]
    assert [str(i) for i in wrong] == []
