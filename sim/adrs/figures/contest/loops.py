"""How loops climb on each domain, and their performance profiles."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.adrs import problem as problems
from sim.adrs.contest import profiles
from sim.adrs.contest.running import HALF, Contest, Course
from sim.adrs.figures.dress import counts, percents
from sim.study.figures import style
from sim.study.figures.gallery import Panel, Sheet, counted

N_FACTORS = 301

BEST_FOUND = "the best found"

BEGUN = "#f1f1ee"
"""Behind the evaluations of what loops begin with."""


def sheets(contest: Contest) -> list[Sheet]:
    """One file: a panel per domain, then the profiles."""
    facts = [
        f"{contest.budget:,} evaluations a search",
        f"{counted(contest.repeats, 'repeat')}, seeds from {contest.seed}",
        "lines: median over repeats, with all that they span, on training instances",
        f"target: {way(contest)} from the baseline {to_what(contest)}",
        "dots: where most repeats are there; grey: the policies that loops begin with",
    ]
    panels = [
        Panel(_climb(contest, domain), partial(draw_climb, contest=contest, domain=domain), domain)
        for domain in contest.domains
    ]
    panels.append(Panel(_profiles(contest), partial(draw_profiles, contest=contest), "profiles over all domains"))
    n = len(panels)
    return [
        Sheet(
            f"Search loops: how soon each has gone {way(contest)}",
            facts,
            panels,
            n_columns=2 if n < 5 else 3,
            width=5.0,
            height=3.3,
        )
    ]


def way(contest: Contest) -> str:
    """ "half the way", "90 % of the way"."""
    return "half the way" if contest.part == HALF else f"{100 * contest.part:g} % of the way"


def to_what(contest: Contest) -> str:
    """ "to belady (paging), to the best found (dispatch, transactions)"."""
    domains: dict[str, list[str]] = {}
    for domain in contest.domains:
        domains.setdefault(contest.ideals[domain] or BEST_FOUND, []).append(domain)
    if len(domains) == 1:
        return f"to {next(iter(domains))}"
    return ", ".join(f"to {ideal} ({', '.join(names)})" for ideal, names in domains.items())


def look_of(contest: Contest, loop: str) -> dict[str, Any]:
    """The line of a loop."""
    place = contest.loops.index(loop)
    return {"color": style.PALETTE[place % len(style.PALETTE)], "linewidth": 1.8}


def _climb(contest: Contest, domain: str) -> pd.DataFrame:
    """The best so far of each loop: `loop`, `evaluations`, and over the repeats `value` (median), `low`, `high`; `target`, and
    `reached`: by the median repeat after so many evaluations."""
    change = problems.find(domain).change
    target = float(np.median([change(goal.loss) for goal in contest.goals if goal.domain == domain]))
    times = dict(zip(contest.loops, contest.times()[:, contest.domains.index(domain)], strict=True))
    rows = []
    for loop in contest.loops:
        mine = contest.of(loop, domain)
        for n in sorted({n for each in mine for n in each.evaluations} | {contest.budget}):
            values = [change(value) for each in mine if (value := _best_after(each, n)) is not None]
            if len(values) == len(mine):
                reached = times[loop] if math.isfinite(times[loop]) else None
                rows.append((loop, n, float(np.median(values)), min(values), max(values), target, reached))
    return pd.DataFrame(rows, columns=["loop", "evaluations", "value", "low", "high", "target", "reached"])


def _best_after(course: Course, n: int) -> float | None:
    found = [loss for at, loss in zip(course.evaluations, course.losses, strict=True) if at <= n]
    return found[-1] if found else None


def draw_climb(table: pd.DataFrame, axes: Axes, *, contest: Contest, domain: str) -> None:
    """Draws the best so far of each loop, what its repeats span, the target, and where each loop reaches it.

    Args:
        table: `loop`, `evaluations`, `value`, `low`, `high`, `target`, `reached`.
    """
    problem = problems.find(domain)
    begun = max(each.begun for each in contest.courses if each.domain == domain)
    axes.axvspan(0, begun, color=BEGUN, linewidth=0, zorder=0)
    target = float(table["target"].iloc[0])
    axes.axhline(target, color=style.REFERENCE, linestyle=(0, (4, 2)), linewidth=1.2)
    ends = [(target, "target", style.REFERENCE)]
    for loop, mine in table.groupby("loop", sort=False):
        look = look_of(contest, str(loop))
        x = mine["evaluations"]
        axes.fill_between(x, mine["low"], mine["high"], step="post", color=look["color"], alpha=0.1, linewidth=0)
        axes.plot(x, mine["value"], drawstyle="steps-post", **look)
        axes.plot(
            mine["reached"].iloc[:1],
            [target],
            "o",
            color=look["color"],
            markersize=6,
            markeredgecolor="white",
            zorder=4,
        )
        ends.append((float(mine["value"].iloc[-1]), str(loop), look["color"]))
    axes.set_xlim(0, contest.budget)
    counts(axes.xaxis, 5)
    percents(axes.yaxis)
    axes.set_xlabel("evaluations (candidates tried)")
    axes.set_ylabel(f"{problem.measured.label} against {problem.baseline}")
    style.label_ends(axes, ends)


def _profiles(contest: Contest) -> pd.DataFrame:
    """The profiles: `loop`, `factor`, `share`."""
    factors = np.linspace(1.0, profiles.MOST, N_FACTORS)
    found = profiles.shares(contest.ratios(), factors)
    return pd.DataFrame(
        {
            "loop": np.repeat(contest.loops, N_FACTORS),
            "factor": np.tile(factors, len(contest.loops)),
            "share": found.ravel(),
        }
    )


def draw_profiles(table: pd.DataFrame, axes: Axes, *, contest: Contest) -> None:
    """Draws on what share of the domains a loop takes at most so many times as long as the quickest.

    Args:
        table: `loop`, `factor`, `share`.
    """
    scores = contest.scores()
    n = len(contest.loops)
    lines = {}
    for place, loop in enumerate(contest.loops):
        mine = table[table["loop"] == loop]
        lines[loop] = look_of(contest, loop)
        apart = 0.01 * (place - (n - 1) / 2)  # lines that lie on each other stay visible
        axes.plot(mine["factor"], mine["share"] + apart, **lines[loop])
    axes.set_xlim(1, profiles.MOST)
    axes.set_ylim(-0.06, 1.06)
    percents(axes.yaxis)
    axes.set_xlabel("evaluations to the target, by those of the quickest")
    axes.set_ylabel("share of domains")
    ranked = sorted(contest.loops, key=lambda loop: -scores[loop])
    style.legend(axes, [(f"{scores[loop]:.2f}  {loop}", lines[loop]) for loop in ranked], "score")
