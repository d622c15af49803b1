"""Live searches: what is checked, what is charged, where a search begins, and that it is the same again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.domains.bandits.lns import Setting, System, live, references, side_by_side
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.search import OUTCOMES
from sim.domains.bandits.lns.solvers import INFEASIBLE, Limits, Solved
from sim.study.experiment import Bench
from tests.domains.bandits.lns.worked import QUICK, bag, knapsack, model_of, run, without_clock

ROOT = Path(__file__).resolve().parents[4]
BEST = 11877.852959
"""The optimum of the knapsack."""

WALK = {"portfolio": "mutation_25", "solver": "enumerate", "budget": 200, "slice": 1.0}
"""Enumerates: on the bag, a pull frees one variable and tries both its values."""


def test_a_search_that_tries_all_points_finds_the_best_and_says_that_it_is_proven():
    """In lexicographic order: nothing, the last item, the last two, the second and the third."""
    result = run("uniform", bag(), **WALK)
    assert (result.metrics["objective"], result.metrics["minimised"]) == (20, -20)
    assert (result.metrics["proven"], result.metrics["pulls"], result.metrics["primal_gap"]) == (1, 0, 0)
    assert "the solve that finds the first point proved it optimal: nothing is left to search" in result.notices
    assert result.timeline["objective"].tolist() == [0, 8, 15, 20]


def test_incumbents_are_told_as_the_model_has_them_and_get_better_by_its_sense():
    found = run("uniform", knapsack(), **QUICK)
    objectives = found.timeline["objective"]
    assert (
        np.all(np.diff(objectives) > 0) and objectives[-1] == found.metrics["objective"] == -found.metrics["minimised"]
    )
    turned = knapsack().with_column("cost", -np.asarray(knapsack()["cost"]))
    turned = type(turned)(
        turned.name, turned.domain, dict(turned.columns), {**turned.tables, "maximise": False}, turned.origin
    )
    same = run("uniform", turned, **QUICK)
    assert same.decisions.same_as(found.decisions) and same.metrics["objective"] == -found.metrics["objective"]


def test_outcomes_add_up_and_nothing_is_begun_beyond_the_budget():
    result = run("uniform", knapsack(), **QUICK)
    log, metrics = result.decisions, result.metrics
    assert metrics["pulls"] == len(log) == sum(metrics[name] for name in OUTCOMES) > 10
    assert log.row.max() < QUICK["budget"] <= metrics["work"]
    assert metrics["work"] - log.work[-1] < QUICK["budget"]
    assert log.work.min() >= 1 and metrics["best"] >= 1


def test_the_log_alone_gives_every_metric_again():
    result = run("thompson_beta", knapsack(), **QUICK)
    again = System(Setting(**QUICK).on(knapsack())).replay(knapsack(), result.decisions)
    assert without_clock(again) == without_clock(result.metrics)
    assert 0 < len(result.timeline["at"]) == len(result.timeline["objective"])


def test_a_search_is_the_same_again_and_other_seeds_differ():
    first, again, other = (run("softmax", knapsack(), seed=seed, **QUICK) for seed in (1, 1, 2))
    assert first.decisions.same_as(again.decisions) and without_clock(first.metrics) == without_clock(again.metrics)
    assert not first.decisions.same_as(other.decisions)


def test_an_attempt_depends_on_the_point_the_arm_and_its_try_alone():
    """So that the order in which policies run, or what else was pulled before, changes nothing."""
    trace = knapsack()
    setting = Setting(**QUICK).on(trace)
    arms, _ = live.suited(Model.of(trace), setting.arm_names)

    def begun():
        from sim.core.seeds import stream

        source = live.Live(Model.of(trace), arms, "highs", stream(0, "policy", "x"), budget=1500, slice_=0.1, nodes=600)
        source.begin()
        return source

    one, other = begun(), begun()
    assert one.ids == other.ids
    told = []
    for source, order in ((one, [(0, 0), (1, 0), (0, 1)]), (other, [(0, 1), (1, 0), (0, 0)])):
        found = {}
        for arm, draw in order:
            source.solve_attempt(source.state, arm, draw, 1e6)
            found[arm, draw] = (source.status, source.objective, source.cost, source.ids[source.next])
        told.append(found)
    assert told[0] == told[1]


PROGRAM = """
import json
from tests.domains.bandits.lns.worked import QUICK, knapsack, run, without_clock
for name, setting in (("softmax", QUICK), ("par_balans,n=2", {"budget": 500, "overhead": 20})):
    result = run(name, knapsack(), seed=3, **setting)
    log = result.decisions
    pulls = [] if log is None else [log.row.tolist(), log.subject.tolist(), log.outcome.tolist(), log.work.tolist()]
    print(json.dumps([without_clock(result.metrics), result.timeline["objective"].tolist(), pulls]))
