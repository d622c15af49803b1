"""What a prediction was worth: a policy's curve over the measured error of its predictions, and its proven bounds.

Consistency, robustness and smoothness are those of the literature on algorithms with predictions, as measured: values are
relative to the clairvoyant reference of the same trace and seed, so that 1 is the optimum where the reference is optimal.

Reference: Lykouris and Vassilvitskii, "Competitive Caching with Machine Learned Advice", J. ACM 68, 2021, section 2.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats as scipy_stats

from sim.core.metric import Metric
from sim.study import bootstrap, paired, spec
from sim.study.paired import DONE, Block, Contender
from sim.study.stats import ALPHA, holm

ERRORS = ("eta0", "eta1", "eta")
"""Columns in which rows carry the measured errors of their predictions; they add up."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its bootstrap interval of 95 %, None where one value alone says nothing of its spread."""

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Level:
    """One point of the curve: mean error and mean value under these predictions."""

    predictions: str
    error: Estimate
    value: Estimate


@dataclass(frozen=True)
class Worth:
    """One policy's curve and what it says, for one group of asked settings.

    Args:
        label: the policy.
        metric: what is measured.
        asked: the settings as the user asked for them.
        levels: by rising error, two and more; predictions without a measured error are left out where two others have one.
        relative_to: values are ratios to this contender's on the same trace and seed: the clairvoyant reference, of several
            the best one, else the counterpart; None where that one has values of 0 and less: they are in the metric's unit.
        error_name: what the error is: "measured error", "measured error per request", or the predictor's one parameter that was
            varied.
        counterpart: the policy without predictions that it is held against; None where there is none.
        counterpart_value: its value.
        consistency: the value at the smallest error; `levels[0].error` says whether that is 0.
        robustness: the worst value over the levels.
        worst_level: position of that level.
        slope: how much the value rises per unit of error: the median of the slopes between all pairs of levels (Theil and Sen).
        break_even: the smallest error at which the policy does not beat its counterpart any more, interpolated between
            levels; infinity where it beats it at every level, minus infinity where it does not even at the smallest error.
        n: traces with all levels, counterpart and reference.
        n_seeds: seeds of the trace that has most.
        n_left_out: traces that lack one of them.
        are_draws: the traces are draws of workloads.
    """

    label: str
    metric: Metric
    asked: Mapping[str, Any]
    levels: tuple[Level, ...]
    relative_to: Contender | None
    error_name: str
    counterpart: Contender | None
    counterpart_value: Estimate | None
    consistency: Estimate
    robustness: Estimate
    worst_level: int
    slope: Estimate
    break_even: Estimate | None
    n: int
    n_seeds: int
    n_left_out: int
    are_draws: bool


def worth(
    frame: pd.DataFrame,
    metric: Metric,
    *,
    counterpart: str | Mapping[str, str] | None = None,
    errors: Sequence[str] = ERRORS,
    per: str | None = None,
    seed: int = 0,
    draws: int = bootstrap.DRAWS,
) -> list[Worth]:
    """What predictions were worth to each policy that ran with two and more of them, setting by setting.

    Args:
        frame: the table of a sweep.
        metric: one that ranks.
        counterpart: the policy without predictions to hold against, for all or by the label of each; None: the one whose mean
            is best, which is the hardest to beat.
        errors: columns whose sum is the measured error. Where a policy's rows have none, its error is the one parameter in
            which its predictions differ.
        per: a column that the error is divided by, e.g. the number of requests, so that traces of any length compare.
        seed: the study's; intervals repeat under it.
        draws: of the bootstrap.

    Raises:
        InputError: no run is done, or no such counterpart.
    """
    frame = frame.assign(**{_ERROR: _measured(frame, errors, per)})
    found = []
    for block in paired.blocks(frame, [metric.name, _ERROR]):
        if metric.name not in block.columns:
            continue
        blind = [c for c in block.contenders if c.predictions == "none" and not c.clairvoyant]
        for label in dict.fromkeys(c.label for c in block.contenders if c.predictions != "none"):
            wanted = counterpart.get(label) if isinstance(counterpart, Mapping) else counterpart
            named = paired.find(wanted, blind, "counterpart") if wanted is not None else None
            measured = f"{_ERROR} per {per.removesuffix('s')}" if per else _ERROR
            one = _worth(block, metric, label, [named] if named else blind, measured, seed, draws)
            if one is not None:
                found.append(one)
    return found


