"""`python -m sim.adrs.export.score DOMAIN.json PROGRAM SPLIT [NUMBER]`: judges a program for another engine; one JSON on standard
output. A wrong call, or code and traces other than those exported, ends with exit code 2 and one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.adrs import evaluate
from sim.adrs.instances import Instance
from sim.adrs.sandbox import Limits
from sim.core.errors import AugsimError, InputError
from sim.study import catalog, provenance
from sim.study.experiment import Bench

SHARE = 0.8
"""Of the time that an evaluation has, for all of a candidate's processes together; the rest is for judging."""


def score(description: Path, program: Path, split: str, number: int | None = None) -> dict[str, Any]:
    """Judges a program's file.

    Args:
        description: a `domain.json` that `export` wrote.
        program: the file; one that is no text is judged as it is read.
        split: "train" or "validation".
        number: of one instance; None: all.

    Raises:
        InputError: the split is unknown, or code or traces have changed since the export.
    """
    told = json.loads(description.read_bytes())
    if split not in ("train", "validation"):
        raise InputError(f'no split named "{split}"; expected train or validation')
    _check(told)
    chosen = told[split] if number is None else [told[split][number]]
    limit_s = SHARE * told["kill_s"]
    tried, losses = evaluate.judge(
        program.read_text(errors="replace"),
        [instance(each) for each in chosen],
        told["system"],
        told["metric"],
        {each["name"]: each["baseline"] for each in chosen},
        [instance(each) for each in told["probes"]],
        Limits(wall_s=limit_s, cpu_s=int(limit_s), all_s=limit_s),
    )
    return {
        "status": tried.status,
        "losses": losses,
        "events": tried.events,
        "detail": tried.detail,
        "layers": tried.layers,
        "notes": tried.notes,
    }


def instance(told: Mapping[str, Any]) -> Instance:
    """An instance as it stands in a description."""
    setting = tuple((name, value) for name, value in told["setting"])
    return Instance(
        told["trace"], told["start"], told["stop"], setting, told["seed"], tuple(told["predictions"]), told["is_drawn"]
    )


def _check(told: Mapping[str, Any]) -> None:
    """Refuses to judge by other rules or traces than those that the baseline was judged by."""
    if told["code"] != provenance.code_of(told["domain"], _baseline(told), False):
        raise InputError(f"the code that judges {told['domain']} has changed since the export; export again")
    bench = Bench()
    seeds = {each["trace"]: each["seed"] for each in (*told["train"], *told["validation"])}
    for text, content in told["contents"].items():
        if provenance.content_of(bench.trace(text, told["domain"], seeds[text])) != content:
            raise InputError(f"trace {provenance.trace_label(text)} has changed since the export; export again")


def _baseline(told: Mapping[str, Any]) -> Any:
    from sim.adrs import problem

    return catalog.policy(told["domain"], problem.find(told["system"]).baseline)


def main(arguments: Sequence[str]) -> int:
    try:
        description, program, split, *number = arguments
        result = score(Path(description), Path(program), split, int(number[0]) if number else None)
    except (ValueError, OSError, IndexError, AugsimError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
