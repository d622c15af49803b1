"""A run in words and tables: who won by how much, what it took, and what went wrong on the way."""

from __future__ import annotations

from sim.adrs import ending
from sim.adrs.candidate import Status
from sim.adrs.ending import Effect
from sim.adrs.instances import FOREIGN, HOLDOUT, TRAIN, VALIDATION
from sim.adrs.record import Entry, Line, Record
from sim.study.ranking import Ranking

SHOWN = (TRAIN, VALIDATION, ending.FRESH, HOLDOUT, FOREIGN)
"""Columns of the table, where there is something in them."""

MOST_FAILURES = 100
"""Candidates that failed that are shown one by one."""


def called(record: Record, name: str) -> str:
    """A line of the table, with its policy where it is one of the library: "bound: belady *"."""
    if name == record.problem.baseline:
        return f"{name}, the baseline"
    line = next(line for line in record.lines if line.name == name)
    if name in {run.name for run in record.runs}:
        return name
    return f"{name}: {line.policy}{' *' if line.is_bound else ''}"


def changed(value: float) -> str:
    """ "−9.1 %" of a change."""
    return f"{'−' if value < 0 else '+'}{abs(value):,.1%}".replace("%", " %")


def estimate(record: Record, effect: Effect, is_whole: bool = True) -> str:
    """ "−9.1 % (−12.0 % to −6.3 %)", or "the same" of what differs nowhere."""
    if not effect.mean and not any(effect.interval or ()):
        return "the same"
    told = changed(record.change(effect.mean))
    if effect.interval is None or not is_whole:
        return told
    low, high = sorted(map(record.change, effect.interval))
    return f"{told} ({changed(low)} to {changed(high)})"


def title(record: Record) -> str:
    """ "A search for fewer misses: paging"."""
    words = record.metric.name.replace("_", " ")
    less = "more" if record.metric.better == "higher" else "fewer" if words == "misses" else "less"
    return f"A search for {less} {words}: {record.problem.system}"


def judged(record: Record) -> Ranking:
    """The table: changes against the baseline, the search's best first."""
    parts = [part for part in SHOWN if any(part in line.effects for line in record.lines)]
    rows = []
    first = ", the winner" if record.answer.number else ", the best so far"
    for line in record.lines:
        mark = first if line.name == record.champion else " *" if line.is_bound else ""
        cells = [f"{line.name}{mark}", line.policy]
        cells.append(f"{line.evaluations:,}" if line.evaluations else "")
        rows.append([*cells, *(_cell(record, line, part) for part in parts)])
    n = {part: max(line.effects[part].n for line in record.lines if part in line.effects) for part in parts}
    columns = [
        ("candidate", "left"),
        ("policy", "left"),
        ("evaluations", "right"),
        *((part, "right") for part in parts),
    ]
    caption = (
        f"means over independent traces ({', '.join(f'{part} {n[part]}' for part in parts)}), 95 % intervals where nothing was "
        "chosen by them; train and validation chose, so they flatter"
    )
    if any(line.is_bound for line in record.lines):
        caption += "; * sees the future"
    if any(line.name == ending.CLAIRVOYANT for line in record.lines):
        caption += ", which is no bound here: with these settings another may do better"
    words = record.metric.name.replace("_", " ")
    return Ranking(f"change of {words} against {record.problem.baseline}", columns, rows, caption)  # type: ignore[arg-type]


def _cell(record: Record, line: Line, part: str) -> str:
    if part in line.effects:
        return estimate(record, line.effects[part], part in ending.WITH_INTERVAL)
    return "kept back" if line.effects else "failed"


def against(record: Record) -> Ranking:
    """The winner against each of the others, trace by trace."""
    columns = [("against", "left"), ("split", "left"), ("change", "right"), ("better on", "right"), ("p", "right")]
    rows = [
        [called(record, name), split, estimate(record, effect), f"{effect.n_better} of {effect.n}", f"{effect.p:.2g}"]
        for split, effects in ((HOLDOUT, record.against), (FOREIGN, record.abroad))
        for name, effect in effects.items()
    ]
    caption = (
        "paired by trace, 95 % intervals, p by Wilcoxon's signed-rank test, of each by itself; the verdict is about what was "
        f"best in the race of what was known, {called(record, record.reference)}, and about {record.rival}"
    )
    return Ranking(f"the winner, by {ending.finder_of(record.champion)}, against the others", columns, rows, caption)  # type: ignore[arg-type]


def abroad(record: Record) -> str:
    """What the gain over the library came to on the foreign family, in a sentence; empty where there is none."""
    effect = record.abroad.get(record.reference)
    if effect is None:
        return ""
    told = f"tuned here, judged there: on {ending.traces(effect.n)} of the foreign family the winner has "
    told += f"{ending.change(effect.mean, record.metric)} than {ending.KNOWN[record.reference]}"
    return told if effect.interval is None else f"{told} {ending.evidence(effect, record.metric)}"


