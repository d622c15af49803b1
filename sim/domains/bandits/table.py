"""The rules of a bandit: which arms are there, what a pull earns and costs, when a run is over."""

from __future__ import annotations

import math

import numpy as np

from sim.core.policy import check_number, defines
from sim.core.structures import Structure
from sim.core.trace import NONE

PULL, COMMIT = 0, 1
"""Kinds of decisions in a log: an arm chosen by the policy; the one it recommended, pulled in all rounds after it stopped."""

LEGAL, NO_ARM, ARM_GONE, BEYOND_PULLS = 0, 1, 2, 3


class Log(Structure):
    """The arm of each round, and the probability it was drawn with where the policy tells."""

    def __init__(self, n_rounds: int):
        self.size = 0
        self.arm = np.zeros(n_rounds, np.int64)
        self.kind = np.zeros(n_rounds, np.uint8)
        self.probability = np.full(n_rounds, np.nan)


class Table(Structure):
    """A table of rewards under a policy: asks, checks, pays, counts.

    Args:
        rewards: by round, shape (n_rounds, n_arms), or None.
        pulls: by number of the arm's pull, shape (m, n_arms), or None; exactly one of both is given.
        n_arms: arms a policy may name.
        means: expected rewards, shape (1 or n_rounds, n_arms), or None.
        cost: by round, shape (n_rounds, n_arms), or None.
        context: features of each round, shape (n_rounds, d), or None; handed to the policy.
        advice: predicted arm of each round, shape (n_rounds,), or None; handed to the policy.
        available: which arms are there, shape (n_rounds, n_arms), or None where all are, always.
        budget: costs after which the run is over.
        record: keep a log of decisions.
    """

    def __init__(self, *, rewards, pulls, n_arms, means, cost, context, advice, available, budget, record, n_rounds):
        self.rewards = rewards
        self.pulls = pulls
        self.n_arms = n_arms
        self.means = means
        self.cost = cost
        self.context = context
        self.advice = advice
        self.available = available
        self.is_there = np.ones(n_arms, np.bool_)
        self.has_budget = math.isfinite(budget)
        self.budget = budget
        self.enough = budget * (1 - 1e-12)  # sums of costs are rounded
        self.moving = means is not None and len(means) > 1
        self.log = Log(n_rounds) if record else None
        self.now = 0
        self.n_pulled = np.zeros(n_arms, np.int64)
        self.earned_by = np.zeros(n_arms)
        self.earned = 0.0
        self.expected = 0.0
        self.spent = 0.0
        self.n_rounds = 0
        self.is_over = False
        self.committed = NONE
        self.stopped_after = NONE
        self.broken = LEGAL
        self.broken_arm = NONE

    def serve(self, policy, i):
        """Plays one round."""
        if self.available is not None:
            self.change(policy, i)
        arm = self.asked(policy, i)
        check_number(policy, "choose", arm, i)
        if not self.is_legal(arm):
            return
        reward = self.reward(i, arm)
        if self.broken != LEGAL:
            return
        cost = self.cost[i, arm] if self.cost is not None else 1.0
        if self.log is not None:
            self.note(policy, arm)
        self.n_pulled[arm] += 1
        self.earned_by[arm] += reward
        self.earned += reward
        self.spent += cost
        self.n_rounds += 1
        if self.means is not None:
            self.expected += self.means[i, arm] if self.moving else self.means[0, arm]
        if self.committed == NONE:
            policy.update(arm, reward, cost)
            if defines(policy, "stopped"):
                self.commit(policy)
        if self.has_budget and self.spent >= self.enough:
            self.is_over = True

    def asked(self, policy, i):
        """The policy's arm, or the one it stopped at."""
        if self.committed != NONE:
            return self.committed
        if self.advice is not None:
            policy.advise(self.advice[i])
        if self.context is not None:
            return policy.choose(self.context[i])
        return policy.choose(None)

    def reward(self, i, arm):
        if self.rewards is None:
            return self.next_of(arm)
        else:  # not left out: the branch that does not apply is never written in machine code
            return self.rewards[i, arm]

    def next_of(self, arm):
        """What the next pull of a rested arm earns."""
        if self.n_pulled[arm] >= len(self.pulls):
            self.broken = BEYOND_PULLS
            self.broken_arm = arm
            return 0.0
        return self.pulls[self.n_pulled[arm], arm]

    def commit(self, policy):
        """Where the policy has seen enough, its recommendation is pulled from now on."""
        if policy.stopped():
            self.stopped_after = self.n_rounds
            arm = policy.recommended()
            if self.is_legal(arm):
                self.committed = arm

    def is_legal(self, arm):
        if arm < 0 or arm >= self.n_arms:
            self.broken = NO_ARM
            self.broken_arm = arm
            return False
        if self.available is not None and not self.is_there[arm]:
            self.broken = ARM_GONE
            self.broken_arm = arm
            return False
        return True

    def change(self, policy, i):
        """Tells the policy of the arms that came and went."""
        for arm in range(self.n_arms):
            if self.available[i, arm] != self.is_there[arm]:
                self.is_there[arm] = self.available[i, arm]
                if self.is_there[arm]:
                    policy.add(arm)
                else:
                    policy.drop(arm)

    def note(self, policy, arm):
        log = self.log
        log.arm[log.size] = arm
        log.kind[log.size] = PULL if self.committed == NONE else COMMIT
        if self.committed != NONE:
            log.probability[log.size] = 1.0
        elif defines(policy, "probability"):
            log.probability[log.size] = policy.probability(arm)
        log.size += 1


def play(table, policy, start, stop):
    """The loop of every bandit run."""
    for i in range(start, stop):
        if table.is_over:
            break
        table.now = i
        table.serve(policy, i)
        if table.broken != LEGAL:
            break
