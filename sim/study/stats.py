"""Which policy is better, by how much, and how sure: paired comparisons with a baseline, and ranks of many.

Estimates are means over traces of paired differences, or geometric means of paired ratios, with bootstrap intervals; tests are
SciPy's. A winner is named only where the test (after Holm) and the mean with its interval say the same, and where the number of
traces allows one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats as scipy_stats

from sim.core.metric import Metric
from sim.study import bootstrap, paired
from sim.study.paired import Block, Contender

ALPHA = 0.05

Verdict = Literal["better", "worse", "split", "open", "too few traces", "no test"]
"""`split`: the test shows a difference, and the mean leaves open which is better or says the other one; `open`: the runs show no
difference, which is not to say that there is none; `no test`: the clairvoyant is part of it."""


@dataclass(frozen=True)
class Comparison:
    """A policy held against the baseline, on the traces that both have.

    Args:
        policy: a contender.
        baseline: another.
        is_ratio: `change` is relative; else it is in the metric's unit.
        value: the policy's mean over these traces, in the metric's unit.
        baseline_value: the baseline's.
        change: how much larger the policy's metric is than the baseline's: the geometric mean of the paired ratios less 1, or
            the mean of the paired differences. NaN without pairs.
        interval: its bootstrap interval of 95 %; None where one value alone says nothing of its spread.
        p_better: share of the bootstrap's draws in which the policy is the better one, equal ones half.
        n: paired traces.
        n_seeds: seeds of the trace that has most.
        wins: traces on which the policy's mean over seeds is the better one.
        ties: traces on which both are equal.
        p: of the two-sided Wilcoxon signed-rank test over traces; None without a test.
        p_holm: the same after Holm over all policies tested against this baseline.
        p_least: the smallest `p_holm` that so many paired traces can give.
        n_tested: policies tested against this baseline.
        rank_biserial: of the paired traces, -1 (worse on all) to 1 (better on all).
        standardised: mean over the standard deviation of the paired differences or log ratios, above 0 where the policy is
            better; None for fewer than two traces or no spread.
        n_left_out: traces that one of the two lacks.
        n_failed: failed runs of either.
        verdict: what may be said.
    """

    policy: Contender
    baseline: Contender
    is_ratio: bool
    value: float
    baseline_value: float
    change: float
    interval: tuple[float, float] | None
    p_better: float | None
    n: int
    n_seeds: int
    wins: int
    ties: int
    p: float | None
    p_holm: float | None
    p_least: float | None
    n_tested: int
    rank_biserial: float | None
    standardised: float | None
    n_left_out: int
    n_failed: int
    verdict: Verdict

    @property
    def losses(self) -> int:
        return self.n - self.wins - self.ties


@dataclass(frozen=True)
class Ranks:
    """Mean ranks of many policies over the traces that all of them have; rank 1 is best, equal ones share theirs.

    Args:
        contenders: best first.
        mean_ranks: one each.
        n: traces.
        friedman: Friedman's statistic, corrected for ties.
        p: of Iman and Davenport's F, which Friedman's statistic becomes.
        critical_difference: Nemenyi's: mean ranks that lie further apart differ.
        alike: the longest runs of neighbours that are not told apart, of two and more, as positions (first, last); all in one
            where Friedman's test finds no difference or the traces are too few for one.
        dropped: contenders that have fewer than half of the traces, left out so that the others are compared on more.
        n_left_out: traces that one of the others lacks.
        alpha: level of both.
    """

    contenders: tuple[Contender, ...]
    mean_ranks: tuple[float, ...]
    n: int
    friedman: float
    p: float
    critical_difference: float
    alike: tuple[tuple[int, int], ...]
    dropped: tuple[Contender, ...]
    n_left_out: int
    alpha: float

    @property
    def can_differ(self) -> bool:
        """Whether so many traces could set even the best and the worst apart."""
        return smallest_p(self.n) <= self.alpha and len(self.contenders) - 1 > self.critical_difference


@dataclass(frozen=True)
class Study:
    """All comparisons of one metric in one group of asked settings.

    Args:
        metric: what is compared.
        asked: the group's settings as the user asked for them.
        baseline: what the others are held against; None where it has no runs here.
        comparisons: in the order of the study.
        ranks: None for fewer than three policies or two traces.
        are_draws: the paired traces are draws of workloads.
        alpha: level of the tests, over all policies of this metric and group together.
    """

    metric: Metric
    asked: Mapping[str, Any]
    baseline: Contender | None
    comparisons: tuple[Comparison, ...]
    ranks: Ranks | None
    are_draws: bool
    alpha: float


def compare(
    frame: pd.DataFrame,
    metrics: Sequence[Metric],
    *,
    baseline: str | None = None,
    main: str | None = None,
    seed: int = 0,
    alpha: float = ALPHA,
    draws: int = bootstrap.DRAWS,
) -> list[Study]:
    """Compares the policies of a sweep, metric by metric (the main one first) and setting by setting.

    Args:
        frame: the table of a sweep.
        metrics: those of its system; the ones that rank nothing or have no values are left out.
        baseline: a policy's label, or "LABEL with PREDICTIONS"; the clairvoyant reference is one too. None: the study's first
            policy without predictions.
        main: name of the metric that comes first.
        seed: the study's; intervals repeat under it.
        alpha: level of the tests.
        draws: of the bootstrap.

    Raises:
        InputError: nothing to compare, or no such baseline.
    """
    chosen = paired.in_order(metrics, main, frame)
    groups = paired.blocks(frame, [metric.name for metric in chosen])
    everyone = list(dict.fromkeys(contender for block in groups for contender in block.contenders))
    held = paired.find(baseline, everyone, "baseline") if baseline is not None else _first(everyone)
    tables = [(metric, block) for metric in chosen for block in groups]
    return [study(metric, block, held, seed=seed, alpha=alpha, draws=draws) for metric, block in tables]


def _first(contenders: Sequence[Contender]) -> Contender:
    blind = [contender for contender in contenders if contender.predictions == "none" and not contender.clairvoyant]
    return (blind or list(contenders))[0]


def study(
    metric: Metric,
    block: Block,
    baseline: Contender,
    *,
    seed: int = 0,
    alpha: float = ALPHA,
    draws: int = bootstrap.DRAWS,
) -> Study:
    """Compares the policies of one metric and group of settings."""
    values = block.columns[metric.name]
    held = block.index(baseline)
    comparisons: tuple[Comparison, ...] = ()
    if held is not None:
        others = [i for i in range(len(block.contenders)) if i != held]
        comparisons = _comparisons(metric, block, values, held, others, seed, alpha, draws)
    sighted = np.array([contender.clairvoyant for contender in block.contenders])
    online = [contender for contender in block.contenders if not contender.clairvoyant]
    ranks = rank(values[~sighted], online, metric.better or "lower", alpha)
    return Study(
        metric, block.asked, baseline if held is not None else None, comparisons, ranks, block.are_draws, alpha
    )


def _comparisons(
    metric: Metric,
    block: Block,
    values: np.ndarray,
    held: int,
    others: Sequence[int],
    seed: int,
    alpha: float,
    draws: int,
) -> tuple[Comparison, ...]:
    common = ~np.isnan(values[others]) & ~np.isnan(values[held])
    is_ratio = bool(
        (values[others][common] > 0).all() and (np.broadcast_to(values[held], common.shape)[common] > 0).all()
    )
    scale = np.log(np.where(values > 0, values, np.nan)) if is_ratio else values
    effects = np.moveaxis(scale[others] - scale[held], 0, -1)  # (traces, seeds, policies)
    largest = np.nanmax(np.abs(effects), initial=0)
    effects = _steady(effects, largest)
    resampled = _resampled(effects, seed, draws)
    sign = -1 if metric.better == "lower" else 1
    tested = [i for i, other in enumerate(others) if not (_sees(block, other) or _sees(block, held))]
    per_trace = [_steady(_per_trace(effects[..., i]), largest) for i in range(len(others))]
    outcomes = {i: signed_rank(sign * per_trace[i]) for i in tested if len(per_trace[i])}
    corrected = dict(zip(outcomes, holm([p for p, _ in outcomes.values()]), strict=True))
    least = dict(zip(outcomes, holm([smallest_p(len(per_trace[i])) for i in outcomes]), strict=True))
    found = []
    for i, other in enumerate(others):
        effect, mine = effects[..., [i]], per_trace[i]
        n = len(mine)
        shown = np.expm1 if is_ratio else np.asarray
        both = np.stack([values[other], values[held]], axis=-1)
        here, there = bootstrap.mean(both) if n else (math.nan, math.nan)
        change = float(bootstrap.mean(effect)[0]) if n else math.nan
        interval = bootstrap.interval(resampled[i], change, bootstrap.size_of(effect)) if n else None
        spread = float(np.std(mine, ddof=1)) if n > 1 and np.ptp(mine) > 1e-12 * largest else 0.0
        p, biserial = outcomes.get(i, (None, None))
        found.append(
            Comparison(
                policy=block.contenders[other],
                baseline=block.contenders[held],
                is_ratio=is_ratio,
                value=float(here),
                baseline_value=float(there),
                change=float(shown(change)),
                interval=(float(shown(interval[0])), float(shown(interval[1]))) if interval else None,
                p_better=float(np.mean(sign * resampled[i] > 0) + np.mean(resampled[i] == 0) / 2) if interval else None,
                n=n,
                n_seeds=int((~np.isnan(effect[..., 0])).sum(axis=1).max()) if n else 0,
                wins=int((sign * mine > 0).sum()),
                ties=int((mine == 0).sum()),
                p=p,
                p_holm=corrected.get(i),
                p_least=least.get(i),
                n_tested=len(outcomes),
                rank_biserial=biserial,
                standardised=sign * float(np.mean(mine)) / spread if spread else None,
                n_left_out=len(block.traces) - n,
                n_failed=block.n_failed[other] + block.n_failed[held],
                verdict=_verdict(i in tested, corrected.get(i), least.get(i), sign * change, interval, biserial, alpha),
            )
        )
    return tuple(found)


def _sees(block: Block, i: int) -> bool:
    return block.contenders[i].clairvoyant


def _steady(effects: np.ndarray, largest: float) -> np.ndarray:
    """Rounded to 13 digits of the largest, so that ties do not hang on how a difference was computed."""
    if not largest:
        return effects
    unit = 10.0 ** (math.floor(math.log10(largest)) - 12)
    return np.round(effects / unit) * unit


def _per_trace(effects: np.ndarray) -> np.ndarray:
    """Means over seeds of the traces that have a pair, shape (n,)."""
    kept = effects[~np.isnan(effects).all(axis=1)]
    return np.nanmean(kept, axis=1) if len(kept) else np.empty(0)


def _resampled(effects: np.ndarray, seed: int, draws: int) -> dict[int, np.ndarray]:
    """Bootstrap draws of each policy's mean effect; policies with the same pairs missing meet the same draws."""
    layouts: dict[bytes, list[int]] = {}
    for i in range(effects.shape[-1]):
        missing = np.isnan(effects[..., i])
        if not missing.all():
            layouts.setdefault(missing.tobytes(), []).append(i)
    found: dict[int, np.ndarray] = {}
    for policies in layouts.values():
        means = bootstrap.resampled_means(effects[..., policies], seed=seed, draws=draws)
        found.update(zip(policies, means.T, strict=True))
    return found


