"""How loops climb on each domain, and their performance profiles."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sim.adrs import problem as problems
from sim.adrs.contest import profiles
from sim.adrs.contest.running import Contest, Course
from sim.adrs.figures.dress import counts, percents
from sim.study.figures import style
from sim.study.figures.gallery import Panel, Sheet, counted

N_FACTORS = 301


def sheets(contest: Contest) -> list[Sheet]:
    """One file: a panel per domain, then the profiles."""
    n = len(contest.domains)
    facts = [
        f"{contest.budget:,} evaluations a search",
        f"{counted(contest.repeats, 'repeat')}, seeds from {contest.seed}",
        f"target: half the way from the baseline {to_what(contest)}",
    ]
    panels = [
        Panel(_climb(contest, domain), partial(draw_climb, contest=contest, domain=domain), domain)
        for domain in contest.domains
    ]
    panels.append(Panel(_profiles(contest), partial(draw_profiles, contest=contest), "all domains"))
    return [
        Sheet(
            "Search loops: how soon each is half the way",
            facts,
            panels,
            n_columns=2 if n < 4 else 3,
            width=5.2,
            height=3.3,
        )
    ]


def to_what(contest: Contest) -> str:
    """ "to belady (paging), to the best found (dispatch)"."""
    named = {domain: ideal or "the best found" for domain, ideal in contest.ideals.items()}
    if len(set(named.values())) == 1:
        return f"to {next(iter(named.values()))}"
    return ", ".join(f"to {ideal} ({domain})" for domain, ideal in named.items())


def look_of(contest: Contest, loop: str) -> dict[str, Any]:
    """The line of a loop."""
    place = contest.loops.index(loop)
    return {"color": style.PALETTE[place % len(style.PALETTE)], "linewidth": 1.8}


def _climb(contest: Contest, domain: str) -> pd.DataFrame:
    """The best so far of each loop: `loop`, `evaluations`, and over the repeats `value` (median), `low`, `high`."""
    change = problems.find(domain).change
    rows = []
    for loop in contest.loops:
        mine = [each for each in contest.courses if (each.loop, each.domain) == (loop, domain)]
        places = sorted({n for each in mine for n in each.evaluations} | {contest.budget})
        for n in places:
            values = [change(value) for each in mine if (value := _best_after(each, n)) is not None]
            if len(values) == len(mine):
                rows.append((loop, n, float(np.median(values)), min(values), max(values)))
    return pd.DataFrame(rows, columns=["loop", "evaluations", "value", "low", "high"])


def _best_after(course: Course, n: int) -> float | None:
    found = [loss for at, loss in zip(course.evaluations, course.losses, strict=True) if at <= n]
    return found[-1] if found else None


def draw_climb(table: pd.DataFrame, axes: Axes, *, contest: Contest, domain: str) -> None:
    """Draws the best so far of each loop, the median over the repeats and all that they span, and the target."""
    problem = problems.find(domain)
    ends = []
    for loop in contest.loops:
        mine = table[table["loop"] == loop]
        if mine.empty:
            continue
        look = look_of(contest, loop)
        axes.plot(mine["evaluations"], mine["value"], drawstyle="steps-post", **look)
        axes.fill_between(
            mine["evaluations"], mine["low"], mine["high"], step="post", color=look["color"], alpha=0.12, linewidth=0
        )
        ends.append((float(mine["value"].iloc[-1]), loop, look["color"]))
    goals = [problem.change(goal.loss) for goal in contest.goals if goal.domain == domain]
    target = float(np.median(goals))
    axes.axhline(target, color=style.REFERENCE, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.set_xlim(0, contest.budget)
    counts(axes.xaxis, 5)
    percents(axes.yaxis)
    axes.set_xlabel("evaluations (candidates tried)")
    words = problem.metric.replace("_", " ")
    axes.set_ylabel(f"{words} against {problem.baseline}")
    style.label_ends(axes, [*ends, (target, "target", style.REFERENCE)])


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
    """Draws on what share of the domains a loop takes at most so many times as long as the quickest."""
    scores = contest.scores()
    n = len(contest.loops)
    handles = []
    for place, loop in enumerate(contest.loops):
        mine = table[table["loop"] == loop]
        look = look_of(contest, loop)
        apart = 0.008 * (place - (n - 1) / 2)  # lines that lie on each other stay visible
        axes.plot(mine["factor"], mine["share"] + apart, **look)
        handles.append((f"{loop}  {scores[loop]:.2f}", look))
    axes.set_xlim(1, profiles.MOST)
    axes.set_ylim(-0.04, 1.06)
    percents(axes.yaxis)
    axes.set_xlabel("evaluations to the target, times those of the quickest")
    axes.set_ylabel("share of domains")
    style.legend(axes, handles)
