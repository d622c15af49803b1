import ast
import difflib
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.adrs import allowlist, problem
from sim.adrs.candidate import Candidate, Report, Status, identity
from sim.adrs.proposers import Tried, Unavailable, ast_edits, heads, splice
from sim.adrs.proposers.ast_edits import MADE, ASTEdits, library, with_note
from sim.adrs.proposers.text import File
from sim.core import engine
from sim.study import catalog
from sim.study.experiment import Bench, first_rows

ROOT = Path(__file__).parents[3]
PAGING = problem.find("paging")
RUFF = Path(sys.executable).with_name("ruff")
DOMAINS = sorted(path.parent.name for path in ROOT.glob("policies/*/__init__.py"))
LRU, SIEVE, ARC = ((ROOT / f"policies/paging/{name}.py").read_text() for name in ("lru", "sieve", "arc"))

SMALL = '''from sim.domains import paging


class Small(paging.Policy):
    """Keeps what was requested often."""

    limit: int = 8

    def begin(self, setting, rng):
        self.rng = rng
        self.level = 0.5

    def evict(self, request):
        page = request.page  # to begin with
        if self.level < self.limit:
            page = 0
        else:
            page = 1
        return page
'''


class Draws:
    """Gives these numbers in turn, then 0.5."""

    def __init__(self, *uniform, normal=1.0):
        self.left = list(uniform)
        self.normal = normal

    def random(self):
        return self.left.pop(0) if self.left else 0.5

    def standard_normal(self):
        return self.normal


def tried(*sources):
    return [Tried(Candidate(source), Report(Status.OK, {})) for source in sources]


def children(source, n, domain="paging", donors=None, seed=0):
    rng = np.random.default_rng(seed)
    one = ASTEdits(replace(PAGING, domain=domain, templates=()), donors)
    return [one.ask(tried(source), rng).candidate for _ in range(n)]


def without_docstring(source):
    file = File(source)
    del file.policy.body[0]
    return file.tree


def changes(before, after):
    """Lines that went and lines that came."""
    lines = list(difflib.ndiff(before.split("\n"), after.split("\n")))
    return [line[2:].strip() for line in lines if line[0] == "-"], [
        line[2:].strip() for line in lines if line[0] == "+"
    ]


def test_a_comparison_becomes_another_and_nothing_else_changes():
    change = ast_edits.swapped(File(SMALL), "", PAGING, Draws(0.0, 0.99))
    assert change.note == "< became >= in evict"
    assert changes(SMALL, change.source) == (["if self.level < self.limit:"], ["if self.level >= self.limit:"])


def test_an_equality_becomes_its_opposite_and_a_membership_stays():
    source = SMALL.replace("self.level < self.limit", "(self.level)  == 3")
    assert "(self.level)  != 3" in ast_edits.swapped(File(source), "", PAGING, Draws()).source
    assert ast_edits.swapped(File(SMALL.replace("<", "in")), "", PAGING, Draws()) is None


@pytest.mark.parametrize(
    ("draws", "old", "new"),
    [
        (Draws(0.0, 0.1, 0.1), "limit: int = 8", "limit: int = 9"),
        (Draws(0.0, 0.1, 0.9), "limit: int = 8", "limit: int = 7"),
        (Draws(0.0, 0.9, normal=-1.0), "limit: int = 8", "limit: int = 4"),
        (Draws(0.3, normal=2.0), "self.level = 0.5", "self.level = 2.0"),
        (Draws(0.6), "page = 0", "page = 1"),
        (Draws(0.99, 0.9), "page = 1", "page = 0"),
    ],
)
def test_a_number_becomes_another_of_its_kind(draws, old, new):
    change = ast_edits.perturbed(File(SMALL), "", PAGING, draws)
    assert changes(SMALL, change.source) == ([old], [new])


def test_numbers_that_only_give_names_and_places_in_tuples_are_left_alone():
    body = "\n\nclass P(paging.Policy):\n    def evict(self, request):\n        return x[0]\n"
    source = f"from sim.domains import paging\n\nA, B = 0, 1\n{body}"
    assert ast_edits.perturbed(File(source), "", PAGING, Draws()) is None


def test_bounds_and_refusals_of_wrong_parameters_are_left_alone():
    ucb1 = File((ROOT / "policies/bandits/ucb1.py").read_text())
    numbers = [node.value for node in ucb1.inside(ast.Constant, everywhere=True) if type(node.value) in (int, float)]
    assert numbers == [1.0, 2]
    slru = File((ROOT / "policies/paging/slru.py").read_text())
    assert "self.n_segments <= 100" not in {slru.text(node) for node in slru.inside(ast.Compare)}


def test_a_branch_is_put_before_a_statement_with_a_guard_of_what_is_known_there():
    place, guard, action = 0.3, 0.2, 0.8
    change = ast_edits.guarded(File(SMALL), "", PAGING, Draws(place, guard, 0.0, 0.5, action, 0.0, 0.3))
    assert change.note == "if self.level <= 64: in evict"
    assert changes(SMALL, change.source) == ([], ["if self.level <= 64:", "self.level += 0.3"])


