"""Tables of outcomes: they give what a live search gave wherever they hold it; and how they answer where they do not."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sim.core.engine import Mode, replay
from sim.core.errors import InputError
from sim.core.result import Result
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.bandits.lns import Setting, System
from sim.domains.bandits.lns.record import record
from sim.domains.bandits.lns.recorded import Recorded, bucket_of, gap_of
from sim.domains.bandits.lns.search import FOUND, NOTHING, SAME
from sim.study import catalog
from tests.domains.bandits.lns.worked import QUICK, bag, knapsack, run
from traces import sink
from traces.store import open_trace

ROOT = Path(__file__).resolve().parents[4]

SETTING = {**QUICK, "portfolio": "mutation_50;rins_50;rens_50", "optimum": 11877.852959}

N_DRAWS = 12


@cache
def table() -> Trace:
    """What was recorded of the knapsack under seed 0, with as many tries of an arm at a point as a search seldom makes."""
    return record(knapsack(), Setting(**SETTING), seed=0, n_states=8, draws=N_DRAWS)


def replayed(policy: str, trace: Trace | None = None, *, mode: Mode = "interpreted", seed: int = 0, **more) -> Result:
    trace = trace or table()
    system = System(Setting(**{**SETTING, **more}).on(trace))
    return replay(trace, system, catalog.policy("bandits", policy), mode=mode, seed=seed, record=True)


def held(live, n_points: int) -> int:
    """The pulls of a live search, from its first on, for which a table has the outcome: the point is one of those recorded, the
    arm was tried there less often than recorded, and what was left of the budget did not shorten the solve."""
    tries: dict[tuple[int, int], int] = {}
    longest = SETTING["budget"] / 60
    for k in range(len(live)):
        key = int(live.state[k]), int(live.subject[k])
        tries[key] = tries.get(key, 0) + 1
        if key[0] >= n_points or tries[key] > N_DRAWS or live.row[k] + longest > SETTING["budget"]:
            return k
    return len(live)


@pytest.mark.parametrize("policy", ["ucb1", "uniform", "softmax", "thompson_beta", "tsallis_inf"])
def test_a_replay_pulls_the_arms_of_a_live_search_and_meets_its_outcomes(policy):
    live, again = (replayed(policy, trace) for trace in (knapsack(), table()))
    n = held(live.decisions, len(set(table()["state"].tolist())))
    assert n > 20 and set(live.decisions.outcome[:n]) > {0} and again.metrics["fallbacks"] == 0
    for column in ("row", "subject", "outcome", "objective", "work", "probability"):
        mine, theirs = getattr(live.decisions, column)[:n], getattr(again.decisions, column)[:n]
        assert np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f"), column
    assert live.metrics["objective"] == again.metrics["objective"]
    assert live.metrics["primal_integral"] == again.metrics["primal_integral"]


def test_a_replay_is_compiled_and_the_same_interpreted():
    plain, compiled = (replayed("softmax", mode=mode) for mode in ("interpreted", "compiled"))
    assert compiled.engine == "compiled" and plain.metrics == compiled.metrics
    assert plain.decisions.same_as(compiled.decisions)


def test_a_table_is_the_same_again_and_reads_back_as_it_was_written(tmp_path):
    again = record(knapsack(), Setting(**SETTING), seed=0, n_states=8, draws=N_DRAWS)
    for name, column in table().columns.items():
        if name != "seconds":  # information
            assert np.array_equal(column, again[name], equal_nan=np.asarray(column).dtype.kind == "f")
    sink.save(table(), str(tmp_path / "knapsack.lns.json.gz"))
    read = open_trace(tmp_path / "knapsack.lns.json.gz", cache=False)
    first, second = replayed("softmax"), replayed("softmax", read)
    assert first.metrics == second.metrics and first.decisions.same_as(second.decisions)


PROGRAM = """
import sys
from tests.domains.bandits.lns.test_recorded import open_trace, replayed
trace = open_trace(sys.argv[1], cache=False)
for by in ("tree", "bucket"):
    result = replayed("thompson_beta", trace, seed=5, by=by, most_fallbacks=1.0)
    print(result.metrics, result.decisions.subject.tolist(), result.decisions.objective.tolist())