def _verdict(
    is_tested: bool,
    p_holm: float | None,
    p_least: float | None,
    benefit: float,
    interval: tuple[float, float] | None,
    rank_biserial: float | None,
    alpha: float,
) -> Verdict:
    if not is_tested:
        return "no test"
    if p_holm is None or p_least is None or interval is None or rank_biserial is None or p_least > alpha:
        return "too few traces"
    if p_holm > alpha:
        return "open"
    if interval[0] <= 0 <= interval[1] or (rank_biserial > 0) != (benefit > 0):
        return "split"
    return "better" if benefit > 0 else "worse"


def rows(studies: Iterable[Study]) -> list[dict[str, Any]]:
    """All comparisons as flat rows, for JSON and CSV; an interval is two columns, what does not apply is None."""
    return [
        {
            "metric": study.metric.name,
            **{f"{paired.ASKED}{name}": value for name, value in study.asked.items()},
            "policy": one.policy.label,
            "predictions": one.policy.predictions,
            "clairvoyant": one.policy.clairvoyant,
            "baseline": one.baseline.name,
            **{name: getattr(one, name) for name in _PLAIN},
            "losses": one.losses,
            "low": one.interval[0] if one.interval else None,
            "high": one.interval[1] if one.interval else None,
        }
        for study in studies
        for one in study.comparisons
    ]


