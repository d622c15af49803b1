"""A contest of loops, by hand and really held."""

import json
import math
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from sim.adrs import problem
from sim.adrs.contest import running
from sim.adrs.contest.running import BEST, Contest, Course, Goal, hold
from sim.adrs.figures.contest import loops as figure
from sim.adrs.judge import trials
from sim.adrs.loop import Wanted
from sim.adrs.proposers.formulas import Formulas
from sim.cli import loops
from sim.core.errors import InputError
from sim.study.runs import Inputs
from tests.adrs.runs import WANTED


def course(loop, domain, repeat, *found, **about):
    evaluations, losses = zip(*found, strict=True) if found else ((), ())
    return Course(loop, domain, repeat, evaluations, losses, **{"made": 100, **about})


def contest(*courses, goals, domains=("paging",), ideals=None, **about):
    names = tuple(dict.fromkeys(each.loop for each in courses))
    repeats = max(goal.repeat for goal in goals) + 1
    return Contest(names, domains, ideals or dict.fromkeys(domains), 100, repeats, 0, courses, goals, **about)


GOALS = tuple(Goal("paging", repeat, -0.1, -0.2) for repeat in range(5))


def test_a_target_counts_where_most_repeats_reach_it():
    quick = [course("quick", "paging", k, (1, 0.0), (10 + k, -0.15)) for k in range(3)]
    late = [course("quick", "paging", k, (1, 0.0)) for k in (3, 4)]
    slow = [course("slow", "paging", k, (24, -0.1)) for k in range(2)]
    never = [course("slow", "paging", k) for k in (2, 3, 4)]
    found = contest(*quick, *late, *slow, *never, goals=GOALS)
    assert found.reached("quick", "paging") == [10, 11, 12, math.inf, math.inf]
    assert found.times().tolist() == [[12], [math.inf]]
    assert found.scores() == {"quick": 1.0, "slow": 0.0}


def test_where_nothing_is_to_be_gained_nobody_is_first():
    nothing = (Goal("paging", 0, 0.0, 0.1),)
    found = contest(course("a", "paging", 0, (1, 0.0)), course("b", "paging", 0, (2, 0.0)), goals=nothing)
    assert found.scores() == {"a": 0.0, "b": 0.0}


def test_the_table_has_the_best_first_and_says_what_was_never_reached():
    found = contest(
        course("a", "paging", 0, (30, -0.2)),
        course("b", "paging", 0, (15, -0.2)),
        course("c", "paging", 0, (15, -0.05)),
        goals=(GOALS[0],),
        ideals={"paging": "belady"},
    )
    table = loops.ranked(found)
    assert table.rows == [["b", "1.000", "15 (1)"], ["a", "0.667", "30 (1)"], ["c", "0.000", "never (0)"]]
    assert "half the way from the baseline to belady" in table.caption
    assert list(loops.notices(found)) == []


def test_a_domain_that_tells_no_loops_apart_is_said():
    far = contest(course("a", "paging", 0, (9, -0.05)), goals=(GOALS[0],), ideals={"paging": "belady"})
    assert list(loops.notices(far)) == [
        "on paging no loop covers half the way to belady, which tells none apart; --to best asks for the way to the best found, "
        "and tries nothing anew"
    ]
    near = contest(course("a", "paging", 0, (9, -0.1), begun=11), goals=(GOALS[0],), part=0.8)
    assert list(loops.notices(near)) == [
        "on paging what loops begin with covers 80 % of the way to the best found, no search did; a larger --part asks for more, "
        "and tries nothing anew"
    ]


def test_a_search_that_ended_early_is_said():
    ended = course("tuned", "paging", 1, (12, -0.1), made=40, stopped="nothing is left")
    whole = course("tuned", "paging", 0, (12, -0.1))
    assert list(loops.notices(contest(whole, ended, goals=GOALS[:2]))) == [
        "tuned on paging stopped early in 1 of 2 repeats, first after 40 evaluations: nothing is left"
    ]


@contextmanager
def in_this_process(problem):
    run = trials(problem.system, Inputs())
    yield SimpleNamespace(map=lambda planned: map(run, planned))


WISH = Wanted(WANTED.domain, WANTED.traces, budget=30, options=WANTED.options)
LOOPS = {"gp": [lambda problem, splits: Formulas(problem)], "random": "random"}