"""


def test_equal_seeds_give_equal_searches_in_two_processes_under_any_hash_seed():
    said = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        words = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and len(json.loads(said[0].splitlines()[0])[2][0]) > 10


def test_a_point_that_fails_the_check_is_no_point(monkeypatch):
    """A solver that returns an infeasible point, or none: nothing of it counts but its work."""
    source = _source(bag())
    source.begin()
    infeasible = Solved("stopped", np.ones(4), 2, 30)
    monkeypatch.setattr(source.solver, "solve", lambda *_, **__: infeasible)
    source.solve_attempt(source.state, 0, 0, 1e6)
    assert (OUTCOMES[5], source.status, source.cost) == ("failed", 1, 30 + 2 * 10 + 1)
    monkeypatch.setattr(source.solver, "solve", lambda *_, **__: Solved(INFEASIBLE, None, 0, 0))
    source.solve_attempt(source.state, 0, 0, 1e6)
    assert (source.status, source.cost) == (1, 1)


def test_what_comes_back_nearly_whole_is_rounded_and_worth_what_it_is_then(monkeypatch):
    source = _source(bag())
    source.begin()
    nearly = Solved("stopped", np.array([1 - 1e-7, 0, 1e-9, 1]), 0, 5)
    monkeypatch.setattr(source.solver, "solve", lambda *_, **__: nearly)
    source.solve_attempt(source.state, 0, 0, 1e6)
    assert source.objective == -18 and source.points[source.next].tolist() == [1, 0, 0, 1]


def _source(trace, **more):
    from sim.core.seeds import stream
    from sim.domains.bandits.lns import solvers

    arms, _ = live.suited(Model.of(trace), ["mutation_50"])
    source = live.Live(
        Model.of(trace), arms, "enumerate", stream(0, "policy", "x"), budget=100, slice_=1.0, nodes=600, **more
    )

    class Own:
        solve = staticmethod(solvers.find("enumerate").solve)
        relax = staticmethod(solvers.find("enumerate").relax)

    source.solver = Own()
    return source


def test_an_empty_neighbourhood_is_unchanged_at_work_one_so_that_a_loop_ends():
    """A tenth of four variables is none."""
    trace = knapsack()
    result = run("fixed,arm=mutation_02", trace, budget=400, overhead=1, portfolio="mutation_02")
    log = result.decisions
    assert result.metrics["unchanged"] == result.metrics["pulls"] == len(log) > 100 and set(log.work) == {1}


def test_what_is_drawn_of_the_relaxation_is_charged_too():
    source = _source(bag())
    source.begin()
    relaxed = source.solver.relax(Model.of(bag()), Limits())
    assert source.opening_work == relaxed.work + 16  # all points


def test_a_start_is_completed_and_searched_from(tmp_path):
    path = tmp_path / "start.sol"
    path.write_text("# a part of a point\nx0 1\n")
    result = run("uniform", bag(), **WALK | {"start": str(path), "budget": 20})
    assert result.timeline["objective"].tolist()[-1] >= 18  # the first item, and what is best with it
    path.write_text("x0 1\nx9 1\n")
    with pytest.raises(InputError, match='line 2: bag has no variable "x9"'):
        run("uniform", bag(), **WALK | {"start": str(path)})
    path.write_text("x0\n")
    with pytest.raises(InputError, match='line 1: expected "VARIABLE VALUE", got "x0"'):
        run("uniform", bag(), **WALK | {"start": str(path)})
    with pytest.raises(InputError, match="cannot be read"):
        run("uniform", bag(), **WALK | {"start": str(tmp_path / "none.sol")})


def test_a_start_that_cannot_be_completed_is_left_for_the_whole_model(tmp_path):
    path = tmp_path / "start.sol"
    path.write_text("x0 1\nx1 1\n")  # too heavy
    assert run("uniform", bag(), **WALK | {"start": str(path)}).metrics["objective"] == 20


def test_infeasible_and_unbounded_models_are_said():
    with pytest.raises(InputError, match="worked is infeasible: no point satisfies its rows, bounds and integrality"):
        run("uniform", model_of([1, 1], [[1, 1]], [3], [9]), budget=100, portfolio="mutation_50")
    with pytest.raises(InputError, match="worked is infeasible"):  # its relaxation is not
        run("plain_solver", model_of([1, 1], [[2, 2]], [1], [1]), budget=100)
    endless = model_of([-1, 0], [[1, 0]], [0], [np.inf], kinds="ib", upper=[np.inf, 1])
    with pytest.raises(InputError, match="worked is unbounded: its objective improves without end"):
        run("uniform", endless, budget=100, portfolio="mutation_50")


def test_a_wall_clock_that_stops_a_solve_marks_the_run():
    result = run("plain_solver", knapsack(), budget=10**6, seconds=0.05)
    assert result.metrics["not_replayable"] == 1
    assert "PlainSolver: the wall clock stopped a solve; this run is not replayable" in result.notices


def test_best_fixed_is_the_best_of_the_arms_alone():
    names = QUICK["portfolio"].split(";")
    alone = [run(f"fixed,arm={name}", knapsack(), **QUICK, optimum=BEST).metrics for name in names]
    best = run("best_fixed", knapsack(), **QUICK, optimum=BEST)
    assert best.metrics["primal_integral"] == min(one["primal_integral"] for one in alone)
    assert len({one["primal_integral"] for one in alone}) > 1


def test_the_integral_over_seconds_is_a_mean_gap():
    metrics = run("uniform", knapsack(), **QUICK, optimum=BEST).metrics
    assert 0 < metrics["primal_integral_s"] < 1 and 0 < metrics["primal_integral"] < 1
    assert metrics["primal_gap"] <= metrics["primal_integral"]


def test_searches_side_by_side_are_the_same_one_by_one_and_in_processes_and_none_beats_them():
    one_by_one = run("par_balans,n=3", knapsack(), budget=600, overhead=20)
    at_once = run("par_balans,n=3,processes=2", knapsack(), budget=600, overhead=20)
    assert without_clock(one_by_one.metrics) == without_clock(at_once.metrics)
    assert np.all(np.diff(one_by_one.timeline["objective"]) > 0)  # of a model that maximises
    more = run("par_balans,n=5", knapsack(), budget=600, overhead=20)
    assert more.metrics["objective"] >= one_by_one.metrics["objective"]
    with pytest.raises(InputError, match="leave out --portfolio"):
        run("par_balans", knapsack(), portfolio="default")


def test_a_worker_of_a_sweep_runs_its_searches_one_by_one(monkeypatch):
    class Worker:
        daemon = True

    monkeypatch.setattr(side_by_side, "current_process", Worker)
    monkeypatch.setattr(side_by_side, "ProcessPoolExecutor", None)  # could not be called
    found = run("par_balans,n=2,processes=2", knapsack(), budget=300, overhead=20)
    assert found.metrics["pulls"] > 2


def test_solvers_alone_are_seeded_and_take_the_budget_whole():
    first, again = (run("plain_solver", knapsack(), budget=1500, seed=1).metrics for _ in range(2))
    assert without_clock(first) == without_clock(again) and first["pulls"] == 0 and first["work"] >= 1500


@pytest.mark.parametrize("name", [name for name, one in references.REFERENCES.items() if one.ones])
def test_a_reference_that_was_found_here_has_a_point_that_is_feasible_and_worth_it(name, shared_data):
    (path,) = (shared_data / "mip").glob(f"{name}.*")
    model = Model.of(Bench(cache=False).trace(str(path), "bandits"))
    reference = references.REFERENCES[name]
    x = np.unpackbits(np.frombuffer(bytes.fromhex(reference.ones), np.uint8))[: model.n].astype(float)
    assert model.is_feasible(x) and model.told(model.objective(x)) == reference.objective


def test_public_instances_have_the_sizes_of_their_references(shared_data):
    for name, reference in references.REFERENCES.items():
        (path,) = (shared_data / "mip").glob(f"{name}.*")
        trace = Bench(cache=False).trace(str(path), "bandits")
        assert references.known(trace) == reference.objective
        relaxed = live.solvers.find("highs").relax(Model.of(trace), Limits())
        assert Model.of(trace).objective(relaxed.x) <= (-1) ** Model.of(trace).is_maximised * reference.objective + 1e-6


def test_noswot_is_solved_to_its_optimum_below_zero(shared_data):
    trace = Bench(cache=False).trace(str(shared_data / "mip" / "noswot.mps.gz"), "bandits")
    metrics = run("plain_solver", trace, budget=10_000).metrics
    assert metrics["objective"] == -41 and metrics["primal_gap"] == 0 and metrics["new_reference"] == 0
