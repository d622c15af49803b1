"""What machine code promises: never stale, safe with others at work, refused with the construct and its line."""

import linecache
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from sim.core import modules
from sim.core.compile import compile_loop
from sim.core.errors import CannotCompile
from sim.core.rewrite import DRAWS
from sim.core.seeds import stream
from sim.core.structures import Structure

ROOT = Path(__file__).resolve().parents[2]

HELPER = """
def worth(page):
    return {sign}page
"""

POLICY = """
from helper import worth
from sim.domains import paging

class Dearest(paging.Policy):
    def begin(self, setting, rng):
        self.n_pages = setting.n_pages
        self.resident = [0] and __import__("numpy").zeros(setting.n_pages, "bool")

    def admit(self, request):
        self.resident[request.page] = True

    def evict(self, request):
        best = -1
        for page in range(self.n_pages):
            if self.resident[page] and (best < 0 or worth(page) > worth(best)):
                best = page
        self.resident[best] = False
        return best
"""

PROGRAM = """
import sys
from sim.study import catalog
from tests.worked import run
result = run(catalog.policy("paging", sys.argv[1]), "abcdabcdeabc", 3, mode="compiled")
print(result.engine, result.decisions.subject.tolist())
"""


def decided(folder, cache) -> str:
    """What a fresh process prints for the policy in this folder."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder / "dearest.py")],
        cwd=ROOT,
        env={**os.environ, "AUGSIM_CACHE": str(cache)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_edit_of_a_helper_in_another_file_is_never_answered_from_old_code(tmp_path):
    (tmp_path / "dearest.py").write_text(POLICY)
    (tmp_path / "helper.py").write_text(HELPER.format(sign="+"))
    first = decided(tmp_path, tmp_path / "cache")
    assert first == decided(tmp_path, tmp_path / "cache")
    (tmp_path / "helper.py").write_text(HELPER.format(sign="-"))
    second = decided(tmp_path, tmp_path / "cache")
    assert first.startswith("compiled [2, 3,")
    assert second.startswith("compiled [0, 1,")


def test_two_processes_that_compile_the_same_at_once_do_no_harm(tmp_path):
    (tmp_path / "dearest.py").write_text(POLICY)
    (tmp_path / "helper.py").write_text(HELPER.format(sign="+"))
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "dearest.py")]
    environment = {**os.environ, "AUGSIM_CACHE": str(tmp_path / "cache")}
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outcomes = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], outcomes
    assert outcomes[0][0] == outcomes[1][0]
    assert not list((tmp_path / "cache" / "compiled").glob(".*"))


def test_modules_unused_for_long_and_beyond_the_limit_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setenv("AUGSIM_CACHE", str(tmp_path))
    monkeypatch.setattr(modules, "KEEP_FILES", 2)
    for k in range(4):
        module, is_new = modules.load(f"x = {k}\n", "pruned")
        assert is_new
        assert module.x == k
        os.utime(module.__file__, (1e9 + k, 1e9 + k) if k == 0 else None)
    assert len(list((tmp_path / "compiled").glob("*.py"))) <= 3
    assert not any("x = 0" in path.read_text() for path in (tmp_path / "compiled").glob("*.py"))


class Counter(Structure):
    def __init__(self):
        self.total = 0
        self.mean = 0.0
        self.seen = np.zeros(5, np.int64)


def count(counter, start, stop):
    for i in range(start, stop):
        counter.total += i
        counter.seen[i % 5] += 1
        counter.mean = counter.total / (i + 1)


def test_state_comes_back_after_each_part_of_a_run():
    compiled, plain = Counter(), Counter()
    loop = compile_loop(count, {"counter": compiled}, "count")
    for start, stop in ((0, 3), (3, 100)):
        loop(start, stop)
        count(plain, start, stop)
        assert (compiled.total, compiled.mean, compiled.seen.tolist()) == (
            plain.total,
            plain.mean,
            plain.seen.tolist(),
        )
    assert type(compiled.total) is int


def skip_to(counter, i):
    counter.total = i


def count_by_helper(counter, start, stop):
    for i in range(start, stop):
        skip_to(counter, i)


def test_a_field_that_only_a_function_of_the_module_assigns_changes_in_the_object():
    counter = Counter()
    compile_loop(count_by_helper, {"counter": counter}, "count_by_helper")(0, 8)
    assert counter.total == 7


def past_the_end(counter, start, stop):
    for i in range(start, stop):
        counter.seen[i] = 1


def test_an_index_outside_an_array_raises_as_in_python():
    counter = Counter()
    loop = compile_loop(past_the_end, {"counter": counter}, "past_the_end")
    loop(0, 5)
    with pytest.raises(IndexError):
        loop(5, 6)


def with_try(counter, start, stop):
    for i in range(start, stop):
        try:
            counter.total += i
        except ValueError:
            counter.total = 0


def with_set(counter, start, stop):
    for i in range(start, stop):
        seen = {i}
        counter.total += len(seen)


def with_numpy_sum(counter, start, stop):
    for _ in range(start, stop):
        counter.total += np.sum(counter.seen)


def with_other_type(counter, start, stop):
    for i in range(start, stop):
        counter.total = i / 2


@pytest.mark.parametrize(
    ("loop", "construct"),
    [(with_try, "try"), (with_set, "set"), (with_numpy_sum, "np.sum"), (with_other_type, "begins as an int")],
)
def test_what_has_no_compiled_form_is_named_with_its_line(loop, construct):
    with pytest.raises(CannotCompile, match=construct) as caught:
        compile_loop(loop, {"counter": Counter()}, loop.__name__)
    first = loop.__code__.co_firstlineno
    place = str(caught.value).rpartition("line ")[2].rstrip(")")
    assert "test_compile.py" in str(caught.value)
    assert first < int(place) <= first + 5


class Drawer(Structure):
    def __init__(self, rng):
        self.rng = rng
        self.drawn = np.zeros(40)


ARGUMENTS = {"integers": "0, 1000", "exponential": "2.0", "normal": "1.0, 2.0", "uniform": "1.0, 2.0"}


@pytest.mark.parametrize("name", [name for name in DRAWS if name not in ("shuffle", "permutation")])
def test_each_listed_draw_is_the_same_bit_for_bit_in_both_forms(name, tmp_path):
    text = f"""
    def draw_all(drawer, start, stop):
        for i in range(start, stop):
            drawer.drawn[i] = drawer.rng.{name}({ARGUMENTS.get(name, "")})
    """
    path = tmp_path / f"draws_{name}.py"
    path.write_text(textwrap.dedent(text))
    scope: dict = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    linecache.checkcache(str(path))
    scope["draw_all"].__module__ = "tests.core.test_compile"
    plain, compiled = (Drawer(stream(5, "draws")) for _ in range(2))
    scope["draw_all"](plain, 0, 40)
    compile_loop(scope["draw_all"], {"drawer": compiled}, f"draws_{name}")(0, 40)
    assert plain.drawn.tolist() == compiled.drawn.tolist()
    assert plain.rng.bit_generator.state == compiled.rng.bit_generator.state


def mix(drawer, start, stop):
    for _ in range(start, stop):
        drawer.rng.shuffle(drawer.drawn)


def test_shuffling_is_the_same_in_both_forms():
    plain, compiled = (Drawer(stream(5, "draws")) for _ in range(2))
    for drawer in (plain, compiled):
        drawer.drawn[:] = np.arange(40)
    mix(plain, 0, 3)
    compile_loop(mix, {"drawer": compiled}, "mix")(0, 3)
    assert plain.drawn.tolist() == compiled.drawn.tolist()