@pytest.fixture
def held(tmp_path):
    return hold(
        ("paging",), LOOPS, WISH, in_this_process, tmp_path, repeats=2, to=BEST, command="augsim evolve"
    ), tmp_path


def test_a_contest_is_held_kept_and_read_again(held):
    found, folder = held
    assert running.is_kept(folder)
    assert running.read(folder) == found
    assert all(each.made == 30 and not each.stopped for each in found.courses)
    assert all(0 < each.begun <= len(problem.find("paging").sources()) for each in found.of("gp", "paging"))
    assert {each.begun for each in found.of("random", "paging")} == {0}
    for each in found.courses:
        assert list(each.losses) == sorted(each.losses, reverse=True)
        assert list(each.evaluations) == sorted(set(each.evaluations))
    best = {k: min(each.losses[-1] for each in found.courses if each.repeat == k) for k in (0, 1)}
    assert [goal.ideal for goal in found.goals] == [best[0], best[1]]
    assert [goal.loss for goal in found.goals] == [best[0] / 2, best[1] / 2]


def test_the_same_contest_goes_on_from_its_folder_and_asks_nobody(held):
    found, folder = held

    @contextmanager
    def nobody(problem):
        yield SimpleNamespace(map=lambda planned: pytest.fail("it was asked again") if list(planned) else iter(()))

    again = hold(("paging",), LOOPS, WISH, nobody, folder, repeats=2, to=BEST, command="augsim evolve")
    assert again == found
    nearer = hold(("paging",), LOOPS, WISH, nobody, folder, repeats=2, to=BEST, part=0.25)
    assert [goal.loss for goal in nearer.goals] == [goal.loss / 2 for goal in found.goals]


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"domains": ("dispatch",)}, "domains paging, not dispatch"),
        ({"loops": {**LOOPS, "tuned": "tuned"}}, "loops gp, random, not gp, random, tuned"),
        ({"wanted": replace(WISH, budget=31)}, "budget 30, not 31"),
        ({"wanted": replace(WISH, seed=7)}, "seed 0, not 7"),
        ({"repeats": 1}, "repeats 2, not 1"),
    ],
)
def test_a_contest_of_other_wishes_is_left_alone(held, about, expected):
    _, folder = held
    before = (folder / running.FILE).read_bytes()
    wishes = {"domains": ("paging",), "loops": LOOPS, "wanted": WISH, "repeats": 2, **about}
    with pytest.raises(InputError, match=f"holds a comparison of loops with {expected}; give another folder with -o"):
        hold(pools=lambda problem: pytest.fail("it was asked"), folder=folder, to=BEST, **wishes)
    assert (folder / running.FILE).read_bytes() == before
    assert [path.name for path in sorted(folder.iterdir())] == [running.FILE, "paging-0", "paging-1"]


def test_a_bound_is_none_where_a_setting_lets_others_beat_it(held, tmp_path):
    found, _ = held
    assert found.ideals == {"paging": None}
    warm = replace(WISH, options={**WISH.options, "warmup": "100"})
    for options, ideal in ((WISH, "belady"), (warm, None)):
        folder = tmp_path / str(ideal)
        bound = hold(
            ("paging",), {"random": "random", "best_of_n": "best of n"}, options, in_this_process, folder, repeats=1
        )
        assert bound.ideals == {"paging": ideal}


def test_its_figure_is_drawn_with_its_table_beside_it(held):
    found, folder = held
    (path,) = loops.draw(found, folder, folder / "figures")
    assert path.read_bytes().startswith(b"\x89PNG")
    table = path.with_suffix(".csv").read_text()
    assert "all domains" in table
    assert len(figure.sheets(found)[0].panels) == 2


def test_what_is_no_contest_is_one_line(tmp_path):
    Path(tmp_path / running.FILE).write_text(json.dumps({"loops": []}))
    with pytest.raises(InputError, match=r"loops.json is no contest of loops, or a damaged one"):
        running.read(tmp_path)


def test_a_budget_below_what_a_loop_begins_with_is_refused(tmp_path):
    small = Wanted(WANTED.domain, WANTED.traces, budget=3, options=WANTED.options)
    with pytest.raises(
        InputError, match=r"--budget must be at least \d+: gp begins with \d+ policies of paging, got 3"
    ):
        hold(("paging",), LOOPS, small, in_this_process, tmp_path / "new", repeats=1)
    assert not (tmp_path / "new").exists()