def test_what_a_guard_names_has_been_set_before_it():
    file = File(SMALL)
    evict = file.methods[1]
    first = ast_edits._Scope(file, evict, evict.body[0], PAGING)
    last = ast_edits._Scope(file, evict, evict.body[2], PAGING)
    within = ast_edits._Scope(file, evict, evict.body[1].body[0], PAGING)
    assert "page" not in first.names and "page" in last.names and "page" in within.names
    assert first.names == {"self", "request", "Small"}
    assert first.facts == ["request.index", "request.size"]


def test_a_formula_is_guarded_by_its_features_and_may_give_another():
    lru = PAGING.source(PAGING.seeds()["sampled: lru"])
    evict = File(lru).methods[0]
    assert ast_edits.features(File(lru), evict, PAGING)[:2] == ["self.age(page)", "self.tenure(page)"]
    change = ast_edits.guarded(File(lru), "", PAGING, Draws(0.0, 0.2, 0.2, 0.2, 0.99, 0.45))
    assert changes(lru, change.source) == ([], ["if self.acquaintance(page) <= 5:", "return self.gap(page)"])
    assert ast_edits.features(File(SMALL), File(SMALL).methods[1], PAGING) == []


def test_a_statement_is_deleted_and_a_block_that_would_be_empty_passes():
    found = {ast_edits.deleted(File(SMALL), "", PAGING, Draws((k + 0.5) / 6)).source for k in range(6)}
    assert len(found) == 6
    assert SMALL.replace("        page = request.page  # to begin with\n", "") in found
    assert SMALL.replace("            page = 1\n", "            pass\n") in found
    assert SMALL.replace("        self.level = 0.5\n", "") in found
    assert all("        return page\n" in source and File(source).policy for source in found)


def test_a_function_is_replaced_by_another_policys_with_the_state_it_needs_and_what_keeps_it():
    evict = 0.6
    change = ast_edits.spliced(File(LRU), SIEVE, PAGING, Draws(evict))
    assert change.note == "took evict of another, Sieve"
    child = heads.completed(change.source, heads.offered("paging"))
    assert "import numpy as np" in child and "from sim.core.trace import NONE" in child
    assert (
        "        self.order = LinkedList(setting.n_pages)  # most recently requested first\n        self.visited = np.zeros"
        in child
    )
    assert (
        "    def hit(self, request):\n        self.visited[request.page] = True\n        self.order.move_to_front"
        in child
    )
    assert File(SIEVE).text(File(SIEVE).methods[3]) == File(child).text(
        next(m for m in File(child).methods if m.name == "evict")
    )
    assert child.count("LinkedList(setting.n_pages)") == 1


def test_the_end_of_a_function_is_another_policys():
    change = ast_edits.crossed(File(LRU), ARC, PAGING, Draws(0.0, 0.99, 0.0))
    assert change.note == "ended hit as another, ARC, from statement 1 on"
    assert (
        "        self.order.move_to_front(request.page)\n        self.queues.move_to_front(T2, request.page)\n"
        in change.source
    )
    assert "self.queues = Queues(setting, 4)" in change.source and "T1, T2, B1, B2 = 0, 1, 2, 3" in change.source


def test_names_for_different_things_are_made_different():
    two_q = (ROOT / "policies/paging/two_q.py").read_text()
    change = ast_edits.spliced(File(two_q), ARC, PAGING, Draws(0.5))
    assert "took evict" in change.note
    child = change.source
    assert "self.queues_2 = Queues(setting, 4)" in child and "self.queues = Queues(setting, 3)" in child
    assert "queues_2.move_to_front(B1, page)" in child and "def look_up_2(self, request):" in child
    assert "A1IN, A1OUT, AM = 0, 1, 2" in child and "T1, T2, B1, B2 = 0, 1, 2, 3" in child


def test_renaming_touches_names_and_own_fields_and_nothing_else():
    text = "def a(self, x):\n    a = self.a + x.a + a(x)  # a\n    return 'a', self.b.a\n"
    wanted = "def a_2(self, x):\n    a_2 = self.a_2 + x.a + a_2(x)  # a\n    return 'a', self.b.a\n"
    assert splice.renamed(text, {"a": "a_2"}) == wanted


def test_what_was_done_is_told_in_the_docstring_which_was_written_for_another_policy():
    once = with_note(SMALL, "8 became 9 in the constants")
    assert once == SMALL.replace(
        '    """Keeps what was requested often."""\n',
        f'    """{MADE}8 became 9 in the constants.\n\n    Keeps what was requested often.\n    """\n',
    )
    twice = with_note(once, 'deleted "\\x" in evict')
    assert f"{MADE}8 became 9 in the constants; deleted 'x' in evict.\n\n    Keeps" in twice
    many = twice
    for _ in range(9):
        many = with_note(many, "8 became 9 in the constants")
    assert max(map(len, many.split("\n"))) <= 120 and " ".join(many.split()).count("; 8 became 9 in the constants") == 9
    without = SMALL.replace('    """Keeps what was requested often."""\n\n', "")
    assert with_note(without, "x") == SMALL.replace("Keeps what was requested often.", f"{MADE}x.")


