"""The cache of machine code: never stale, never trusted when damaged, safe with others at work, and not needed."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from sim.core import compile as compiling
from sim.core import modules
from tests.core import toy

ROOT = Path(__file__).resolve().parents[2]

HELPER = """
from sim.core.structures import Structure
from tests.core import toy

STEP = {n}

def worth(x):
    return deeper(x) + 1

def deeper(x):
    return x * {n}

class Counter(Structure):
    def __init__(self):
        self.total = 0

    def add(self):
        self.total += {n}

class Base(toy.Policy):
    SHARE = {n}

    def worth(self, row):
        return row.x - {n}
"""
POLICIES = """
from helper import STEP, Base, Counter, worth
from tests.core import toy

class Own(toy.Policy):
    def answer(self, row):
        return row.x + {n}

class ByFunction(toy.Policy):
    def answer(self, row):
        return worth(row.x)

class ByConstant(toy.Policy):
    def answer(self, row):
        return row.x + STEP

class ByStructure(toy.Policy):
    def begin(self, n, rng):
        self.counter = Counter()

    def answer(self, row):
        self.counter.add()
        return self.counter.total

class ByBase(Base):
    def answer(self, row):
        return self.worth(row)

class ByConstantOfBase(Base):
    def answer(self, row):
        return self.SHARE
"""
PROGRAM = """
import inspect
import sys

sys.path.insert(0, sys.argv[1])
import policies_of_test
from tests.core import toy

for name in sys.argv[2:]:
    engine, answers, notices = toy.answered(getattr(policies_of_test, name)(), "auto", n=3)
    print(name, engine, answers, *notices)
