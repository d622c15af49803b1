"""Which arm is pulled."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from sim.adrs.problem import Feature, Problem, Template
from sim.adrs.program import Program
from sim.domains import bandits

ARM = {
    "pulls": Feature("its pulls so far, at least 1", "pulls"),
    "mean": Feature("mean of its rewards", "reward"),
    "variance": Feature("mean square of its rewards less the square of their mean", "reward squared"),
    "last": Feature("its latest reward", "reward"),
    "unused": Feature("rounds since it was last pulled, 1 in the round after", "rounds"),
    "divergence": Feature(
        "Kullback and Leibler's divergence of a coin of its mean from a coin of the highest mean, 0 for the arm that has it"
    ),
    "noise": Feature("a standard normal number, drawn anew each round"),
    "total": Feature("pulls of all arms", "pulls", of_subject=False),
    "left": Feature("rounds to come, this one included; 0 where that is not known", "rounds", of_subject=False),
    "arms": Feature("number of arms", of_subject=False),
    "best": Feature("the highest mean", "reward", of_subject=False),
    "overall": Feature("mean of all rewards so far", "reward", of_subject=False),
    "chance": Feature("a number drawn uniformly from [0, 1) each round, the same for all arms", of_subject=False),
}

LATELY = {
    "weight": Feature("what its pulls count now: each less the longer ago it was", "pulls"),
    "recent": Feature("mean of its rewards, each as much as its pull counts", "reward"),
    "weights": Feature("what the pulls of all arms count now", "pulls", of_subject=False),
}


class IndexedProgram(bandits.Indexed):
    """`Indexed` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def index(self, arm):
        return self.program.value(self, arm)

    def feature(self, k, arm):
        return of_arm(self, k, arm)


class FadingProgram(bandits.Fading):
    """`Fading` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def index(self, arm):
        return self.program.value(self, arm)

    def feature(self, k, arm):
        if k == 13:
            return self.weight(arm)
        if k == 14:
            return self.recent(arm)
        if k == 15:
            return self.weights()
        return of_arm(self, k, arm)


def of_arm(policy, k, arm):
    """The k-th feature of `ARM`."""
    if k == 0:
        return policy.pulls(arm)
    if k == 1:
        return policy.mean(arm)
    if k == 2:
        return policy.variance(arm)
    if k == 3:
        return policy.last(arm)
    if k == 4:
        return policy.unused(arm)
    if k == 5:
        return policy.divergence(arm)
    if k == 6:
        return policy.noise(arm)
    if k == 7:
        return policy.total()
    if k == 8:
        return policy.left()
    if k == 9:
        return policy.arms()
    if k == 10:
        return policy.best()
    if k == 11:
        return policy.overall()
    return policy.chance()


INDEXED = Template(
    name="indexed",
    decision="Pulls the arm of the highest index; each arm once first, and ties go to the lowest number.",
    base="bandits.Indexed",
    programmed=IndexedProgram,
    hole="index",
    subject="arm",
    features=ARM,
    seeds={
        "ucb1": "mean + sqrt(divide(2.0 * log(total - 1.0), pulls))",
        "greedy": "mean",
        "epsilon_greedy": "noise if chance < 0.1 else mean",
        "alpha_ucb": "mean + sqrt(divide(0.5 * log(total), pulls + 1.0))",
        "ucb1_tuned": (
            "mean + sqrt(divide(log(total - 1.0), pulls) * "
            "min(0.25, variance + sqrt(divide(2.0 * log(total - 1.0), pulls))))"
        ),
        "moss": "mean + sqrt(divide(log(max(divide(total + left, arms * pulls), 1.0) - 1.0), pulls))",
        "imed": "-(pulls * divergence + log(pulls - 1.0))",
        "thompson_gaussian": "mean + divide(1.0, sqrt(pulls)) * noise",
    },
)

FADING = Template(
    name="fading",
    decision="Pulls the arm of the highest index, which may go by what was lately; each arm once first.",
    base="bandits.Fading",
    programmed=FadingProgram,
    hole="index",
    subject="arm",
    features={**ARM, **LATELY},
    seeds={
        "greedy": "recent",
        "discounted_ucb": "recent + 2.0 * sqrt(divide(0.6 * log(max(weights, 1.0) - 1.0), weight))",
    },
    parameters={"memory": (20, 5000)},
)

PROBLEM = Problem(
    domain="bandits",
    system="bandits/arms",
    task=(
        "Each round one of several arms is pulled, and earns a reward between 0 and 1; what the others would have earned is not "
        "told. Arms differ in what they earn on average, and at times that changes. Which arm?"
    ),
    metric="expected_reward",
    baseline="ucb1",
    bound="best_each",
    unbound=("budget",),
    templates=(INDEXED, FADING),
    rivals=(
        "ucb1",
        "kl_ucb",
        "alpha_ucb",
        "thompson_beta",
        "thompson_gaussian",
        "epsilon_greedy",
        "softmax",
        "tsallis_inf",
        "exp3",
        "exp3_s",
        "discounted_ucb",
        "sliding_window_ucb",
    ),
    tunable={
        "ucb1": {"alpha": (0.01, 2.0)},
        "alpha_ucb": {"alpha": (0.001, 1.0)},
        "thompson_gaussian": {"s": (0.01, 2.0)},
        "epsilon_greedy": {"epsilon": (0.001, 0.5)},
        "softmax": {"tau": (0.005, 1.0)},
        "exp3_s": {"gamma": (0.001, 1.0), "a": (1e-6, 0.1)},
        "discounted_ucb": {"gamma": (0.9, 0.9999), "xi": (0.0001, 2.0)},
        "sliding_window_ucb": {"window": (20, 5000), "xi": (0.001, 2.0)},
    },
    setting={},
    traces=(
        "workload:bernoulli,n_arms=2,means=[0.3;0.7],n_rounds=500",
        "workload:bernoulli,n_arms=5,means=[0.1;0.9],n_rounds=1000",
        "workload:bernoulli,n_arms=10,n_rounds=2000",
        "workload:bernoulli,n_arms=20,means=[0;0.2],n_rounds=5000",
        "workload:normal,n_arms=10,means=[0.2;0.8],sd=0.3,n_rounds=2000",
        "workload:normal,n_arms=20,means=[0.2;0.5],sd=0.1,n_rounds=1000",
        "workload:drift,n_arms=5,step=0.005,n_rounds=5000",
        "workload:drift,n_arms=10,step=0.002,n_rounds=5000",
        "workload:drift,n_arms=20,step=0.001,n_rounds=5000",
    ),
    foreign=(
        "workload:beta,n_arms=15,means=[0.1;0.6],spread=2,n_rounds=3000",
        "workload:bernoulli,n_arms=50,means=[0.05;0.6],n_rounds=3000",
        "workload:piecewise,n_arms=8,means=[0.1;0.7],n_breaks=4,n_rounds=5000",
    ),
)
