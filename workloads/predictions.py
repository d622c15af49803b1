"""Predictors: each adds a column of predictions to a trace, aligned with its requests, before the replay.

A predictor is a function `(trace, setting, rng, *, ...)`; its attribute `channels` says what the column can serve, `clairvoyant`
that it looks at the future. The others are causal: what they predict for a prefix does not change when the rest is cut off.

Predicted times are 0-based rows, in float64: h says that the page is requested next at row h. The formulas of the literature
count requests from 1; they are shifted by 1, which keeps their order and their ties.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError
from sim.core.modules import kernel
from sim.core.trace import NEVER, Trace
from sim.domains.paging import Setting, truth

Predictor = Callable[[Trace, Setting, Generator], Trace]


def _serves(*channels: str, clairvoyant: bool) -> Callable[[Callable[..., Trace]], Callable[..., Trace]]:
    def declare(function: Callable[..., Trace]) -> Callable[..., Trace]:
        function.channels = channels  # type: ignore[attr-defined]
        function.clairvoyant = clairvoyant  # type: ignore[attr-defined]
        return function

    return declare


@_serves("discard_bit", clairvoyant=True)
def discard(
    trace: Trace,
    setting: Setting,
    rng: Generator,
    *,
    flip: float = 0.0,
    flip01: float | None = None,
    flip10: float | None = None,
    adversarial: float = 0.0,
) -> Trace:
    """Adds the discard bits of the clairvoyant optimum, with noise: 1 where it evicts the page before its next request.

    Args:
        trace: unit pages.
        setting: the run's setting; the bits hold for its capacity only.
        rng: the predictions' own stream; a bit that is flipped stays so when the probability rises.
        flip: probability in [0, 1] that a bit is flipped, independently; 1 is the inverted oracle.
        flip01: that of the bits 0 (keep) alone, which makes eta_1; None: `flip`.
        flip10: that of the bits 1 (drop) alone, which makes eta_0; None: `flip`.
        adversarial: share in [0, 1] of all bits that an adversary flips: bits 1 first, drawn at random, since the proven bounds
            charge eta_0 most (k - 1 or 2 H_k against 1), then bits 0.

    Returns:
        A new trace with a boolean column `discard_bit`, shape (n,).

    Raises:
        InputError: a probability outside [0, 1]; pages with sizes.

    Reference: Antoniadis et al., "Paging with Succinct Predictions", ICML 2023, section 1.
    """
    _refuse_sizes(setting, "discard")
    bits = _flipped(truth.discard_bits(trace, setting.capacity), rng, "discard", flip, flip01, flip10, adversarial)
    return trace.with_column("discard_bit", bits, predictor="discard", capacity=setting.capacity)


@_serves("phase_bit", clairvoyant=True)
def phase(
    trace: Trace,
    setting: Setting,
    rng: Generator,
    *,
    flip: float = 0.0,
    flip01: float | None = None,
    flip10: float | None = None,
    adversarial: float = 0.0,
) -> Trace:
    """Adds phase bits: 0 where the page is requested in the next k-phase too. Arguments, noise and errors as in `discard`.

    Returns:
        A new trace with a boolean column `phase_bit`, shape (n,).

    Reference: Antoniadis et al., "Paging with Succinct Predictions", ICML 2023, section 1.
    """
    _refuse_sizes(setting, "phase")
    bits = _flipped(truth.phase_bits(trace, setting.capacity), rng, "phase", flip, flip01, flip10, adversarial)
    return trace.with_column("phase_bit", bits, predictor="phase", capacity=setting.capacity)


def _flipped(bits, rng, name, flip, flip01, flip10, adversarial) -> np.ndarray:
    """The bits with noise; each request takes one draw, whatever the probabilities."""
    to_1 = flip if flip01 is None else flip01
    to_0 = flip if flip10 is None else flip10
    for key, value in (("flip", flip), ("flip01", to_1), ("flip10", to_0), ("adversarial", adversarial)):
        if not 0 <= value <= 1:
            raise InputError(f"{name}: {key} must be between 0 and 1, got {value:g}")
    noisy = bits ^ (rng.random(len(bits)) < np.where(bits, to_0, to_1))
    if adversarial:
        dearest_first = np.lexsort((rng.random(len(bits)), ~bits))
        chosen = dearest_first[: round(adversarial * len(bits))]
        noisy[chosen] = ~bits[chosen]
    return noisy


def _refuse_sizes(setting: Setting, name: str) -> None:
    if setting.sized:
        raise InputError(
            f"predictor {name} is defined for pages of equal size; give the capacity in pages, not in bytes"
        )


def _with_next_use(trace: Trace, prediction: np.ndarray, name: str) -> Trace:
    return trace.with_column("predicted_next_use", prediction, predictor=name)


@_serves("next_use", "cache_state", clairvoyant=True)
def next(
    trace: Trace,
    setting: Setting,
    rng: Generator,
    *,
    lognormal: float | None = None,
    normal: float = 0.0,
    adversarial: bool = False,
) -> Trace:
    """Adds the true row of each page's next request, with noise.

    Args:
        lognormal: adds exp(sigma Z), Z standard normal, with this sigma, at least 0; "never again" then stands for request
            number 10,000 n. It only delays, is heavy-tailed, and its scale is absolute. Beyond exp(700) the noise grows with
            the logarithm of its exponent: it stays finite and keeps its order, without ties. None: no such noise.
        normal: adds normal noise of this standard deviation in requests, 0 to 1e300; "never again" stays as it is.
        adversarial: reverses the order, row h becomes row n - 1 - h: what is requested soonest is predicted last.

    Returns:
        A new trace with a column `predicted_next_use`, float64, shape (n,); without noise `NEVER` where the page does not return.

    Raises:
        InputError: a negative or infinite deviation, or one of normal noise beyond 1e300.

    Reference: Lykouris and Vassilvitskii, "Competitive Caching with Machine Learned Advice", ICML 2018, experiments (log-normal).
    """
    for key, value in (("lognormal", lognormal or 0.0), ("normal", normal)):
        if not 0 <= value < math.inf:
            raise InputError(f"next: {key} must be a standard deviation, at least 0 and finite, got {value:g}")
    if normal > 1e300:
        raise InputError(f"next: normal must be at most 1e300, got {normal:g}")
    n = len(trace)
    following = truth.next_use(trace)
    returns = following != NEVER
    prediction = following.astype(np.float64)
    if lognormal is not None:
        prediction[~returns] = 10_000.0 * n - 1
        prediction += _exp_without_overflow(lognormal * rng.standard_normal(n))
    if normal:
        prediction[returns] += normal * rng.standard_normal(n)[returns]
    if adversarial:
        prediction = n - 1 - prediction
    return _with_next_use(trace, prediction, "next")


def _exp_without_overflow(x: np.ndarray) -> np.ndarray:
    """exp(x) up to x = 700; finite and strictly increasing beyond."""
    return np.exp(np.minimum(x, 700.0)) * (1 + np.log(np.maximum(x / 700.0, 1.0)))


@_serves("next_use", "cache_state", clairvoyant=False)
def recency(trace: Trace, setting: Setting, rng: Generator) -> Trace:
    """Predicts that what was requested last returns first, h = -t at request number t: to follow it is `lru`.

    Returns:
        A new trace with a column `predicted_next_use`, float64, shape (n,).
    """
    number = np.arange(1, len(trace) + 1, dtype=np.float64)
    return _with_next_use(trace, -number - 1, "recency")


@_serves("next_use", "cache_state", clairvoyant=False)
def popu(trace: Trace, setting: Setting, rng: Generator) -> Trace:
    """POPU: a page returns as often as so far, h = t + t / count at request number t, its request included in the count.

    Exact ties occur, so that a policy's tie rule matters.

    Returns:
        A new trace with a column `predicted_next_use`, float64, shape (n,).

    Reference: Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020, experiments.
    """
    page = np.ascontiguousarray(trace["page"])
    return _with_next_use(trace, _popu(page, truth.n_pages_of(trace)), "popu")


@kernel
def _popu(page, n_pages):
    count = np.zeros(n_pages, np.int64)
    prediction = np.empty(len(page), np.float64)
    for i in range(len(page)):
        count[page[i]] += 1
        t = i + 1
        prediction[i] = t + t / count[page[i]] - 1
    return prediction


PLECO_REACH = 30 * 670
"""How far back PLECO looks: all weights beyond add up to less than 2**-53 of the newest, the rounding of a float."""


@_serves("next_use", "cache_state", clairvoyant=False)
def pleco(trace: Trace, setting: Setting, rng: Generator) -> Trace:
    """PLECO: each request of a page raises the odds of the next one, and fades: w(j) = (j + 10)^-1.8 exp(-j / 670).

    At request number t the page's probability is the sum of w(t - tau + 1) over its requests tau so far, this one too, divided by
    the sum of w(1..t); h = t - 1 + 1 / probability. The constants are those of BrightKite.

    Returns:
        A new trace with a column `predicted_next_use`, float64, shape (n,).

    Reference: Anderson, Kumar, Tomkins, Vassilvitskii, "The Dynamics of Repeat Consumption", WWW 2014; as a predictor:
    Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020, experiments.
    """
    j = np.arange(min(len(trace), PLECO_REACH) + 1, dtype=np.float64)
    weight = (j + 10) ** -1.8 * np.exp(-j / 670)
    weight[0] = 0.0
    page = np.ascontiguousarray(trace["page"])
    return _with_next_use(trace, _pleco(page, truth.n_pages_of(trace), weight, np.cumsum(weight)), "pleco")


@kernel
def _pleco(page, n_pages, weight, total):
    reach = len(weight) - 1
    last = np.full(n_pages, -1, np.int64)
    previous = np.empty(len(page), np.int64)
    prediction = np.empty(len(page), np.float64)
    for i in range(len(page)):
        previous[i] = last[page[i]]
        last[page[i]] = i
        mass = 0.0
        request = i
        while request >= 0 and i - request < reach:
            mass += weight[i - request + 1]
            request = previous[request]
        t = i + 1
        prediction[i] = t - 1 + total[min(t, reach)] / mass - 1
    return prediction


@_serves("next_use", "cache_state", clairvoyant=False)
def frequency(trace: Trace, setting: Setting, rng: Generator, *, horizon: int = 300, rate: float = 0.05) -> Trace:
    """Learns while it passes over the trace: a logistic model of whether a page returns within a horizon.

    The features of a request are its page's frequency and recency: the logarithms of the number of its requests, of its last
    gap, of its mean gap and of the time since its first request. A request becomes an example, for one gradient step, when its
    page returns or the horizon has passed. The probability q is read as a constant rate of return, a wait of
    horizon / -log(1 - q).

    Args:
        horizon: in requests, at least 1.
        rate: step of the gradient, above 0.

    Returns:
        A new trace with a column `predicted_next_use`, float64, shape (n,).

    Raises:
        InputError: a parameter outside its range.
    """
    if horizon < 1:
        raise InputError(f"frequency: horizon must be at least 1 request, got {horizon}")
    if not 0 < rate < math.inf:
        raise InputError(f"frequency: rate must be above 0 and finite, got {rate:g}")
    page = np.ascontiguousarray(trace["page"])
    prediction = _frequency(page, truth.n_pages_of(trace), min(horizon, len(trace)), float(horizon), rate)
    return _with_next_use(trace, prediction, "frequency")


@kernel
def _log_odds(weight, example):
    z = 0.0
    for f in range(len(weight)):
        z += weight[f] * example[f]
    return min(max(z, -30.0), 30.0)


@kernel
def _learn(weight, example, outcome, rate):
    error = outcome - 1 / (1 + math.exp(-_log_odds(weight, example)))
    for f in range(len(weight)):
        weight[f] += rate * error * example[f]


@kernel
def _frequency(page, n_pages, n_kept, horizon, rate):
    weight = np.zeros(5)
    example = np.zeros((n_kept, 5))  # of the last requests: request i in row i % n_kept
    first = np.full(n_pages, -1, np.int64)
    last = np.full(n_pages, -1, np.int64)
    count = np.zeros(n_pages, np.int64)
    prediction = np.empty(len(page), np.float64)
    for i in range(len(page)):
        p = page[i]
        expired = i - n_kept
        if expired >= 0 and last[page[expired]] == expired:
            _learn(weight, example[expired % n_kept], 0.0, rate)
        gap = horizon
        if count[p] == 0:
            first[p] = i
        else:
            gap = float(i - last[p])
            if gap < n_kept:
                _learn(weight, example[last[p] % n_kept], 1.0, rate)
        count[p] += 1
        last[p] = i
        age = float(i - first[p])
        now = example[i % n_kept]
        now[0] = 1.0
        now[1] = math.log(count[p]) / 5
        now[2] = math.log(gap / horizon) / 5
        now[3] = math.log((age / (count[p] - 1) if count[p] > 1 else horizon) / horizon) / 5
        now[4] = math.log((age + 1) / horizon) / 5
        # with q = 1 / (1 + exp(-z)), -log(1 - q) is log(1 + exp(z))
        prediction[i] = i + horizon / math.log1p(math.exp(_log_odds(weight, now)))
    return prediction


@_serves("cache_state", clairvoyant=True)
def states(trace: Trace, setting: Setting, rng: Generator, *, of: Predictor | None = None) -> Trace:
    """Predicts whole caches: the one that follows a predictor of next requests, and is as clairvoyant as that.

    Args:
        of: the predictor, e.g. `states:of=popu`, `states:of=[next:lognormal=2]`; None: the cache of the clairvoyant optimum.

    Returns:
        A new trace with a column `leaves`, int32, shape (n,): the page that leaves the predicted cache at each request, -1
        where none does; the requested page always enters.

    Raises:
        InputError: `of` does not predict next requests; pages with sizes.

    Reference: Antoniadis et al., "Online Metric Algorithms with Untrusted Predictions", ICML 2020, section 1.
    """
    _refuse_sizes(setting, "states")
    if of is None:
        leaves = truth.furthest(trace, setting.capacity).leaves
    else:
        predicted = of(trace, setting, rng)
        if "predicted_next_use" not in predicted:
            raise InputError("states: `of` must predict next requests: next, pleco, popu, frequency or recency")
        leaves = truth.cache_states(trace, np.asarray(predicted["predicted_next_use"]), setting.capacity)
    return trace.with_column("leaves", leaves, predictor="states", capacity=setting.capacity)
