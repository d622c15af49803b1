"""How wrong the predictions were, in the literature's own measures, and whether the proven bounds held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.core.modules import kernel
from sim.core.trace import Trace
from sim.domains.paging import truth
from sim.domains.paging.policy import Policy, channels_needed
from sim.domains.paging.setting import Setting


@dataclass(frozen=True)
class Facts:
    """What a theorem speaks of, for one trace, capacity and set of predictions; None where there is no such prediction.

    Args:
        opt: faults of the clairvoyant optimum.
        k: capacity in pages.
        n_requests: length of the trace.
        eta0: requests predicted 0 (keep) whose truth is 1, discard bits. The index is the predicted bit.
        eta1: requests predicted 1 (drop) whose truth is 0.
        phase_eta0, phase_eta1: likewise for phase bits, at the last request of a page in a phase (the only one used).
        phase_errors: wrong phase bits at all requests.
        eta: sum of absolute next-request errors; "never again" stands for the first index after the trace on both sides.
        eta_states: sum over requests of the pages a predictor holds that the optimal run does not.
    """

    opt: int
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


def facts(trace: Trace, best: truth.Furthest, channels: Iterable[str] = ()) -> Facts:
    """Measures the predictions of these channels against the clairvoyant optimum.

    Args:
        trace: unit pages, with the channels' columns.
        best: the optimum's run over it.
        channels: of `CHANNELS` in `system.py`.
    """
    found: dict[str, Any] = {}
    for channel in channels:
        found.update(MEASURES[channel](trace, best))
    return Facts(best.faults, best.capacity, len(trace), **found)


def _discard_bits(trace: Trace, best: truth.Furthest) -> dict[str, Any]:
    predicted = np.asarray(trace["discard_bit"], np.bool_)
    eta0, eta1 = int(np.count_nonzero(~predicted & best.bits)), int(np.count_nonzero(predicted & ~best.bits))
    return {"eta0": eta0, "eta1": eta1}


def _phase_bits(trace: Trace, best: truth.Furthest) -> dict[str, Any]:
    predicted = np.asarray(trace["phase_bit"], np.bool_)
    bits = truth.phase_bits(trace, best.capacity)
    used = truth.last_in_phase(trace, best.capacity)
    return {
        "phase_eta0": int(np.count_nonzero(~predicted & bits & used)),
        "phase_eta1": int(np.count_nonzero(predicted & ~bits & used)),
        "phase_errors": int(np.count_nonzero(predicted != bits)),
    }


def _next_uses(trace: Trace, best: truth.Furthest) -> dict[str, Any]:
    end = float(len(trace))
    following = np.minimum(best.next_use.astype(np.float64), end)
    return {"eta": float(np.abs(np.minimum(np.asarray(trace["predicted_next_use"]), end) - following).sum())}


def _cache_states(trace: Trace, best: truth.Furthest) -> dict[str, Any]:
    page, leaves = np.ascontiguousarray(trace["page"]), np.ascontiguousarray(trace["leaves"])
    return {"eta_states": int(_pages_apart(page, leaves, best.leaves, truth.n_pages_of(trace)))}


@kernel
def _pages_apart(page, leaves, optimal_leaves, n_pages):
    predicted = np.zeros(n_pages, np.bool_)
    optimal = np.zeros(n_pages, np.bool_)
    apart = 0  # pages that are predicted and not optimal
    total = 0
    for i in range(len(page)):
        gone = leaves[i]
        if gone >= 0 and predicted[gone]:
            predicted[gone] = False
            if not optimal[gone]:
                apart -= 1
        gone = optimal_leaves[i]
        if gone >= 0:
            optimal[gone] = False
            if predicted[gone]:
                apart += 1
        if predicted[page[i]] and not optimal[page[i]]:
            apart -= 1
        predicted[page[i]] = True
        optimal[page[i]] = True
        total += apart
    return total


MEASURES = {
    "discard_bit": _discard_bits,
    "phase_bit": _phase_bits,
    "next_use": _next_uses,
    "cache_state": _cache_states,
}
"""Channel -> how its error is measured."""

SHOWN = {"phase_eta0": "eta0", "phase_eta1": "eta1", "eta_states": "eta"}
"""Facts that a row shows under the name that the literature gives all of their kind, unless another took it (a combination)."""


def judge(trace: Trace, policy: Policy, metrics: dict, best: truth.Furthest | None, setting: Setting) -> dict[str, Any]:
    """The keys that hindsight adds to a row.

    Args:
        best: the clairvoyant optimum's run; None where LFD is not optimal (sizes) or was not asked for.

    Returns:
        `ratio_to_opt` (None where LFD is not optimal: sizes, bypass, removals, warm-up), the measured errors of the
        channels the policy reads, `bound` and `bound_holds`: None without a theorem; `bound_holds` is None for a randomized
        policy too, whose bound is on the mean over seeds.
    """
    row: dict[str, Any] = dict.fromkeys(("ratio_to_opt", "bound", "bound_holds"))
    if best is None:
        return row
    measured = facts(trace, best, (channel for channel in channels_needed(policy) if channel in MEASURES))
    for name in Facts.__dataclass_fields__:
        if name not in ("opt", "k", "n_requests") and getattr(measured, name) is not None:
            short = SHOWN.get(name, name)
            row[name if short in row else short] = getattr(measured, name)
    if setting.warmup or metrics["bypassed"] or setting.removes(trace):
        return row
    row["ratio_to_opt"] = metrics["misses"] / best.faults
    if (bound := getattr(policy, "bound", None)) is not None:
        row["bound"] = bound(measured)
        if row["bound"] is not None and not policy.randomized:
            row["bound_holds"] = metrics["misses"] <= row["bound"] * (1 + 1e-12)
    return row
