"""`augsim evolve DOMAIN,DOMAIN --loops a,b,c`: search loops compared over domains by performance profiles."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sim.adrs import problem as problems
from sim.adrs import record
from sim.adrs.contest.running import Contest, Pools, hold
from sim.adrs.figures.contest import loops as figure
from sim.adrs.loop import Maker, Wanted, Watch
from sim.adrs.problem import Problem
from sim.cli import output
from sim.core.errors import InputError
from sim.study.figures import gallery
from sim.study.ranking import Ranking

CONTROLS = {"hill_climbing": "hill climbing", "best_of_n": "best of n", "random": "random", "tuned": "tuned"}
"""Loops that are controls elsewhere, by what the command line calls them."""

ALL = "all"

FIGURES = "figures"


def domains_of(text: str) -> list[str]:
    """ "paging,dispatch", or "all" that have a problem.

    Raises:
        UsageError: one of them twice.
        InputError, UnknownName: one has no problem.
    """
    names = [name.strip() for name in text.split(",")]
    found = [each.system for each in (problems.every() if names == [ALL] else map(problems.find, names))]
    for name, system in zip(names, found, strict=False):
        if found.count(system) > 1:
            raise click.UsageError(f'"{text}" names {name} twice; each domain counts once')
    return found


def parse(text: str, makers: Sequence[str], maker: Callable[[str], Maker]) -> dict[str, list[Maker] | str]:
    """ "gp,gp+cma,hill_climbing" as loops by name.

    Args:
        makers: names of proposers.
        maker: gives what makes one.

    Raises:
        UsageError: fewer than two, one of them twice, or a name that is none.
    """
    names = [part.strip() for part in text.split(",")]
    known = [*makers, *CONTROLS]
    for name in names:
        parts = name.split("+")
        if name not in CONTROLS and not (set(parts) <= set(makers) and len(set(parts)) == len(parts)):
            raise click.UsageError(
                f'--loops: no loop "{name}" (loops: {", ".join(known)}; proposers joined, as gp+cma)'
            )
        if names.count(name) > 1:
            raise click.UsageError(f"--loops names {name} twice; each loop is run as often as --repeats says")
    if len(names) < 2:
        raise click.UsageError(f'--loops "{text}" is fewer than two loops; name some, as gp,hill_climbing,random')
    return {name: CONTROLS.get(name) or [maker(part) for part in name.split("+")] for name in names}


def compare(
    domains: Sequence[str],
    loops: Mapping[str, Sequence[Maker] | str],
    wanted: Wanted,
    pools: Pools,
    folder: Path,
    *,
    repeats: int,
    to: str,
    part: float,
    command: str,
    watch: Callable[[Problem], Watch],
) -> Contest:
    """Holds the contest and draws its figure into the folder."""
    if record.is_kept(folder):
        raise InputError(f"{folder} holds a search of one domain; give another folder with -o")
    contest = hold(
        domains, loops, wanted, pools, folder, repeats=repeats, to=to, part=part, command=command, watch=watch
    )
    for one in draw(contest, folder, folder / FIGURES):
        output.notice(f"{one} shows it")
    return contest


def draw(
    contest: Contest, source: Path | str, folder: Path, names: Sequence[str] = (), kind: str = "png"
) -> list[Path]:
    """Draws the figure of a contest; gives its files."""
    figures = gallery.find(names, {"loops": figure})
    words = ["augsim", "plot", str(source), *(["--format", kind] if kind != "png" else [])]
    drawn = gallery.put(figures, contest, folder, lambda name: f"{shlex.join(words)}\n{contest.command}", kind)
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
            cells.append(f"{time:,.0f} ({n})" if math.isfinite(time) else f"never ({n})")
        rows.append(cells)
    columns = [("loop", "left"), ("score", "right"), *((domain, "right") for domain in contest.domains)]
    caption = (
        f"median evaluations, of {contest.budget:,}, until {figure.way(contest)} from the baseline {figure.to_what(contest)} is "
        f"covered on training instances; in brackets how many of {contest.repeats} repeats got there, without most of them it "
        "counts as never; score: mean over the domains of (4 − r) / 3, at least 0, where r is by how many times it took longer "
        "than the quickest"
    )
    return Ranking(f"evaluations to {figure.way(contest)}", columns, rows, caption)  # type: ignore[arg-type]


def notices(contest: Contest) -> Iterator[str]:
    """What the user should know of the table: domains that tell no loops apart, and searches that ended early."""
    for domain, times in zip(contest.domains, contest.times().T, strict=True):
        ideal = contest.ideals[domain] or figure.BEST_FOUND
        begun = {loop: max(each.begun for each in contest.of(loop, domain)) for loop in contest.loops}
        if not any(map(math.isfinite, times)):
            instead = (
                "; --to best asks for the way to the best found, and tries nothing anew"
                if contest.ideals[domain]
                else ""
            )
            yield f"on {domain} no loop covers {figure.way(contest)} to {ideal}, which tells none apart{instead}"
        elif all(time <= begun[loop] or math.isinf(time) for loop, time in zip(contest.loops, times, strict=True)):
            yield (
                f"on {domain} what loops begin with covers {figure.way(contest)} to {ideal}, no search did; a larger --part "
                "asks for more, and tries nothing anew"
            )
    for loop in contest.loops:
        for domain in contest.domains:
            early = [each for each in contest.of(loop, domain) if each.stopped]
            if early:
                n = f"{len(early)} of {contest.repeats} repeats"
                yield f"{loop} on {domain} stopped early in {n}, first after {early[0].made:,} evaluations: {early[0].stopped}"


def as_rows(contest: Contest) -> list[dict[str, Any]]:
    """A flat row for each loop and domain."""
    times, ratios, scores = contest.times(), contest.ratios(), contest.scores()
    return [
        {
            "loop": loop,
            "domain": domain,
            "ideal": contest.ideals[domain],
            "evaluations": times[i, k],
            "ratio": ratios[i, k],
            "reached": sum(map(math.isfinite, contest.reached(loop, domain))),
            "repeats": contest.repeats,
            "score": scores[loop],
        }
        for i, loop in enumerate(contest.loops)
        for k, domain in enumerate(contest.domains)
    ]
