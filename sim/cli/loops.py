"""`augsim evolve DOMAIN,DOMAIN --loops a,b,c`: search loops compared over domains by performance profiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sim.adrs.contest.running import Contest, Pools, hold
from sim.adrs.figures.contest import loops as figure
from sim.adrs.loop import Maker, Wanted
from sim.cli import output
from sim.study.figures import gallery
from sim.study.ranking import Ranking

CONTROLS = {"hill_climbing": "hill climbing", "best_of_n": "best of n", "random": "random", "tuned": "tuned"}
"""Loops that are controls elsewhere, by what the command line calls them."""

FIGURES = "figures"


def parse(text: str, makers: Mapping[str, Maker]) -> dict[str, list[Maker] | str]:
    """ "gp,gp+cma,hill_climbing" as loops by name.

    Raises:
        UsageError: fewer than two, one of them twice, or a name that is none.
    """
    found: dict[str, list[Maker] | str] = {}
    known = [*makers, *CONTROLS]
    for name in (part.strip() for part in text.split(",")):
        parts = name.split("+")
        if name in CONTROLS:
            found[name] = CONTROLS[name]
        elif all(part in makers for part in parts) and len(set(parts)) == len(parts):
            found[name] = [makers[part] for part in parts]
        else:
            raise click.UsageError(
                f'--loops: no loop "{name}" (loops: {", ".join(known)}; proposers joined, as gp+cma)'
            )
    if len(found) < 2:
        raise click.UsageError(f'--loops "{text}" is fewer than two loops; name some, as gp,hill_climbing,random')
    return found


def compare(
    domains: Sequence[str],
    loops: Mapping[str, Sequence[Maker] | str],
    wanted: Wanted,
    pools: Pools,
    folder: Path,
    *,
    repeats: int,
    to: str,
    command: str,
    watch: Callable[[str, Any], None],
) -> Contest:
    """Holds the contest and draws its figure into the folder."""
    contest = hold(domains, loops, wanted, pools, folder, repeats=repeats, to=to, command=command, watch=watch)
    for one in draw(contest, folder, folder / FIGURES):
        output.notice(f"{one} shows it")
    return contest


def draw(
    contest: Contest, source: Path | str, folder: Path, names: Sequence[str] = (), kind: str = "png"
) -> list[Path]:
    """Draws the figure of a contest; gives its files."""
    figures = gallery.find(names, {"loops": figure})
    drawn = gallery.put(figures, contest, folder, lambda name: f"augsim plot {source}\n{contest.command}", kind)
    return [one.path for one in drawn if one.path]


def ranked(contest: Contest) -> Ranking:
    """The table: the best score first; evaluations to the target by domain, and how many repeats reached it."""
    scores = contest.scores()
    times = dict(zip(contest.loops, contest.times(), strict=True))
    rows = []
    for loop in sorted(contest.loops, key=lambda name: -scores[name]):
        cells = [loop, f"{scores[loop]:.3f}"]
        for domain, time in zip(contest.domains, times[loop], strict=True):
            n = sum(map(math.isfinite, contest.reached(loop, domain)))
            cells.append(
                f"{time:,.0f} ({n} of {contest.repeats})" if math.isfinite(time) else f"no ({n} of {contest.repeats})"
            )
        rows.append(cells)
    columns = [("loop", "left"), ("score", "right"), *((domain, "right") for domain in contest.domains)]
    caption = (
        f"median evaluations, of {contest.budget:,}, until half the way from the baseline {figure.to_what(contest)} is covered "
        "on training instances; in brackets how many repeats got there, without most of them it counts as never; score: area "
        "under the profile, 1 for whoever is first everywhere"
    )
    return Ranking("evaluations to half the gap", columns, rows, caption)  # type: ignore[arg-type]


def as_rows(contest: Contest) -> list[dict[str, Any]]:
    """A flat row for each loop and domain."""
    times, ratios, scores = contest.times(), contest.ratios(), contest.scores()
    return [
        {
            "loop": loop,
            "domain": domain,
            "evaluations": times[i, k],
            "ratio": ratios[i, k],
            "reached": sum(map(math.isfinite, contest.reached(loop, domain))),
            "repeats": contest.repeats,
            "score": scores[loop],
        }
        for i, loop in enumerate(contest.loops)
        for k, domain in enumerate(contest.domains)
    ]
