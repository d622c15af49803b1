"""How many decisions per second does a compiled bandit take, against MABWiser and ALNS on the same rewards?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from alns.Outcome import Outcome
from alns.select import AlphaUCB
from mabwiser.mab import MAB, LearningPolicy

from benchmarks.table import Table, target
from benchmarks.timing import alternated
from sim.core import engine
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.bandits import Setting, System
from sim.study import catalog
from workloads import bandits

N_FEATURES = 4

LIBRARIES: dict[str, Callable[..., Any] | None] = {
    "ucb1": lambda: LearningPolicy.UCB1(alpha=1),
    "epsilon_greedy": lambda: LearningPolicy.EpsilonGreedy(epsilon=0.1),
    "softmax_dirichlet": lambda: LearningPolicy.Softmax(tau=1),
    "thompson_beta": lambda: LearningPolicy.ThompsonSampling(),
    "lin_ucb": lambda: LearningPolicy.LinUCB(alpha=1, l2_lambda=1),
    "alpha_ucb": None,
}
"""Policy -> its namesake in MABWiser; None: in ALNS."""


def ask(size: Any) -> Table:
    n_ours, n_theirs = size.n_requests // 10, max(size.n_requests // 2000, 200)
    table = Table(
        f"decisions per second, five arms, {N_FEATURES} features for lin_ucb\n"
        f"{n_ours:,} rounds compiled; the libraries play the first {n_theirs:,}, rates are compared",
        "A decision is a choice and what is learned of its reward; the libraries are asked and told one at a time, as by the\n"
        "user of an online bandit. The mean reward of both is that of the rounds the library played.",
    )
    plain = bandits.beta(stream(0, "workload", "beta"), n_rounds=n_ours)
    plain = plain.with_column("rewards", (np.asarray(plain["rewards"]) > 0.5).astype(float))  # 0 or 1, as all want it
    linear = bandits.linear(stream(0, "workload", "linear"), n_features=N_FEATURES - 1, n_rounds=n_ours)
    for name, library in LIBRARIES.items():
        trace = linear if name == "lin_ucb" else plain
        earned: dict[str, float] = {}
        theirs = partial(by_mabwiser, trace, n_theirs, library) if library else partial(by_alns, trace, n_theirs)
        policy = "alpha_ucb,alpha=0.5" if name == "alpha_ucb" else name
        few = replayer(trace, policy, n_theirs)
        times = alternated(
            {
                "compiled": replayer(trace, policy, n_ours),
                "library": lambda theirs=theirs, earned=earned: earned.update(library=theirs()),
            },
            size.n_rounds,
            most_s=25,
        )
        rates = {"compiled": n_ours / times["compiled"].median, "library": n_theirs / times["library"].median}
        table.add(
            policy=name,
            library="MABWiser" if library else "ALNS",
            compiled_M_per_s=rates["compiled"] / 1e6,
            library_k_per_s=rates["library"] / 1e3,
            times_faster=rates["compiled"] / rates["library"],
            mean_reward=few().metrics["reward"] / n_theirs,
            library_mean_reward=earned["library"] / n_theirs,
            spread=times["compiled"].spread,
            **target(100 if library else None, rates["compiled"] / rates["library"]),
        )
    return table


def replayer(trace: Trace, text: str, n_rounds: int) -> Callable[[], Any]:
    """Plays the first rounds, compiled; the first call, which compiles, is done here."""
    system = System(Setting(rounds=n_rounds))
    policy = catalog.policy("bandits", text)
    run = partial(engine.replay, trace, system, policy, mode="compiled")
    run()
    return run


def by_mabwiser(trace: Trace, n_rounds: int, library: Callable[[], Any]) -> float:
    """The reward that MABWiser earns; it is shown one pull of each arm first."""
    rewards = np.asarray(trace["rewards"])
    contexts = np.asarray(trace["context"]) if "context" in trace else None
    arms = list(range(rewards.shape[1]))
    learner = MAB(arms, library(), seed=0)
    first = [rewards[t, arm] for t, arm in enumerate(arms)]
    learner.fit(arms, first, None if contexts is None else contexts[: len(arms)])
    earned = float(sum(first))
    for t in range(len(arms), n_rounds):
        now = None if contexts is None else contexts[t : t + 1]
        arm = learner.predict(now)
        learner.partial_fit([arm], [rewards[t, arm]], now)
        earned += rewards[t, arm]
    return earned


def by_alns(trace: Trace, n_rounds: int) -> float:
    """The reward that the selector of ALNS earns, the arms being its destroy operators."""
    rewards = np.asarray(trace["rewards"])
    n_arms = rewards.shape[1]
    selector = AlphaUCB([1.0, 0.0, 0.0, 0.0], alpha=0.5, num_destroy=n_arms, num_repair=1)
    rng = np.random.default_rng(0)
    earned = 0.0
    for t in range(n_rounds):
        arm = t if t < n_arms else int(selector(rng, None, None)[0])
        reward = rewards[t, arm]
        selector.update(None, arm, 0, Outcome.BEST if reward else Outcome.ACCEPT)
        earned += reward
    return earned