def holdout(record: Record) -> str:
    """What the ladder of the holdout answered, and how often it still may."""
    answer = record.answer
    left = "none is left" if not answer.left else f"{answer.left:,} {'is' if answer.left == 1 else 'are'} left"
    if not answer.number:
        return f"these holdout traces were not looked at; of the looks {left}"
    said = "its figures were published" if answer.is_published else "its figures were kept back"
    return f"this was look {answer.number:,} at these holdout traces, {said}, and {left}"


def race(record: Record) -> str:
    """How the winner was chosen, and what luck does there."""
    raced = record.race
    if raced.n_finalists == 1:
        return f"one finalist came through the race over {ending.traces(raced.n_traces)}"
    n_dropped = raced.n_finalists - raced.n_surviving
    dropped = (
        f"{n_dropped} {'was' if n_dropped == 1 else 'were'} surely worse" if n_dropped else "none was surely worse"
    )
    return (
        f"of {raced.n_finalists} finalists that were measured anew, on {ending.traces(raced.n_traces)}, {dropped}, and the best "
        f"of the others was taken: that alone makes it look {raced.luck:.1%} better there, about"
    ).replace("%", " %")


def told(record: Record) -> list[str]:
    """What belongs to the verdict, in sentences."""
    return [line for line in (abroad(record), holdout(record), race(record), layers(record)) if line]


def layers(record: Record) -> str:
    """Which layers of the jail stood around what ran as code."""
    stood = f"layers={','.join(record.layers)}"
    n = sum(run.n_jailed for run in record.runs)
    if not n:
        return f"{stood} hold here; no candidate ran as code: formulas and library policies are data and need no jail"
    return f"{stood} held around the {n:,} candidate{'s' * (n > 1)} that ran as code"


def searches(record: Record) -> Ranking:
    """What each search tried, and what became of it."""
    known = [str(status) for status in Status if any(run.statuses.get(status) for run in record.runs)]
    columns = [("search", "left"), ("evaluations", "right"), ("rows played", "right")]
    columns += [(status, "right") for status in known] + [("ended early", "left")]
    rows = [
        [
            run.name,
            f"{run.evaluations:,}",
            f"{run.events:,}",
            *(f"{run.statuses.get(status, 0):,}" for status in known),
            run.stopped,
        ]
        for run in record.runs
    ]
    caption = "only an ok candidate has a score; duplicates decide like a candidate before them"
    return Ranking("candidates by what became of them", columns, rows, caption)  # type: ignore[arg-type]


def ledger(record: Record) -> Ranking:
    """Rows played, by what for."""
    total = sum(record.ledger.values())
    rows = [[purpose, f"{n:,}", f"{n / total:.1%}" if total else ""] for purpose, n in record.ledger.items()]
    limit = f"{record.wanted.events:,} were allowed" if record.wanted.events else "no limit was set"
    caption = f"{total:,} in all, failures and probes included; {limit}"
    return Ranking("rows played", [("for", "left"), ("rows", "right"), ("share", "right")], rows, caption)


def ancestry(record: Record) -> Ranking:
    """The winner and its line of first parents."""
    columns = [("id", "left"), ("made by", "left"), ("generation", "right"), ("evaluation", "right")]
    columns += [("policy", "left"), ("size", "right"), ("on training", "right")]
    rows = [
        [
            entry.id,
            _maker(entry),
            f"{entry.generation:,}",
            f"{entry.number:,}",
            entry.policy,
            f"{entry.size:,}",
            "" if entry.loss is None else changed(record.change(entry.loss)),
        ]
        for entry in record.ancestors()
    ]
    return Ranking("ancestry, the youngest first", columns, rows, "mean over the training instances tried")  # type: ignore[arg-type]


def failures(record: Record) -> Ranking | None:
    """Candidates of the search that gave no score, but for duplicates; None where there are none."""
    failed = [entry for entry in record.entries if not entry.is_ok and entry.status != Status.DUPLICATE]
    if not failed:
        return None
    columns = [("id", "left"), ("made by", "left"), ("status", "left"), ("why", "left")]
    rows = [[entry.id, _maker(entry), entry.status, entry.detail] for entry in failed[:MOST_FAILURES]]
    n = len(failed)
    caption = f"the first {MOST_FAILURES:,} of {n:,}" if n > MOST_FAILURES else ""
    return Ranking(f"{n:,} candidate{'s' * (n != 1)} without a score", columns, rows, caption)  # type: ignore[arg-type]


def _maker(entry: Entry) -> str:
    return f"{entry.proposer}: {entry.note}" if entry.note else entry.proposer