def test_variables_that_nothing_has_set_are_found():
    lines = ["b = a + X", "c += b", "for d in range(b):", "    e = d + len([g for g in (a, h)])", "return e + i"]
    source = "X = 1\n\n\ndef f(a):\n" + "".join(f"    {line}\n" for line in lines)
    assert File(source).unset == {"c", "h", "i"}


@pytest.mark.parametrize("domain", DOMAINS)
def test_children_of_the_librarys_policies_are_new_readable_and_may_run(domain, tmp_path):
    folder = tmp_path / "children"
    folder.mkdir()
    for k, source in enumerate(library(domain)):
        try:
            found = children(source, 4, domain, seed=k)
        except Unavailable:
            assert len(source) < 1500
            continue
        for child in found:
            assert child.proposer == "ast" and child.note and child.parents[0] == identity(source)
            assert ast.dump(without_docstring(child.source)) != ast.dump(without_docstring(source))
            assert allowlist.check(child.source, domain) is None and not File(child.source).unset
            (folder / f"{child.id}.py").write_text(child.source)
    n_children = len(list(folder.iterdir()))
    assert n_children > 20
    if not RUFF.exists():
        pytest.skip("ruff is not installed, which tells whether they are laid out as the library is")
    told = subprocess.run(
        [RUFF, "format", "--check", "--config", ROOT / "pyproject.toml", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


def test_most_children_of_dispatchers_decide():
    """Of one change to a policy, far from all break it; the others differ from their parent or are found to be equal later."""
    bench = Bench()
    trace = first_rows(bench.trace("workload:poisson,rate=3.6,mean_size=1,n_jobs=300", "dispatch", 0), 300)
    system = catalog.system("dispatch")
    [setting], _ = system.Setting.from_options(trace, servers="4")
    source = (ROOT / "policies/dispatch/power_of_d_memory.py").read_text()
    n_whole = 0
    for child in children(source, 12, "dispatch"):
        namespace: dict = {"__name__": "candidate"}
        exec(compile(child.source, "candidate", "exec"), namespace)
        policy = next(v for k, v in namespace.items() if isinstance(v, type) and v.__module__ == "candidate")()
        try:
            engine.replay(trace, system(setting), policy, mode="interpreted")
            n_whole += 1
        except Exception:
            continue
    assert n_whole >= 6


def test_a_seed_gives_the_same_children_whatever_the_hash_seed():
    code = (
        "import hashlib; from tests.adrs.proposers.test_ast_edits import *;"
        "print(hashlib.sha256(''.join(c.source + c.note for c in children(ARC, 12)).encode()).hexdigest())"
    )
    here = hashlib.sha256("".join(c.source + c.note for c in children(ARC, 12)).encode()).hexdigest()
    for hash_seed in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        assert told.stdout.strip() == here
    assert children(ARC, 12, seed=1) != children(ARC, 12, seed=2)


def test_a_child_of_two_parents_names_both_and_one_with_a_part_of_the_library_names_its_parent():
    one = ASTEdits(PAGING, donors=())
    rng = np.random.default_rng(0)
    notes = {}
    for _ in range(60):
        candidate = one.ask(tried(SIEVE, LRU), rng).candidate
        notes.setdefault(len(candidate.parents), []).append(candidate.note)
        assert candidate.parents[0] == identity(LRU)
    assert all("another, Sieve" in note for note in notes[2]) and not any("another" in note for note in notes[1])
    crossed = [c for c in children(LRU, 40, donors=[SIEVE]) if "another" in c.note]
    assert crossed and all(c.parents == (identity(LRU),) for c in crossed)


def test_where_the_best_cannot_be_changed_the_next_best_is():
    body = "class A(paging.Policy):\n    def evict(self, request):\n        return self.first()\n"
    fixed = f"from sim.domains import paging\n\n\n{body}"
    candidate = ASTEdits(PAGING, donors=()).ask(tried(SMALL, fixed), np.random.default_rng(0)).candidate
    assert {identity(SMALL)} <= set(candidate.parents) <= {identity(SMALL), identity(fixed)}


def test_without_anything_to_change_it_says_so():
    one = ASTEdits(PAGING, donors=())
    with pytest.raises(Unavailable, match="changes policies, and there are none; give it seeds"):
        one.ask([], np.random.default_rng(0))
    with pytest.raises(Unavailable, match="finds nothing to change in its parents"):
        one.ask(tried("x = 1\n", "def f(:\n"), np.random.default_rng(0))