_PLAIN = [f.name for f in fields(Comparison) if f.name not in ("policy", "baseline", "interval")]


def signed_rank(benefits: np.ndarray) -> tuple[float, float]:
    """Wilcoxon's signed-rank test, two-sided, and the matched rank-biserial correlation; zeros are dropped.

    The p value is exact up to 50 pairs, then that of the normal approximation.

    Args:
        benefits: paired differences, above 0 where the policy is better.

    Returns:
        p and the correlation: ranks of the sizes of the gains less those of the losses, over all of them. (1, 0) where every
        difference is zero.

    Reference: Kerby, "The Simple Difference Formula", Comprehensive Psychology 3, 2014.
    """
    some = benefits[benefits != 0]
    if not len(some):
        return 1.0, 0.0
    ranks = scipy_stats.rankdata(np.abs(some))
    biserial = float(np.sum(np.sign(some) * ranks) / np.sum(ranks))
    if len(some) <= 50 and len(np.unique(ranks)) < len(ranks):
        return _exact_p(ranks, float(ranks[some > 0].sum())), biserial
    return min(float(scipy_stats.wilcoxon(some).pvalue), 1.0), biserial


def _exact_p(ranks: np.ndarray, gained: float) -> float:
    """Two-sided p of a sum of ranks whose signs are fair coins, equal sizes or not: all 2^n sums are counted.

    SciPy's exact test does not know equal sizes, and its permutations take seconds.
    """
    twice = np.rint(2 * ranks).astype(int)  # shared ranks end in a half
    share = np.ones(1)
    for rank_twice in twice:
        longer = np.zeros(len(share) + rank_twice)
        longer[: len(share)] += share / 2
        longer[rank_twice:] += share / 2
        share = longer
    at = round(2 * gained)
    return min(1.0, 2 * float(min(share[: at + 1].sum(), share[at:].sum())))


