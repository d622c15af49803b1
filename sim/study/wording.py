"""Comparisons in plain words and as tables: what they say is decided in `stats` and `worth`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.core.metric import Metric
from sim.study import paired
from sim.study.ranking import Ranking
from sim.study.stats import Comparison, Ranks, Study, smallest_p, traces_needed
from sim.study.worth import BoundCheck, Estimate, Worth

VERDICTS = {
    "better": "better",
    "worse": "worse",
    "split": "test and mean differ",
    "open": "no difference shown",
    "too few traces": "too few traces",
    "no test": "",
}


def beforehand(n_traces: int, n_policies: int, alpha: float = 0.05) -> str | None:
    """Says before anything is run or tested that no result could be significant; None where one could.

    Args:
        n_traces: paired traces; each draw of a workload is one, where all traces are workloads.
        n_policies: how many are compared with the baseline.
        alpha: level of the tests.
    """
    least = smallest_p(n_traces, n_policies)
    if least <= alpha or not n_policies:
        return None
    over = f" after Holm over {n_policies} policies" if n_policies > 1 else ""
    return (
        f"no policy can be called the winner on {_count(n_traces, 'paired trace')}: the smallest p that they can give is "
        f"{_p(least)}{over}, and the level is {alpha:g}; {traces_needed(n_policies, alpha)} traces are needed"
    )


def sentence(comparison: Comparison, metric: Metric, *, are_draws: bool = False) -> str:
    """ "mark0 has 3.1 % fewer misses than lru, 95 % interval 2.2 to 4.0, on 9 of 10 traces: better, p = 0.004 after Holm"."""
    policy, baseline = comparison.policy.name, comparison.baseline.name
    if not comparison.n:
        return f"{policy} and {baseline} have no trace in common{_failed(comparison)}"
    unit = "draw" if are_draws else "trace"
    n_side = comparison.wins if _benefit(comparison, metric) >= 0 else comparison.losses
    place = f"on {n_side} of {_count(comparison.n, unit)}" if comparison.n > 1 else f"on one {unit}"
    if comparison.wins == comparison.losses == 0:
        text = f"{policy} and {baseline} have equal {_words(metric)} on {_all(comparison.n, unit)}"
    elif _amount(comparison, metric, comparison.change).startswith("0 "):
        text = f"{policy} and {baseline} have the same mean {_words(metric)}{_interval(comparison, metric)}, {place}"
    else:
        text = (
            f"{policy} has {_change(comparison, metric)} than {baseline}{_interval(comparison, metric)}, {place}"
            f"{_tied(comparison)}"
        )
    return text + _verdict(comparison, unit) + _left_out(comparison, unit) + _failed(comparison)


def _benefit(comparison: Comparison, metric: Metric) -> float:
    return -comparison.change if metric.better == "lower" else comparison.change


def _words(metric: Metric) -> str:
    """The metric's name without the unit that may end it, which stands beside its values."""
    return metric.name.removesuffix(f"_{metric.unit}").replace("_", " ")


def _is_count(metric: Metric) -> bool:
    """Whether the metric counts things by their plural ("misses" in "requests"), so that there are fewer of them."""
    return len(metric.unit) > 1 and metric.unit.endswith("s") and metric.name.endswith("s") and " " not in metric.unit


def _side(metric: Metric, is_more: bool) -> str:
    if _is_count(metric):
        return "more" if is_more else "fewer"
    return "higher" if is_more else "lower"


def _change(comparison: Comparison, metric: Metric) -> str:
    amount = _amount(comparison, metric, comparison.change)
    side = _side(metric, comparison.change > 0)
    if _is_count(metric):
        return f"{amount} {side} {_words(metric)}"
    return f"a {_words(metric)} {amount} {side}"


def _amount(comparison: Comparison, metric: Metric, value: float) -> str:
    if comparison.is_ratio:
        return f"{_number(abs(value) * 100, _step(comparison))} %"
    unit = "" if _is_count(metric) or not metric.unit else f" {metric.unit}"
    return f"{_number(abs(value), _step(comparison))}{unit}"


def _step(comparison: Comparison) -> float:
    """The size of the last digit shown: two digits of the interval's width, else of the change; of a percentage at least one
    decimal."""
    scale = 100 if comparison.is_ratio else 1
    size = abs(comparison.change) * scale
    if comparison.interval:
        width = (comparison.interval[1] - comparison.interval[0]) * scale
        size = width if width > 1e-9 * size else size  # narrower is what rounding leaves of no width
    if not size:
        return 0.1
    return min(10.0 ** (math.floor(math.log10(size)) - 1), 0.1 if comparison.is_ratio else math.inf)