def rows(found: Iterable[Worth]) -> list[dict[str, Any]]:
    """One flat row per policy and group of settings, for JSON and CSV; an interval is two columns, `_low` and `_high`."""
    return [
        {
            "metric": one.metric.name,
            **{f"{paired.ASKED}{name}": value for name, value in one.asked.items()},
            "policy": one.label,
            "relative_to": one.relative_to.name if one.relative_to else None,
            "error": one.error_name,
            "smallest_error": one.levels[0].error.value,
            "largest_error": one.levels[-1].error.value,
            **_flat("consistency", one.consistency),
            **_flat("robustness", one.robustness),
            "worst_predictions": one.levels[one.worst_level].predictions,
            **_flat("slope", one.slope),
            "counterpart": one.counterpart.name if one.counterpart else None,
            **_flat("counterpart_value", one.counterpart_value),
            **_flat("break_even", one.break_even),
            "n": one.n,
            "n_seeds": one.n_seeds,
            "n_left_out": one.n_left_out,
        }
        for one in found
    ]


def _flat(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    low, high = (estimate.interval if estimate else None) or (None, None)
    return {name: estimate.value if estimate else None, f"{name}_low": low, f"{name}_high": high}


_ERROR = "measured error"


def _measured(frame: pd.DataFrame, errors: Sequence[str], per: str | None) -> pd.Series:
    columns = [name for name in errors if name in frame]
    total = frame[columns].apply(pd.to_numeric, errors="coerce").sum(axis=1, min_count=1)
    return total / pd.to_numeric(frame[per], errors="coerce") if per else total


def _worth(
    block: Block, metric: Metric, label: str, blind: Sequence[Contender], measured_name: str, seed: int, draws: int
) -> Worth | None:
    levels = [i for i, c in enumerate(block.contenders) if c.label == label and c.predictions != "none"]
    values, errors = block.columns[metric.name], block.columns[_ERROR]
    measured = [i for i in levels if not np.isnan(errors[i]).all()]
    if len(measured) >= 2:  # what was told nothing has no error to stand at
        levels = measured
    name, errors_of = _errors(block, levels, errors, measured_name)
    if errors_of is None:
        return None
    sign = -1 if metric.better == "lower" else 1
    unit, relative_to = unit_of(block, metric)
    against = _best([block.contenders.index(c) for c in blind], values / unit, sign)
    if relative_to is None and against is not None and _is_positive(values[against]):
        unit, relative_to = values[against], block.contenders[against]
    rows = [*levels, *([against] if against is not None else [])]
    stacked = np.concatenate([values[rows] / unit, errors_of])  # (quantities, traces, seeds)
    stacked = bootstrap.complete(np.moveaxis(stacked, 0, -1))
    n, n_levels = len(stacked), len(levels)
    if not n:
        return None
    order = np.argsort(bootstrap.mean(stacked)[len(rows) :], kind="stable")
    if len(set(bootstrap.mean(stacked)[len(rows) :].tolist())) < 2:
        return None
    here = _quantities(bootstrap.mean(stacked)[None, :], order, sign, against is not None)
    drawn = _quantities(bootstrap.resampled_means(stacked, seed=seed, draws=draws), order, sign, against is not None)
    size = bootstrap.size_of(stacked)
    estimate = {
        key: [_estimate(key, float(here[key][0, i]), drawn[key][:, i], size) for i in range(here[key].shape[1])]
        for key in here
    }
    worst = int(np.argmax(-sign * here["value"][0]))
    return Worth(
        label=label,
        metric=metric,
        asked=block.asked,
        levels=tuple(
            Level(block.contenders[levels[order[i]]].predictions, estimate["error"][i], estimate["value"][i])
            for i in range(n_levels)
        ),
        relative_to=relative_to,
        error_name=name,
        counterpart=block.contenders[against] if against is not None else None,
        counterpart_value=estimate["counterpart"][0] if against is not None else None,
        consistency=estimate["value"][0],
        robustness=estimate["worst"][0],
        worst_level=worst,
        slope=estimate["slope"][0],
        break_even=estimate["break_even"][0] if against is not None else None,
        n=n,
        n_seeds=int((~np.isnan(stacked[..., 0])).sum(axis=1).max()),
        n_left_out=len(block.traces) - n,
        are_draws=block.are_draws,
    )


def _errors(block: Block, levels: Sequence[int], measured: np.ndarray, name: str) -> tuple[str, np.ndarray | None]:
    """What the errors are called, and their values at these levels: measured ones, else the one parameter that varies."""
    if not np.isnan(measured[levels]).all(axis=(1, 2)).any():
        return name, measured[levels]
    predictions = [block.contenders[i].predictions for i in levels]
    found = varied(predictions)
    if found is None:
        return "", None
    predictor, parameter = found
    noise = [float(spec.parse(text).arguments[parameter]) for text in predictions]
    return f"{parameter} of {predictor}", np.broadcast_to(
        np.array(noise)[:, None, None], (len(levels), *measured.shape[1:])
    )


def varied(predictions: Sequence[str]) -> tuple[str, str] | None:
    """(predictor, parameter) where all predictions are of one predictor and differ in one number alone; else None."""
    if any(" " in text for text in predictions):
        return None
    found = [spec.parse(text) for text in predictions]
    keys = sorted({key for one in found for key in one.arguments})
    keys = [key for key in keys if len({one.arguments.get(key) for one in found}) > 1]
    if len({one.name for one in found}) != 1 or len(keys) != 1:
        return None
    try:
        is_number = all(math.isfinite(float(one.arguments.get(keys[0], ""))) for one in found)
    except ValueError:
        return None
    return (found[0].name, keys[0]) if is_number else None


def unit_of(block: Block, metric: Metric) -> tuple[np.ndarray | float, Contender | None]:
    """What values are divided by: those of the clairvoyant reference, where it has any and all are above 0; else 1.

    Of several that see the future the reference is the one with the best mean.
    """
    values = block.columns[metric.name]
    seeing = [i for i, c in enumerate(block.contenders) if c.clairvoyant and c.predictions == "none"]
    best = _best([i for i in seeing if _is_positive(values[i])], values, -1 if metric.better == "lower" else 1)
    return (1.0, None) if best is None else (values[best], block.contenders[best])


def _is_positive(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    return bool(len(known) and (known > 0).all())


def _best(candidates: Sequence[int], values: np.ndarray, sign: int) -> int | None:
    """The one with the best mean, among those that have most traces."""
    some = {i: values[i][..., None] for i in candidates if not np.isnan(values[i]).all()}
    if not some:
        return None
    most = max(len(bootstrap.complete(one)) for one in some.values())
    whole = {i: one for i, one in some.items() if len(bootstrap.complete(one)) == most}
    return max(whole, key=lambda i: sign * float(bootstrap.mean(whole[i])[0]))


def _estimate(key: str, value: float, draws: np.ndarray, size: int) -> Estimate:
    if key == "break_even" or not np.isfinite(draws).all():
        return Estimate(value, bootstrap.expanded_interval(draws, size))
    return Estimate(value, bootstrap.interval(draws, value, size))


def _quantities(means: np.ndarray, order: np.ndarray, sign: int, has_counterpart: bool) -> dict[str, np.ndarray]:
    """All figures from means of shape (draws, levels + counterpart + levels); each of shape (draws, 1 or levels)."""
    n_levels = len(order)
    value, error = means[:, :n_levels][:, order], means[:, -n_levels:][:, order]
    worst = (-sign * value).max(axis=1, keepdims=True) * -sign
    found = {"value": value, "error": error, "worst": worst, "slope": theil_sen(error, value)[:, None]}
    if has_counterpart:
        counterpart = means[:, [n_levels]]
        found["counterpart"] = counterpart
        found["break_even"] = break_even(error, sign * (value - counterpart))[:, None]
    return found


def theil_sen(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The median of the slopes between all pairs of points, row by row; shape (rows, points) to (rows,)."""
    i, j = np.triu_indices(x.shape[1], 1)
    run = x[:, j] - x[:, i]
    slopes = np.divide(y[:, j] - y[:, i], run, out=np.full(run.shape, np.nan), where=run != 0)
    some = ~np.isnan(slopes).all(axis=1)
    found = np.full(len(x), np.nan)
    found[some] = np.nanmedian(slopes[some], axis=1)
    return found


def break_even(errors: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """The smallest error at which a gain is used up, row by row, on the straight line between two levels.

    Args:
        errors: rising, shape (rows, levels).
        gains: how much better than the counterpart, shape (rows, levels).

    Returns:
        Shape (rows,); infinity where every gain is above 0, minus infinity where the first one is not.
    """
    is_lost = gains <= 0
    at = is_lost.argmax(axis=1)
    row = np.arange(len(gains))
    before = np.maximum(at - 1, 0)
    kept, lost = gains[row, before], gains[row, at]
    share = np.divide(kept, kept - lost, out=np.zeros_like(kept), where=kept != lost)
    crossing = errors[row, before] + share * (errors[row, at] - errors[row, before])
    return np.where(~is_lost.any(axis=1), np.inf, np.where(at == 0, -np.inf, crossing))


@dataclass(frozen=True)
class BoundCheck:
    """A proven bound held against what was measured, for one contender on one trace.

    Args:
        policy: the contender.
        asked: the settings as the user asked for them.
        trace: where.
        is_expected: the bound is on the mean over seeds (a randomized policy).
        value: mean over seeds of the bounded metric; NaN where that is not known.
        bound: mean over seeds of the bound, which depends on the predictions' error.
        n_seeds: runs.
        p_holm: one-sided, that chance alone lifts the mean so far over an expected bound, after Holm over all of these; None
            for one seed and for bounds on every run.
        verdict: `violated`: some run lies above a bound on every run, or the mean above an expected one by more than chance;
            `above by chance`: the mean lies above, and chance may be why.
    """

    policy: Contender
    asked: Mapping[str, Any]
    trace: str
    is_expected: bool
    value: float
    bound: float
    n_seeds: int
    p_holm: float | None
    verdict: Literal["holds", "violated", "above by chance"]


def check_bounds(frame: pd.DataFrame, bounded: str, *, alpha: float = ALPHA) -> list[BoundCheck]:
    """Holds every proven bound against the runs; violations first, then in the order of the table.

    Args:
        frame: the table of a sweep, with `bound` where a theorem gives one, and `bound_holds` where it speaks of every run.
        bounded: the column that bounds are on, in the bound's unit.
        alpha: level at which a mean lies above an expected bound by more than chance.
    """
    if "bound" not in frame:
        return []
    frame = frame.assign(
        bound=pd.to_numeric(frame["bound"], errors="coerce"), predictions=frame["predictions"].fillna("none")
    )
    frame = frame[(frame["status"] == DONE) & frame["bound"].notna()]
    asked = [str(column) for column in frame if str(column).startswith(paired.ASKED)]
    by = ["label", "predictions", "trace", *asked]
    checks: list[tuple[dict[str, Any], float | None]] = []
    for _, runs in frame.groupby(by, sort=False, dropna=False):
        first = runs.iloc[0]
        values = pd.to_numeric(runs[bounded], errors="coerce").to_numpy(float)
        excess = values - runs["bound"].to_numpy(float)
        held = runs["bound_holds"].dropna() if "bound_holds" in runs else pd.Series(dtype=bool)
        described = {
            "policy": Contender(first["label"], first["predictions"], bool(first["clairvoyant"])),
            "asked": paired.shown({name: first[name] for name in asked}),
            "trace": first["trace"],
            "is_expected": held.empty,
            "value": float(np.mean(values)),
            "bound": float(runs["bound"].mean()),
            "n_seeds": len(runs),
        }
        if held.empty:
            checks.append((described, _p_above(excess)))
        else:
            verdict = "holds" if held.astype(bool).all() else "violated"
            checks.append(({**described, "p_holm": None, "verdict": verdict}, None))
    corrected = iter(holm(p for _, p in checks if p is not None))
    found = []
    for described, p in checks:
        if "verdict" not in described:
            p_holm = next(corrected) if p is not None else None
            is_above = described["value"] > described["bound"] * (1 + 1e-12)
            is_sure = is_above and p_holm is not None and p_holm <= alpha
            verdict = "violated" if is_sure else "above by chance" if is_above else "holds"
            described = {**described, "p_holm": p_holm, "verdict": verdict}
        found.append(BoundCheck(**described))
    return sorted(found, key=lambda check: ("violated", "above by chance", "holds").index(check.verdict))


def _p_above(excess: np.ndarray) -> float | None:
    """One-sided p of Student's t that the mean is not above 0; None for one value."""
    if len(excess) < 2:
        return None
    if np.ptp(excess) == 0:
        return 0.0 if excess[0] > 0 else 1.0
    return float(scipy_stats.ttest_1samp(excess, 0, alternative="greater").pvalue)