def holm(ps: Iterable[float]) -> list[float]:
    """p values that hold for all of their tests together: sorted, times m, m - 1, ..., never falling, at most 1.

    Reference: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scand. J. Statistics 6, 1979.
    """
    p = np.array(list(ps), float)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return corrected.tolist()


def smallest_p(n_traces: int, n_policies: int = 1) -> float:
    """The smallest two-sided p of a sign or signed-rank test over n paired traces, after Holm over so many policies."""
    return min(1.0, n_policies * 2.0 ** (1 - n_traces)) if n_traces else 1.0


def traces_needed(n_policies: int, alpha: float = ALPHA) -> int:
    """How many paired traces it takes for one of so many policies to differ from the baseline at all."""
    return next(n for n in range(1, 1100) if smallest_p(n, n_policies) <= alpha)


def rank(values: np.ndarray, contenders: Sequence[Contender], better: str, alpha: float = ALPHA) -> Ranks | None:
    """Ranks policies on every trace and tests the mean ranks: Friedman (Iman and Davenport), then Nemenyi.

    Args:
        values: shape (policies, traces, seeds), NaN where missing; means over the seeds that all have are ranked.
        contenders: the policies.
        better: "lower" or "higher".
        alpha: level of both tests.

    Returns:
        None where fewer than three policies have two traces in common.

    Reference: Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006, section 3.2.2.
    """
    has = ~np.isnan(values).all(axis=2)
    kept = has.sum(axis=1) * 2 >= has.any(axis=0).sum() if has.size else np.zeros(len(contenders), bool)
    kept &= has.any(axis=1)
    dropped = tuple(contender for contender, is_kept in zip(contenders, kept, strict=True) if not is_kept)
    names = [contender for contender, is_kept in zip(contenders, kept, strict=True) if is_kept]
    per_trace = bootstrap.complete(np.moveaxis(values[kept], 0, -1)) if kept.sum() > 2 else np.empty((0, 1, 0))
    n, k = len(per_trace), len(names)
    if k < 3 or n < 2:
        return None
    table = np.nanmean(per_trace, axis=1)  # (traces, policies)
    ranks = scipy_stats.rankdata(table if better == "lower" else -table, axis=1)
    statistic, p = friedman(ranks)
    means = ranks.mean(axis=0)
    order = np.argsort(means, kind="stable")
    means = means[order]
    difference = _nemenyi(k, alpha) * math.sqrt(k * (k + 1) / (6 * n))
    return Ranks(
        contenders=tuple(names[i] for i in order),
        mean_ranks=tuple(means.tolist()),
        n=n,
        friedman=statistic,
        p=p,
        critical_difference=difference,
        alike=_alike(means, difference if max(p, smallest_p(n)) <= alpha else math.inf),
        dropped=dropped,
        n_left_out=int(has.any(axis=0).sum()) - n,
        alpha=alpha,
    )


