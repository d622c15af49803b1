"""The loop of large neighbourhood search: a bandit names a neighbourhood, a source tells what it gave, the clock is work.

Two sources answer `attempt`: a solver (`live.py`) and a table of outcomes (`recorded.py`). What follows is the same.
"""

from __future__ import annotations

import numpy as np

from sim.core.policy import check_number, defines
from sim.core.structures import Structure
from sim.core.trace import NONE
from sim.domains.bandits.lns.measures import TOLERANCE

BEST, BETTER, ACCEPTED, REJECTED, UNCHANGED, FAILED = range(6)
"""Outcomes of a pull: better than the best point; accepted and better than the current one, accepted, refused; the point it came
from or nothing to solve; no point at all."""

OUTCOMES = ("best", "better", "accepted", "rejected", "unchanged", "failed")

FOUND, NOTHING, SAME = 0, 1, 2
"""What a source's attempt gives: another point, none, or the one it came from."""

LEGAL, NO_ARM = 0, 1


class Log(Structure):
    """What happened at each pull; the work is that before it."""

    def __init__(self, n: int):
        self.size = 0
        self.at = np.zeros(n, np.int64)
        self.arm = np.zeros(n, np.int64)
        self.outcome = np.zeros(n, np.uint8)
        self.state = np.zeros(n, np.int64)
        self.probability = np.full(n, np.nan)
        self.objective = np.full(n, np.nan)
        self.work = np.zeros(n)
        self.stood_in = np.zeros(n, np.bool_)


class Search(Structure):
    """A search under a bandit: asks, attempts, tests, rewards, counts.

    Args:
        source: answers `begin()` and `attempt(state, arm, current, left)`; tells `opening_at`, `opening`, `opening_work`,
            `goes_on`, `state` after the first, `status`, `cost`, `objective`, `next`, `stood_in` after the second.
        acceptance: the test of candidates.
        scores: of the outcomes best, better, accepted and rejected, the largest 1; the others score 0.
        per_work: rewards are multiplied by the mean work of a pull so far over that of this one, and cut to 1.
        budget: of work; nothing begins once it is spent.
        longest: work that the longest solve is allowed: costs are told to the policy relative to it.
        n_arms: arms a policy may name.
        record: keep a log.
    """

    def __init__(self, source, acceptance, *, scores, per_work, budget, longest, n_arms, record):
        self.source = source
        self.acceptance = acceptance
        self.scores = scores
        self.per_work = per_work
        self.budget = budget
        self.longest = longest
        self.n_arms = n_arms
        self.work = 0.0
        self.state = 0
        self.current = 0.0
        self.best = np.inf
        self.is_begun = False
        self.is_over = False
        self.committed = NONE
        self.n_pulls = 0
        self.pulling_work = 0.0
        self.n_pulled = np.zeros(n_arms, np.int64)
        self.earned_by = np.zeros(n_arms)
        self.outcomes = np.zeros((n_arms, len(OUTCOMES)), np.int64)
        self.n_stood_in = 0
        self.n_found = 0
        self.found_at = np.zeros(int(budget) + 64)
        self.found = np.zeros(int(budget) + 64)
        self.log = Log(int(budget) + 2) if record else None
        self.broken = LEGAL
        self.broken_arm = NONE

    def advance(self, policy, stop):
        """Goes on until so much work is done."""
        if not self.is_begun:
            self.open()
        while self.work < stop and not self.is_over:
            self.pull(policy)

    def open(self):
        """Has the first point found."""
        source = self.source
        self.is_begun = True
        source.begin()
        for k in range(len(source.opening)):
            self.note(source.opening_at[k], source.opening[k])
        self.work = source.opening_work
        self.state = source.state
        self.current = self.best
        self.is_over = not source.goes_on or self.work >= self.budget
        if not self.is_over:
            self.acceptance.scale(self.best)

    def pull(self, policy):
        """One iteration: an arm, its attempt, what became of it, and what the policy is told."""
        source = self.source
        arm = policy.choose(None) if self.committed == NONE else self.committed
        check_number(policy, "choose", arm, self.n_pulls)
        if arm < 0 or arm >= self.n_arms:
            self.broken = NO_ARM
            self.broken_arm = arm
            self.is_over = True
            return
        before = self.work
        source.attempt(self.state, arm, self.current, self.budget - before)
        self.work = before + source.cost
        self.n_pulls += 1
        self.pulling_work += source.cost
        self.n_stood_in += source.stood_in
        outcome = self.outcome()
        if self.log is not None:
            self.write(policy, arm, outcome, before)
        if outcome <= ACCEPTED:
            self.state = source.next
            self.current = source.objective
        reward = self.reward(outcome)
        self.n_pulled[arm] += 1
        self.outcomes[arm, outcome] += 1
        self.earned_by[arm] += reward
        if self.work >= self.budget:
            self.is_over = True
        if self.committed == NONE:
            policy.update(arm, reward, source.cost / self.longest)
            if defines(policy, "stopped"):
                self.commit(policy)

    def outcome(self):
        """What an attempt's answer means here; a point that is found asks the test of acceptance, any other answer does not."""
        source = self.source
        if source.status == NOTHING:
            return FAILED
        if source.status == SAME:
            return UNCHANGED
        candidate = source.objective
        was_current = self.current
        is_taken = self.acceptance.takes(was_current, candidate)
        if candidate < self.best - TOLERANCE * max(1.0, abs(self.best)):
            self.note(self.work, candidate)
            return BEST
        if not is_taken:
            return REJECTED
        if candidate < was_current - TOLERANCE * max(1.0, abs(was_current)):
            return BETTER
        return ACCEPTED

    def reward(self, outcome):
        """In [0, 1]; 0 for what is unchanged or failed."""
        if outcome > REJECTED:
            return 0.0
        reward = self.scores[outcome]
        if self.per_work:
            reward = min(1.0, reward * self.pulling_work / self.n_pulls / self.source.cost)
        return reward

    def note(self, work, objective):
        """A point better than all before."""
        if self.n_found < len(self.found):
            self.found_at[self.n_found] = work
            self.found[self.n_found] = objective
            self.n_found += 1
        self.best = objective

    def commit(self, policy):
        """Where the policy has seen enough, its recommendation is pulled from now on."""
        if policy.stopped():
            self.committed = policy.recommended()

    def write(self, policy, arm, outcome, before):
        log = self.log
        i = log.size
        log.at[i] = int(before)
        log.arm[i] = arm
        log.outcome[i] = outcome
        log.state[i] = self.state
        log.objective[i] = self.source.objective if self.source.status != NOTHING else np.nan
        log.work[i] = self.source.cost
        log.stood_in[i] = self.source.stood_in
        if defines(policy, "probability"):
            log.probability[i] = policy.probability(arm) if self.committed == NONE else 1.0
        log.size += 1


def play(search, policy, start, stop):
    """The loop of every run: rows are units of work."""
    search.advance(policy, stop)