"""
NAMES = ("Own", "ByFunction", "ByConstant", "ByStructure", "ByBase", "ByConstantOfBase")


def put(folder, *, own=1, helper=1):
    (folder / "policies_of_test.py").write_text(POLICIES.format(n=own))
    (folder / "helper.py").write_text(HELPER.format(n=helper))


def started(folder, *names):
    """A fresh process that replays these policies, compiled where it can."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), *names],
        cwd=ROOT,
        env={**os.environ, "AUGSIM_CACHE": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def printed(process):
    out, error = process.communicate()
    assert process.returncode == 0, error
    return out.splitlines()


def expected(*, own=1, helper=1):
    x = toy.trace(3)["x"].tolist()
    answers = {
        "Own": [v + own for v in x],
        "ByFunction": [v * helper + 1 for v in x],
        "ByConstant": [v + helper for v in x],
        "ByStructure": [helper, 2 * helper, 3 * helper],
        "ByBase": [v - helper for v in x],
        "ByConstantOfBase": [helper] * 3,
    }
    return [f"{name} compiled {[float(v) for v in answers[name]]}" for name in NAMES]


def test_an_edit_of_policy_helper_constant_structure_or_base_is_never_answered_from_old_code(tmp_path):
    put(tmp_path)
    assert printed(started(tmp_path, *NAMES)) == expected()
    n_modules = len(list((tmp_path / "cache" / "compiled").glob("*.py")))
    put(tmp_path, own=4, helper=7)
    assert printed(started(tmp_path, *NAMES)) == expected(own=4, helper=7)
    assert len(list((tmp_path / "cache" / "compiled").glob("*.py"))) == n_modules + len(NAMES)


def test_two_processes_that_compile_the_same_at_once_do_no_harm(tmp_path):
    put(tmp_path)
    both = [started(tmp_path, "Own") for _ in range(2)]
    assert [printed(process) for process in both] == [expected()[:1]] * 2
    assert not list((tmp_path / "cache" / "compiled").glob(".*"))
    assert printed(started(tmp_path, "Own")) == expected()[:1]


class Scaled(toy.Policy):
    """Answers x by a factor, with a sign that goes into the text of the code."""

    factor: int = 2
    is_negative: bool = False

    def answer(self, row):
        return -self.factor * row.x if self.is_negative else self.factor * row.x


def test_parameters_that_go_into_the_code_are_kept_apart():
    x = toy.trace(5)["x"]
    for factor, is_negative in ((2, False), (3, False), (3, True), (2, False)):
        engine, answers, _ = toy.answered(Scaled(factor=factor, is_negative=is_negative), "compiled", n=5)
        assert (engine, answers) == ("compiled", (factor * x * (-1 if is_negative else 1)).tolist())


SHARE = 5


def shared(x):
    return x + SHARE


def shared_otherwise(x):
    return x - SHARE


class Shares(toy.Policy):
    STEP = 1

    def answer(self, row):
        return shared(row.x) * self.STEP

    def other(self, row):
        return 3


def test_a_constant_function_or_method_exchanged_while_the_process_runs_is_noticed(monkeypatch):
    x = toy.trace(5)["x"]

    def answers():
        return toy.answered(Shares(), "compiled", n=5)[1]

    assert answers() == (x + 5).tolist()
    monkeypatch.setattr(sys.modules[__name__], "SHARE", 6)
    assert answers() == (x + 6).tolist()
    monkeypatch.setattr(Shares, "STEP", 2)
    assert answers() == (2 * (x + 6)).tolist()
    monkeypatch.setitem(globals(), "shared", shared_otherwise)
    assert answers() == (2 * (x - 6)).tolist()
    monkeypatch.setattr(Shares, "answer", Shares.other)
    assert answers() == [3] * 5


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of an empty cache."""
    monkeypatch.setenv("AUGSIM_CACHE", str(tmp_path))
    return tmp_path / "compiled"


def reopened():
    """Replays as a new process would: the module of the code is read again. Gives the answers and how often it came from disk."""
    for name in [name for name in sys.modules if name.startswith("augsim_generated_Scaled")]:
        del sys.modules[name]
    engine, answers, notices = toy.answered(Scaled(factor=3), "auto", n=5)
    (name,) = (name for name in sys.modules if name.startswith("augsim_generated_Scaled"))
    return (engine, answers, notices), sum(sys.modules[name].loop.stats.cache_hits.values())


DAMAGES = {
    "cut": lambda data: data[: len(data) // 2],
    "emptied": lambda data: b"",
    "changed in one place": lambda data: data[: len(data) // 2] + b"\xff\x00" + data[len(data) // 2 + 2 :],
}


def test_an_entry_that_is_damaged_anywhere_is_made_anew(cache):
    right, n_hits = reopened()
    assert right == ("compiled", (3 * toy.trace(5)["x"]).tolist(), ())
    assert n_hits == 0
    assert reopened() == (right, 1)
    files = sorted(path for path in cache.rglob("*") if path.is_file())
    assert {path.suffix for path in files} == {".py", ".sums", ".trusted", ".nbi", ".nbc"}
    for place in files:
        for damage in DAMAGES.values() if place.suffix in (".nbi", ".nbc") else (DAMAGES["cut"],):
            place.write_bytes(damage(place.read_bytes()))
            answer, n_hits = reopened()
            assert answer == right, place
            assert n_hits == 0 or place.suffix in (".py", ".trusted"), place
            assert reopened() == (right, 1)
            files = [path for path in files if path.exists()]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"reason": "x'])
def test_a_refusal_that_cannot_be_read_is_no_refusal(text, tmp_path):
    (tmp_path / "x.refused").write_text(text)
    assert compiling._read(tmp_path / "x.refused") is None


def test_a_fault_of_the_compiler_itself_is_said_and_not_remembered(cache, monkeypatch):
    def fails(*arguments):
        raise RuntimeError("out of registers")

    with monkeypatch.context() as patched:
        patched.setattr(compiling.CompiledLoop, "__call__", fails)
        (engine, _, notices), _ = reopened()
    assert engine == "interpreted"
    assert notices == ("Scaled runs interpreted: the compiler raised RuntimeError (out of registers)",)
    assert reopened()[0][0] == "compiled"


def test_without_a_cache_to_write_to_a_policy_still_compiles_and_one_notice_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("AUGSIM_CACHE", str(tmp_path / "file"))
    said = set()
    for factor in (11, 12):
        engine, answers, notices = toy.answered(Scaled(factor=factor, is_negative=True), "auto", n=5)
        assert (engine, answers) == ("compiled", (-factor * toy.trace(5)["x"]).tolist())
        said |= {*notices}
    (line,) = said
    assert "file/compiled cannot be written" in line
    assert "AUGSIM_CACHE" in line


def test_another_version_of_numba_numpy_or_python_has_entries_of_its_own(cache, monkeypatch):
    import numpy

    names = []
    for owner, name, value in (
        (numba, "__version__", numba.__version__),
        (numba, "__version__", "99.0"),
        (numpy, "__version__", "98.0"),
        (sys, "version_info", (3, 99, 0)),
    ):
        monkeypatch.setattr(owner, name, value)
        module, is_new = modules.load("x = 1\n", "versioned")
        assert is_new
        names.append(Path(module.__file__).name)
    assert len(set(names)) == len(names) == len(list(cache.glob("*.py")))


def test_an_edit_of_the_arithmetic_gives_new_modules():
    text = (Path(compiling.__file__).with_name("arithmetic.py")).read_bytes()
    assert compiling.hashlib.sha256(text).hexdigest()[:20] in compiling._arithmetic()


def test_entries_unused_for_long_and_beyond_the_limit_are_dropped_whole(cache, monkeypatch):
    monkeypatch.setattr(modules, "KEEP_FILES", 3)
    stamps = {"old": 1e9, "used": 1e9, "new": None}
    for name in stamps:
        module, _ = modules.load(f"name = {name!r}\n", name)
        path = Path(module.__file__)
        (cache / "__pycache__").mkdir(exist_ok=True)
        for beside in (
            path.with_suffix(".trusted"),
            path.with_suffix(".sums"),
            cache / "__pycache__" / f"{path.stem}.loop.nbi",
        ):
            beside.write_bytes(b"")
        os.utime(path, (stamps[name] or modules.time.time(),) * 2)
        if name == "used":
            path.with_suffix(".used").touch()
    (cache / ".left.py.abc").write_text("half")
    os.utime(cache / ".left.py.abc", (1e9, 1e9))
    modules.load("name = 'one more'\n", "more")
    left = {path.name.split("_")[0] for path in cache.rglob("*") if path.is_file()}
    assert left == {"used", "new", "more"}
    monkeypatch.setattr(modules, "KEEP_FILES", 1)
    modules.load("name = 'the last'\n", "last")
    assert len(list(cache.glob("*.py"))) == 2