def friedman(values: np.ndarray) -> tuple[float, float]:
    """Friedman's test whether some column tends to be lower than another: its statistic, and p by Iman and Davenport.

    Args:
        values: shape (n, k), a block a row, at least 2 of them, and at least 3 columns; ranked within each row, ties share ranks.

    Reference: Demšar, as in `rank`.
    """
    ranks = scipy_stats.rankdata(values, axis=1)
    statistic = float(scipy_stats.friedmanchisquare(*ranks.T).statistic) if (ranks != ranks[:, :1]).any() else 0.0
    return statistic, _iman_davenport(statistic, *values.shape)


def _iman_davenport(friedman: float, n: int, k: int) -> float:
    """p of F = (n - 1) X / (n (k - 1) - X) with k - 1 and (k - 1)(n - 1) degrees of freedom."""
    rest = n * (k - 1) - friedman
    if rest <= 1e-9 * n * k:  # all traces agree: one of the k! orders came n times
        return math.factorial(k) ** (1.0 - n)
    return float(scipy_stats.f.sf((n - 1) * friedman / rest, k - 1, (k - 1) * (n - 1)))


@cache
def _nemenyi(k: int, alpha: float) -> float:
    """Nemenyi's q for k policies: the quantile of the studentized range for infinite degrees of freedom over sqrt(2)."""
    return float(scipy_stats.studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2)


def _alike(means: np.ndarray, difference: float) -> tuple[tuple[int, int], ...]:
    """Longest runs of sorted means that span no more than the critical difference, as (first, last)."""
    lasts = np.searchsorted(means, means + difference + 1e-12, side="right") - 1
    runs: list[tuple[int, int]] = []
    for first, last in enumerate(lasts.tolist()):
        if last > first and (not runs or last > runs[-1][1]):
            runs.append((first, last))
    return tuple(runs)
