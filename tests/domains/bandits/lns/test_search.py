"""The loop, with answers given beforehand: what each outcome is, what it earns, what becomes the current point, when it ends."""

from __future__ import annotations

import numpy as np
import pytest

from sim.domains.bandits.lns.acceptance import Acceptance, Rule
from sim.domains.bandits.lns.search import FOUND, NOTHING, OUTCOMES, SAME, Search, play
from tests.domains.bandits.lns.worked import Draws

WARM = "simulated_annealing;start=1;end=1;step=1;schedule=linear;absolute=true"


class Answers:
    """A source whose answers are given: (status, objective, work)."""

    def __init__(self, first: float | None, answers: list[tuple[int, float, float]], *, opening_work: float = 10.0):
        self.answers = answers
        self.n_asked = 0
        self.left: list[float] = []
        self.opening_at = np.array([] if first is None else [opening_work])
        self.opening = np.array([] if first is None else [first])
        self.opening_work = opening_work
        self.goes_on = first is not None
        self.state = 0
        self.status, self.cost, self.objective, self.next, self.stood_in = NOTHING, 0.0, 0.0, 0, 0

    def begin(self):
        return

    def attempt(self, state, arm, current, left):
        self.left.append(left)
        self.status, self.objective, self.cost = self.answers[self.n_asked]
        self.n_asked += 1
        self.next = self.n_asked


class Turns:
    """A policy that pulls arm 0, and keeps what it is told."""

    def __init__(self):
        self.told: list[tuple[int, float, float]] = []

    def choose(self, context):
        return 0

    def update(self, arm, reward, cost):
        self.told.append((arm, reward, cost))


def searched(source, *, accept="hill_climbing", draws=(0.0,), budget=1000.0, per_work=False, policy=None):
    search = Search(
        source,
        Acceptance(Rule.of(accept), Draws(*draws)),
        scores=np.array([1.0, 0.5, 0.25, 0.125]),
        per_work=per_work,
        budget=budget,
        longest=50.0,
        n_arms=1,
        record=True,
    )
    policy = policy or Turns()
    play(search, policy, 0, budget)
    return search, policy


def outcomes(search):
    return [OUTCOMES[k] for k in search.log.outcome[: search.log.size]]


def test_each_answer_has_one_outcome_and_earns_its_score():
    """From 10: 8 is the best; then 12 by luck, 11 is better than that, 11 again a tie, 13 refused; nothing; the same."""
    answers = [(FOUND, z, 20) for z in (8, 12, 11, 11, 13)] + [(NOTHING, 0, 20), (SAME, 11, 20)]
    search, policy = searched(Answers(10.0, answers), accept=WARM, draws=(0.5, 0.001, 0.5, 0.5, 0.999), budget=150)
    assert outcomes(search) == ["best", "accepted", "better", "accepted", "rejected", "failed", "unchanged"]
    assert [reward for _, reward, _ in policy.told] == [1, 0.25, 0.5, 0.25, 0.125, 0, 0]
    assert search.log.state[:7].tolist() == [0, 1, 2, 3, 4, 4, 4]  # refused, failed and unchanged: as before
    assert (search.current, search.best) == (11, 8)
    assert search.found[: search.n_found].tolist() == [10, 8] and search.found_at[: search.n_found].tolist() == [10, 30]
    assert search.outcomes.sum() == search.n_pulls == 7


def test_a_solve_that_gives_nothing_is_never_accepted_though_ties_are():
    """What comes back from a solve at its limit has no objective that could tie."""
    search, policy = searched(Answers(10.0, [(NOTHING, 10.0, 500), (SAME, 10.0, 500)]))
    assert outcomes(search) == ["failed", "unchanged"] and [reward for _, reward, _ in policy.told] == [0, 0]


def test_the_test_is_not_asked_where_nothing_new_came_back():
    """So that its temperature does not fall."""
    source = Answers(10.0, [(NOTHING, 0, 300), (SAME, 10, 300), (FOUND, 9, 400)])
    search, _ = searched(source, accept="simulated_annealing;start=9;end=1;step=2;schedule=linear")
    assert search.acceptance.temperature == 7


def test_better_than_the_best_overrides_the_test():
    search, _ = searched(Answers(10.0, [(FOUND, 9.0, 1000)]), accept=WARM, draws=(1.5,))
    assert outcomes(search) == ["best"] and search.current == 9


def test_differences_below_the_tolerance_are_no_improvement():
    search, _ = searched(Answers(1e6, [(FOUND, 1e6 - 1e-4, 1000)]))
    assert outcomes(search) == ["accepted"] and search.n_found == 1


def test_nothing_begins_once_the_budget_is_spent_and_every_attempt_is_told_what_is_left():
    source = Answers(10.0, [(SAME, 10, 60), (SAME, 10, 60), (SAME, 10, 60)])
    search, _ = searched(source, budget=100.0)
    assert (search.n_pulls, search.work, source.left) == (2, 130, [90, 30])
    assert search.log.size == 2  # what is not begun is not logged
    spent = Answers(10.0, [(SAME, 10, 60)], opening_work=100.0)
    assert searched(spent, budget=100.0)[0].n_pulls == 0 and spent.n_asked == 0


def test_without_a_first_point_nothing_is_pulled():
    search, _ = searched(Answers(None, []))
    assert search.n_pulls == 0 and search.n_found == 0 and search.is_over


def test_rewards_per_work_weigh_a_pull_by_the_mean_work_so_far_over_its_own():
    """Works 20, 60, 10: means 20, 40, 30."""
    answers = [(FOUND, 12, 20), (FOUND, 11, 60), (FOUND, 12, 10)]
    search, policy = searched(Answers(1.0, answers), per_work=True, budget=100.0)
    assert outcomes(search) == ["rejected"] * 3
    assert [reward for _, reward, _ in policy.told] == pytest.approx([0.125, 0.125 * 40 / 60, 0.125 * 30 / 10])
    search, policy = searched(Answers(20.0, [(FOUND, 12, 90), (FOUND, 11, 10)]), per_work=True, budget=110.0)
    assert [reward for _, reward, _ in policy.told] == [1, 1]  # 5 is cut to 1


def test_costs_are_told_relative_to_the_longest_solve():
    _, policy = searched(Answers(10.0, [(SAME, 10, 25), (SAME, 10, 965)]))
    assert [cost for _, _, cost in policy.told] == [0.5, 965 / 50]


def test_an_arm_that_there_is_not_ends_the_run():
    class Lost(Turns):
        def choose(self, context):
            return 1

    source = Answers(10.0, [(SAME, 10, 60)])
    search, _ = searched(source, policy=Lost())
    assert (search.broken_arm, search.n_pulls, source.n_asked, search.is_over) == (1, 0, 0, True)


def test_a_policy_that_has_seen_enough_is_not_asked_again():
    class Enough(Turns):
        def stopped(self):
            return len(self.told) == 2

        def recommended(self):
            return 0

    search, policy = searched(Answers(10.0, [(SAME, 10, 10)] * 9), policy=Enough(), budget=100.0)
    assert search.n_pulls == 9 and len(policy.told) == 2