"""


def test_a_replay_is_the_same_in_two_processes_under_any_hash_seed(tmp_path):
    path = tmp_path / "knapsack.lns.json"
    sink.save(table(), str(path))
    said = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        words = [sys.executable, "-c", PROGRAM, str(path)]
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and said[0].count("fallbacks") == 2


def test_every_policy_meets_the_same_outcomes_whatever_the_others_pull():
    """The k-th try of an arm at a point is one row of the table, by bucket one draw."""
    for by in ("tree", "bucket"):
        met: dict[tuple[int, int, int], tuple[float, float]] = {}
        for seed in range(3):  # three orders of pulls
            source = Recorded(table(), tuple(table().tables["arms"]), by, -SETTING["optimum"], stream(0, "bucket"))
            rng = np.random.default_rng(seed)
            tries: dict[tuple[int, int], int] = {}
            for _ in range(30):
                arm = int(rng.integers(3))
                source.attempt(source.state, arm, source.objectives[source.state], 1e6)
                tries[source.state, arm] = k = tries.get((source.state, arm), -1) + 1
                key = source.state, arm, k
                assert met.setdefault(key, (source.cost, source.objective)) == (source.cost, source.objective)


def worked_table(rows, *, objectives=(20.0, 12.0, 10.0), first=0, n_arms=1, optimum: float | None = 10.0) -> Trace:
    """A table by hand: rows of state, arm, draw, status, after, work, next."""
    state, arm, draw, status, after, work, after_state = (np.array(column) for column in zip(*rows, strict=True))
    columns = {
        "state": state, "arm": arm, "draw": draw, "status": status,
        "before": np.array(objectives)[state], "after": np.array(after, float), "work": np.array(work, float),
        "next": after_state,
    }  # fmt: skip
    tables = {
        "arms": [f"mutation_{k + 1}0" for k in range(n_arms)], "dropped": [], "states": list("abc"),
        "objectives": np.array(objectives), "first": first, "opening_at": np.array([5.0]),
        "opening": np.array([objectives[first]]), "opening_work": 5.0, "instance": "worked", "maximise": False,
        **({} if optimum is None else {"optimum": optimum}),
    }  # fmt: skip
    return Trace("worked", "bandits", columns, tables)


def played(trace: Trace, **setting):
    return run("fixed", trace, **{"budget": 40, "most_fallbacks": 1.0, "accept": "always", **setting})


def test_tries_go_through_the_draws_in_turn_and_begin_again():
    """At 20: nothing, then the same, then nothing again."""
    trace = worked_table([(0, 0, 0, NOTHING, np.nan, 10, 0), (0, 0, 1, SAME, 20, 10, 0)])
    log = played(trace).decisions
    assert log.outcome.tolist() == [5, 4, 5, 4] and log.row.tolist() == [5, 15, 25, 35]


def test_a_point_without_outcomes_is_answered_by_the_nearest_in_gap_and_counted():
    """From 20 to 12 (never tried from) to what 10 or 20 gave: the gaps are 1/2, 1/6 and 0, so 20 is nearer in buckets."""
    rows = [(0, 0, 0, FOUND, 12, 10, 1), (2, 0, 0, NOTHING, np.nan, 10, 2)]
    result = played(worked_table(rows), budget=26)
    assert [bucket_of(gap_of(z, 10.0)) for z in (20.0, 12.0, 10.0)] == [7, 6, 0]
    assert result.decisions.stood_in.tolist() == [False, True, True]
    assert result.metrics["fallbacks"] == 2 / 3 and result.metrics["objective"] == 12
    with pytest.raises(InputError, match="Fixed: 2 of 3 pulls came by points without outcomes, more than 5%"):
        played(worked_table(rows), budget=26, most_fallbacks=0.05)


def test_by_bucket_outcomes_are_scaled_to_where_the_search_is():
    """Halved distances: 20 -> 15 -> 12.5 of optimum 10, each as if from a point of its bucket."""
    rows = [(0, 0, 0, FOUND, 15, 10, 1), (1, 0, 0, FOUND, 11, 10, 2)]
    log = played(worked_table(rows), by="bucket", budget=26).decisions
    assert log.objective.tolist()[:2] == [15, 12.5]  # 15 is a third off and 20 a half: both in the highest bucket
    unknown = worked_table(rows, optimum=None)
    with pytest.raises(InputError, match="outcomes by bucket need the best objective known: give --optimum"):
        played(unknown, by="bucket")


@pytest.mark.parametrize(
    ("gap", "bucket"),
    [(0.0, 0), (1e-5, 0), (1e-4, 0), (2e-4, 0), (4e-4, 1), (1e-3, 2), (0.05, 5), (0.2, 6), (0.5, 7), (1.0, 7)],
)
def test_buckets_are_half_a_decade_each(gap, bucket):
    assert bucket_of(gap) == bucket


def test_a_table_without_any_whole_point_or_of_other_arms_is_refused():
    with pytest.raises(InputError, match="one point at least at which every arm was tried"):
        played(worked_table([(0, 0, 0, NOTHING, np.nan, 10, 0)], n_arms=2))
    with pytest.raises(InputError, match=r"worked has no outcomes of rins_50 \(arms: mutation_10\)"):
        played(worked_table([(0, 0, 0, NOTHING, np.nan, 10, 0)]), portfolio="rins_50")
    with pytest.raises(InputError, match="solves the whole model, and worked is a table of outcomes"):
        run("plain_solver", worked_table([(0, 0, 0, NOTHING, np.nan, 10, 0)]))
    with pytest.raises(InputError, match="draws arms of its own, and worked is a table of outcomes"):
        run("par_balans", worked_table([(0, 0, 0, NOTHING, np.nan, 10, 0)]))


def test_a_part_of_the_recorded_arms_can_be_played():
    result = replayed("uniform", portfolio="rins_50;mutation_50")
    assert set(result.decisions.subject) == {0, 1} and result.metrics["pulls"] > 20


def test_best_fixed_on_a_table_is_the_best_of_its_arms():
    alone = [replayed(f"fixed,arm={arm}").metrics["primal_integral"] for arm in table().tables["arms"]]
    assert replayed("best_fixed").metrics["primal_integral"] == min(alone) < max(alone)


def test_where_there_is_nothing_to_search_nothing_is_recorded():
    with pytest.raises(InputError, match="bag: there is nothing to record, its first point is proven optimal"):
        record(bag(), Setting(budget=200, portfolio="mutation_50"))
    with pytest.raises(InputError, match="states and draws must be at least 1, got 0 and 3"):
        record(bag(), Setting(budget=200, portfolio="mutation_50"), n_states=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column work": None}, 'it lacks "column work"'),
        ({"instance": None}, 'it lacks "instance"'),
        ({"column arm": [3] * 24}, "arm must be from 0 to 2 in every row"),
        ({"column status": [-1] * 24}, "status must be from 0 to 2 in every row"),
        ({"column work": [0] * 24}, "work must be above 0 in every row"),
        ({"first": 9}, "first must be one of them"),
        ({"column next": ["x"] * 24}, "is no table of outcomes: "),
        ({"column draw": [0]}, "is no table of outcomes: "),
    ],
)
def test_a_damaged_table_is_one_line(change, said, tmp_path):
    small = record(knapsack(), Setting(**SETTING), seed=0, n_states=1, draws=8)
    assert len(small) == 24
    sink.save(small, str(tmp_path / "t.lns.json"))
    content = json.loads((tmp_path / "t.lns.json").read_text())
    content = {key: value for key, value in {**content, **change}.items() if value is not None}
    (tmp_path / "t.lns.json").write_text(json.dumps(content))
    with pytest.raises(InputError) as refused:
        open_trace(tmp_path / "t.lns.json", cache=False)
    assert said in str(refused.value) and "\n" not in str(refused.value)