def _number(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{value:,.{decimals}f}"
    return "0" if float(text.replace(",", "")) == 0 else text


def _interval(comparison: Comparison, metric: Metric) -> str:
    if comparison.interval is None:
        return ""
    low, high = comparison.interval
    step, scale = _step(comparison), 100 if comparison.is_ratio else 1
    over = "" if comparison.n > 1 else " over its seeds"
    if low <= 0 <= high:
        sides = [(low, _side(metric, False)), (high, _side(metric, True))]
        sides = sides if comparison.change > 0 else sides[::-1]
        ends = " to ".join(f"{_number(abs(value) * scale, step)} {side}" for value, side in sides)
    else:
        ends = " to ".join(_number(value * scale, step) for value in sorted((abs(low), abs(high))))
    return f", 95 % interval{over} {ends}"


def _tied(comparison: Comparison) -> str:
    return f" ({comparison.ties} equal)" if comparison.ties and comparison.n > 1 else ""


def _verdict(comparison: Comparison, unit: str) -> str:
    if comparison.verdict == "no test":
        return ""
    if comparison.verdict == "too few traces":
        return f": too few {unit}s to call a winner"
    p = f"p {_p_is(comparison.p_holm if comparison.p_holm is not None else math.nan)}"
    p += " after Holm" if comparison.n_tested > 1 else ""
    if comparison.verdict == "split":
        return f": no winner, the test says {_by_ranks(comparison)} ({p}), {_by_mean(comparison)}"
    return f": {VERDICTS[comparison.verdict]}, {p}"


def _by_ranks(comparison: Comparison) -> str:
    return "better" if (comparison.rank_biserial or 0) > 0 else "worse"


def _by_mean(comparison: Comparison) -> str:
    low, high = comparison.interval or (-math.inf, math.inf)
    if low <= 0 <= high:
        return "the interval of the mean leaves it open"
    return f"the mean says {'worse' if _by_ranks(comparison) == 'better' else 'better'}"


def _left_out(comparison: Comparison, unit: str) -> str:
    return f"; {_count(comparison.n_left_out, unit)} left out that one of them lacks" if comparison.n_left_out else ""


def _failed(comparison: Comparison) -> str:
    return f" ({_count(comparison.n_failed, 'run')} failed)" if comparison.n_failed else ""


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _all(n: int, unit: str) -> str:
    return f"all {n:,} {unit}s" if n > 1 else f"one {unit}"


def _p(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-4 else "below 0.0001"


def _p_is(p: float) -> str:
    return f"= {p:.2g}" if p >= 1e-4 else "< 0.0001"


def notes(study: Study) -> list[str]:
    """What a reader must know of a whole group before its lines: that no winner can be named, and who is missing."""
    tested = [comparison for comparison in study.comparisons if comparison.verdict != "no test"]
    found = []
    most = max((comparison.n for comparison in tested), default=0)
    if tested and (line := beforehand(most, len(tested), study.alpha)):
        found.append(line)
    if study.baseline is None:
        found.append("the baseline has no runs here")
    elif study.baseline.clairvoyant:
        found.append(f"{study.baseline.name} sees the future: how far the others are from it is estimated, not tested")
    return found


def table(study: Study) -> Ranking:
    """The comparisons of one metric and setting, the best change first; the clairvoyant carry a star."""
    metric = study.metric
    sign = -1 if metric.better == "higher" else 1
    lines = sorted(study.comparisons, key=lambda c: (math.isnan(c.change), sign * c.change, c.policy.name))
    unit = "draws" if study.are_draws else "traces"
    is_ratio = any(comparison.is_ratio for comparison in lines)
    columns = [("policy", "left"), (metric.label, "right"), ("change" if is_ratio else "difference", "right")]
    columns += [("95 % interval", "right"), ("win/tie/loss", "right"), (unit, "right"), ("p (Holm)", "right")]
    columns += [("rank-biserial", "right"), ("verdict", "left")]
    rows = [_row(comparison) for comparison in lines]
    held = study.baseline
    name = held.name if held else "the baseline"
    first = f"{_words(metric)} against {name}"
    where = paired.settings(study.asked)
    means = "geometric mean of paired ratios" if is_ratio else "mean of paired differences"
    caption = [f"{metric.better} is better", f"{means}, bootstrap percentiles stretched for few traces"]
    if any(comparison.p is not None for comparison in lines):
        caption.append(f"two-sided Wilcoxon signed rank, Holm over the policies, level {study.alpha:g}")
    return Ranking(f"{first}, {where}" if where else first, columns, rows, "; ".join([*caption, *notes(study)]))


def _row(comparison: Comparison) -> list[str]:
    star = " *" if comparison.policy.clairvoyant else ""
    name = f"{comparison.policy.name}{star}"
    if not comparison.n:
        return [name, "", "", "", "", "0", "", "", "no common trace"]
    signed = lambda value: _signed(comparison, value)  # noqa: E731
    return [
        name,
        _value(comparison.value),
        signed(comparison.change),
        " to ".join(signed(end) for end in comparison.interval) if comparison.interval else "",
        f"{comparison.wins}/{comparison.ties}/{comparison.losses}",
        str(comparison.n) + (f" of {comparison.n + comparison.n_left_out}" if comparison.n_left_out else ""),
        _p(comparison.p_holm) if comparison.p_holm is not None else "",
        f"{comparison.rank_biserial:+.2f}".replace("-", "−") if comparison.rank_biserial is not None else "",
        VERDICTS[comparison.verdict],
    ]


def _value(value: float) -> str:
    """Five digits, and never fewer than stand before the point."""
    return f"{value:,.{min(4, max(0, 5 - len(f'{abs(value):.0f}')))}f}".replace("-", "−")


def _signed(comparison: Comparison, value: float) -> str:
    scale, percent = (100, " %") if comparison.is_ratio else (1, "")
    number = _number(abs(value) * scale, _step(comparison))
    return (number if number == "0" else f"{'+' if value > 0 else '−'}{number}") + percent


def ranks(found: Ranks, metric: Metric) -> Ranking:
    """Mean ranks, best first; policies that share a letter are not told apart."""
    letters = ["" for _ in found.contenders]
    for i, (first, last) in enumerate(found.alike):
        for place in range(first, last + 1):
            letters[place] += chr(ord("a") + i) if i < 26 else ""
    rows = [
        [contender.name, f"{mean:.2f}", letter]
        for contender, mean, letter in zip(found.contenders, found.mean_ranks, letters, strict=True)
    ]
    caption = f"Friedman (Iman and Davenport) p {_p_is(found.p)} over {_count(found.n, 'trace')}"
    if not found.can_differ:
        caption = f"over {_count(found.n, 'trace')}, too few to tell any two policies apart"
    elif found.p > found.alpha:
        caption += ": no difference shown"
    else:
        caption += (
            f"; Nemenyi: mean ranks more than {found.critical_difference:.2f} apart differ at level {found.alpha:g}, "
            "policies that share a letter do not"
        )
    if found.n_left_out:
        caption += f"; {_count(found.n_left_out, 'trace')} left out that some lack"
    if found.dropped:
        caption += f"; without {', '.join(c.name for c in found.dropped)}, which lack more than half of the traces"
    return Ranking(
        f"mean ranks by {_words(metric)}",
        [("policy", "left"), ("mean rank", "right"), ("alike", "left")],
        rows,
        caption,
    )


def sentences(studies: Sequence[Study]) -> list[str]:
    """One sentence per comparison of the first metric, those that hold the clearest verdicts first."""
    main = [study for study in studies if study.metric == studies[0].metric] if studies else []
    order = ("better", "worse", "split", "open", "too few traces", "no test")
    found = []
    for study in main:
        lines = sorted(study.comparisons, key=lambda c: order.index(c.verdict))
        found += [
            _where(study.asked) + sentence(comparison, study.metric, are_draws=study.are_draws) for comparison in lines
        ]
    return found


def _where(asked: Mapping[str, Any]) -> str:
    """What opens a sentence about a group of settings."""
    words = paired.settings(asked)
    return f"{words}: " if words else ""


def worth_table(found: Sequence[Worth]) -> Ranking:
    """What predictions were worth, one line per policy; all of one metric and group of settings."""
    first = found[0]
    unit = f"relative to {first.relative_to.name}" if first.relative_to else f"in {first.metric.unit or 'its unit'}"
    errors = {one.error_name for one in found}
    columns = [("policy", "left"), ("consistency", "right"), ("robustness", "right"), ("slope", "right")]
    columns += [("counterpart", "left"), ("its value", "right"), ("break-even error", "right"), ("errors", "right")]
    columns += [("draws" if first.are_draws else "traces", "right")]
    rows = [
        [
            one.label,
            _estimate(one.consistency),
            _estimate(one.robustness),
            _estimate(one.slope),
            one.counterpart.name if one.counterpart else "",
            _estimate(one.counterpart_value) if one.counterpart_value else "",
            _break_even(one) if one.break_even else "",
            f"{one.levels[0].error.value:.3g} to {one.levels[-1].error.value:.3g}",
            str(one.n) + (f" of {one.n + one.n_left_out}" if one.n_left_out else ""),
        ]
        for one in found
    ]
    words = _words(first.metric)
    where = paired.settings(first.asked)
    caption = (
        f"{words} {unit}; consistency: at the smallest error; robustness: the worst over all errors; slope: rise per unit of "
        f"error (Theil and Sen); break-even: where the counterpart is no longer beaten; error: {', '.join(sorted(errors))}; "
        "95 % intervals (bootstrap over traces, then seeds)"
    )
    title = f"what predictions were worth, {words}"
    return Ranking(f"{title}, {where}" if where else title, columns, rows, caption)


def _estimate(estimate: Estimate) -> str:
    if not estimate.interval:
        return _digits(estimate.value)
    low, high = estimate.interval
    return f"{_digits(estimate.value)} ({_digits(low)} to {_digits(high)})"


def _digits(value: float) -> str:
    if math.isnan(value):
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) >= 100 else f"{value:.3f}"


def _break_even(one: Worth) -> str:
    assert one.break_even is not None
    text = _error_at(one, one.break_even.value)
    if one.break_even.interval is None or one.break_even.interval == (one.break_even.value,) * 2:
        return text
    low, high = (_error_at(one, end) for end in one.break_even.interval)
    return f"{text} ({low} to {high})"


def _error_at(one: Worth, error: float) -> str:
    if error == math.inf:
        return f"above {one.levels[-1].error.value:.3g}"
    if error == -math.inf:
        return "never better"
    return f"{error:.3g}"


def worth_sentence(one: Worth) -> str:
    """One policy's curve in words, for a reader who sees no table."""
    first, last, worst = one.levels[0].error.value, one.levels[-1].error.value, one.levels[one.worst_level]
    words = _words(one.metric)
    of = f" times the {words} of {one.relative_to.name}" if one.relative_to else f" {one.metric.unit or words}".rstrip()
    at = "without error" if first == 0 else f"at the smallest error ({first:.3g})"
    text = (
        f"{_where(one.asked)}{one.label} has {at} {_estimate(one.consistency)}{of}, "
        f"at worst {_estimate(one.robustness)}, with {worst.predictions}"
    )
    if one.counterpart is None or one.break_even is None:
        return text
    name, found = one.counterpart.name, one.break_even.value
    if found == math.inf:
        said = f"it beats {name} at every error measured, up to {last:.3g}"
    elif found == -math.inf:
        said = f"it does not beat {name} even {at}"
    else:
        said = f"it beats {name} up to an error of {found:.3g}"
    interval = one.break_even.interval
    if interval and interval != (found, found):
        low, high = (_error_at(one, end) for end in interval)
        said += f", 95 % interval {low} to {high}"
    return f"{text}; {said}"


def bounds(checks: Sequence[BoundCheck]) -> list[str]:
    """One line on all bounds, then one for each that does not hold."""
    if not checks:
        return []
    n_held = sum(check.verdict == "holds" for check in checks)
    hold = "holds" if len(checks) == 1 else "hold"
    lines = [f"{n_held:,} of {_count(len(checks), 'proven bound')} {hold} as measured"]
    for check in checks:
        if check.verdict == "holds":
            continue
        where = ", ".join(text for text in (check.trace, paired.settings(check.asked)) if text)
        what = f"mean {check.value:,.6g} of {_count(check.n_seeds, 'seed')}" if check.is_expected else "a run"
        how = "exceeds the bound on the mean" if check.is_expected else "exceeds the bound"
        p = f" (p {_p_is(check.p_holm)} after Holm)" if check.p_holm is not None else ""
        chance = ", which chance may explain" if check.verdict == "above by chance" else ""
        lines.append(f"{check.policy.name} on {where}: {what} {how} {check.bound:,.6g}{p}{chance}")
    return lines
