"""How wrong the predictions were, in the literature's own measures, and whether the proven bounds held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.core.trace import NEVER, NONE, Trace
from sim.domains.paging import truth
from sim.domains.paging.policy import Policy
from sim.domains.paging.setting import Setting


@dataclass(frozen=True)
class Facts:
    """What a theorem speaks of, for one trace, capacity and set of predictions; None where there is no such prediction.

    Args:
        opt: faults of the clairvoyant optimum; None where LFD is not optimal (sizes).
        k: capacity in pages.
        n_requests: length of the trace.
        eta0: requests predicted 0 (keep) whose truth is 1, discard bits. The index is the predicted bit.
        eta1: requests predicted 1 (drop) whose truth is 0.
        phase_eta0, phase_eta1: likewise for phase bits, at the last request of a page in a phase (the only one used).
        phase_errors: wrong phase bits at all requests.
        eta: sum of absolute next-request errors; "never again" stands for the first index after the trace on both sides.
        eta_states: sum over requests of the pages a predictor holds that the optimal run does not.
    """

    opt: int | None
    k: int
    n_requests: int
    eta0: int | None = None
    eta1: int | None = None
    phase_eta0: int | None = None
    phase_eta1: int | None = None
    phase_errors: int | None = None
    eta: float | None = None
    eta_states: int | None = None

    @property
    def h_k(self) -> float:
        """The k-th harmonic number, 1 + 1/2 + ... + 1/k."""
        return float(np.sum(1.0 / np.arange(1, self.k + 1)))


def facts(trace: Trace, setting: Setting) -> Facts:
    """Measures every prediction column of a trace against hindsight."""
    k = setting.capacity
    if setting.sized:
        return Facts(None, k, len(trace))
    best = truth.furthest(trace, k)
    found: dict = {}
    if "discard_bit" in trace:
        predicted = np.asarray(trace["discard_bit"], np.bool_)
        found["eta0"] = int(np.count_nonzero(~predicted & best.bits))
        found["eta1"] = int(np.count_nonzero(predicted & ~best.bits))
    if "phase_bit" in trace:
        predicted, bits = np.asarray(trace["phase_bit"], np.bool_), truth.phase_bits(trace, k)
        used = truth.last_in_phase(trace, k)
        found["phase_eta0"] = int(np.count_nonzero(~predicted & bits & used))
        found["phase_eta1"] = int(np.count_nonzero(predicted & ~bits & used))
        found["phase_errors"] = int(np.count_nonzero(predicted != bits))
    if "predicted_next_use" in trace:
        end = float(len(trace))
        following = np.minimum(truth.next_use(trace).astype(np.float64), end)
        found["eta"] = float(np.abs(np.minimum(trace["predicted_next_use"], end) - following).sum())
    if "leaves" in trace:
        found["eta_states"] = int(
            _states_apart(np.asarray(trace["page"]), np.asarray(trace["leaves"]), best.leaves, setting.n_pages)
        )
    return Facts(best.faults, k, len(trace), **found)


@truth.kernel
def _states_apart(page, leaves, optimal_leaves, n_pages):
    predicted = np.zeros(n_pages, np.bool_)
    optimal = np.zeros(n_pages, np.bool_)
    apart = 0
    total = 0
    for i in range(len(page)):
        for holds, other, gone in ((predicted, optimal, leaves[i]), (optimal, predicted, optimal_leaves[i])):
            if gone != NONE and holds[gone]:
                holds[gone] = False
                if holds is predicted and not other[gone]:
                    apart -= 1
                if holds is optimal and other[gone]:
                    apart += 1
        p = page[i]
        if not predicted[p] and not optimal[p]:
            predicted[p] = True
            optimal[p] = True
        elif not predicted[p]:
            predicted[p] = True
        elif not optimal[p]:
            optimal[p] = True
            apart -= 1
        total += apart
    return total


def judge(policy: Policy, metrics: dict, facts: Facts, setting: Setting) -> dict:
    """The keys that hindsight adds to a row.

    Returns:
        `ratio_to_opt` (None where LFD is not optimal: sizes, bypass, removals, warm-up), the measured errors of the
        channels the policy reads, `bound` and `bound_holds`: None without a theorem, and for a randomized policy, whose bound is on
        the mean over seeds (`mean_bound_holds`).
    """
    comparable = (
        facts.opt is not None and setting.warmup == 0 and not metrics["bypassed"] and not metrics["expired"]
    )
    row: dict = {"ratio_to_opt": metrics["misses"] / facts.opt if comparable and facts.opt else None}
    channels = channels_of(policy)
    for channel, names in ERRORS.items():
        if channel in channels and not policy.clairvoyant:
            for key, name in names.items():
                row[key] = getattr(facts, name)
    bound = policy.bound(facts) if comparable and hasattr(policy, "bound") else None
    is_random = getattr(policy, "randomized", False)
    row["bound"] = bound
    row["bound_holds"] = None if bound is None or is_random else metrics["misses"] <= bound + 1e-9
    return row


ERRORS = {
    "discard_bit": {"eta0": "eta0", "eta1": "eta1"},
    "phase_bit": {"eta0": "phase_eta0", "eta1": "phase_eta1", "phase_errors": "phase_errors"},
    "next_use": {"eta": "eta"},
    "cache_state": {"eta": "eta_states"},
}
"""Channel -> the row's keys and the facts they show."""
