"""What a reader is told before any figure: what was asked, and who is better, by how much, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sim.study import paired, wording
from sim.study.analysis import Analysis
from sim.study.stats import Comparison, Study

MOST_NAMED = 6
"""Names in one sentence."""


@dataclass(frozen=True)
class Verdict:
    """What one group of settings says.

    Args:
        where: the settings; empty where there is but one group.
        warnings: why no winner can be named, and what else comes before any figure.
        lines: sentences, the most important first.
    """

    where: str
    warnings: Sequence[str]
    lines: Sequence[str]


def title(analysis: Analysis) -> str:
    """ "Miss ratio of 9 policies on 112 traces"."""
    frame, metric = analysis.frame, analysis.metrics[0]
    words = metric.name.removesuffix(f"_{metric.unit}").replace("_", " ")
    n_policies, n_traces = frame["label"].nunique(), frame["trace"].nunique()
    return (
        f"{words[0].upper()}{words[1:]} of {_count(n_policies, 'policies', 'policy')} on {_count(n_traces, 'traces')}"
    )


def asked(analysis: Analysis) -> list[tuple[str, list[str]]]:
    """What the study asked, as (name, values)."""
    frame, metric = analysis.frame, analysis.metrics[0]
    baselines = {study.baseline.name for study in analysis.studies if study.baseline}
    axes = [str(column) for column in frame if str(column).startswith(paired.ASKED)]
    return [
        ("system", [analysis.about["system"]]),
        ("metric", [f"{metric.label}: {metric.meaning}; {metric.better} is better"]),
        ("policies", list(dict.fromkeys(frame["label"]))),
        ("held against", sorted(baselines)),
        ("predictions", list(dict.fromkeys(frame["predictions"].fillna("none")))),
        *(
            (axis.removeprefix(paired.ASKED).replace("_", " "), [str(value) for value in _plain(frame[axis])])
            for axis in axes
        ),
        ("traces", _spelled_out(list(dict.fromkeys(frame["trace"])))),
        ("seeds", _spelled_out([str(seed) for seed in dict.fromkeys(frame["seed"])])),
    ]


def _plain(column: Any) -> list[Any]:
    return [value for value in dict.fromkeys(paired.shown({"x": one}).get("x") for one in column) if value is not None]


def _spelled_out(names: Sequence[str], most: int = 12) -> list[str]:
    if len(names) <= most:
        return list(names)
    return [*names[: most - 2], f"… {len(names) - most + 1:,} more …", names[-1]]


def verdicts(analysis: Analysis) -> tuple[list[str], list[Verdict]]:
    """What holds everywhere, then one verdict per group of settings, by the main metric."""
    main = [study for study in analysis.studies if study.metric == analysis.metrics[0]]
    found = [Verdict(paired.settings(study.asked), *_said(study)) for study in main]
    everywhere = [warning for warning in found[0].warnings if all(warning in one.warnings for one in found)]
    rest = [replace(one, warnings=[text for text in one.warnings if text not in everywhere]) for one in found]
    return everywhere, rest


def _said(study: Study) -> tuple[list[str], list[str]]:
    warnings = [_as_sentence(note, study) for note in wording.notes(study)]
    compared = [one for one in study.comparisons if one.n]
    tested = [one for one in compared if one.verdict != "no test"]
    if study.baseline is None or not compared:
        return warnings, [*([] if warnings else ["There is nothing to hold against another."])]
    sign = 1 if study.metric.better == "lower" else -1
    compared.sort(key=lambda one: sign * one.change)
    if not tested:
        return warnings, [f"The nearest to it: {_sentence(compared[0], study)}.{_equally(compared)}", *_leaders(study)]
    tested.sort(key=lambda one: sign * one.change)
    better = [one for one in tested if one.verdict == "better"]
    lines = []
    if all(one.verdict == "too few traces" for one in tested):
        lines.append(f"As measured, without a claim: {_sentence(tested[0], study)}.{_equally(tested)}")
    elif better:
        lines.append(f"{_sentence(better[0], study)}.{_equally(better)}")
        blind = [one for one in better if one.policy.predictions == "none"]
        if blind and better[0].policy.predictions != "none":
            lines.append(f"The best without predictions: {_sentence(blind[0], study)}.")
        elif any(one.policy.predictions == "none" for one in tested):
            lines.append(f"Without predictions, none is shown to be better than {study.baseline.name}.")
    else:
        lines.append(f"No policy is shown to be better than {study.baseline.name}.")
        lines.append(f"The nearest to it: {_sentence(tested[0], study)}.")
    if len(tested) > 1:
        lines.append(_tally(tested, study))
    return warnings, [*lines, *_leaders(study)]


def _as_sentence(note: str, study: Study) -> str:
    """With a full stop, and opened as a sentence is, unless it begins with a name."""
    is_name = study.baseline is not None and note.startswith(study.baseline.name)
    return f"{note if is_name else note[0].upper() + note[1:]}."


def _sentence(one: Comparison, study: Study) -> str:
    return wording.sentence(one, study.metric, are_draws=study.are_draws)


def _equally(ordered: Sequence[Comparison]) -> str:
    """Those that are as far ahead as the first one, to all digits."""
    equal = [one.policy.name for one in ordered[1:] if abs(one.change - ordered[0].change) < 1e-9]
    return f" The same holds for {_listed(equal)}." if equal else ""


def _tally(tested: Sequence[Comparison], study: Study) -> str:
    assert study.baseline is not None
    counts = {said: sum(one.verdict == said for one in tested) for said in ("better", "worse", "split", "open")}
    if not any(counts.values()):
        return f"{len(tested)} contenders were held against {study.baseline.name}; none can be told from it."
    said = [
        f"{counts['better']} shown to be better",
        f"{counts['worse']} worse",
        *([f"for {counts['split']} test and mean differ"] if counts["split"] else []),
        f"for {counts['open']} no difference is shown",
    ]
    return f"Of {len(tested)} contenders held against {study.baseline.name}: {', '.join(said)} (level {study.alpha:g})."


def _leaders(study: Study) -> list[str]:
    """Who shares the first place by mean rank."""
    ranks = study.ranks
    if ranks is None or not ranks.can_differ or ranks.p > ranks.alpha:
        return []
    first = next((ends for ends in ranks.alike if ends[0] == 0), None)
    names = [contender.name for contender in ranks.contenders]
    over = f"By mean rank over {_count(ranks.n, 'traces')}"
    if first is None:
        return [f"{over}, {names[0]} is first, and told apart from all others."]
    return [f"{over}, the first place is shared, not told apart: {_listed(names[: first[1] + 1])}."]


def _listed(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _count(n: int, many: str, one: str = "") -> str:
    return f"{n:,} {many if n != 1 else one or many.removesuffix('s')}"
