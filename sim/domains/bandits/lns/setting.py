"""What one search is about: how much work it may do, what it chooses from, and what its points are held against."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from sim.core.errors import InputError, UnknownName
from sim.core.trace import NONE, Trace
from sim.domains.bandits.lns import live, portfolios, recorded, references, solvers
from sim.domains.bandits.lns.acceptance import Rule
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.portfolios import Portfolio
from sim.domains.bandits.setting import Told

BUDGET = 20_000


@dataclass(frozen=True)
class Setting(Told):
    """The setting of a search: the user's fields, and what comes from the trace (`on`).

    Args:
        budget: work in all: simplex iterations, 10 per node, 1 per solve; nothing begins once it is spent.
        portfolio: a name, or arms between semicolons; empty: "default", or what a table was recorded with.
        accept: the test of candidates; empty: the portfolio's.
        scores: of best; better; accepted; rejected, at least 0; empty: the portfolio's.
        per_work: rewards count per work.
        solver: of the problems in the neighbourhoods.
        slice: part of the budget that an iteration's solve may take, in (0, 1]; the first point and crossover's a third of it,
            local branching 2.5 times as much.
        nodes: that an iteration's solve may take; the others in the same ratio.
        overhead: work that every solve counts beside its iterations and nodes, at least 1; what it takes in truth to load and
            presolve a model is worth some 50 iterations.
        optimum: the best objective known, as the model has it; None: what is known of the file.
        seconds: of wall clock, a safety: a run that it stops is marked as not replayable; None: no limit.
        start: a file of lines "variable value", a point to begin from, perhaps in part; empty: none.
        by: how a recorded table answers: "tree" by the point that the search is at, "bucket" by how good that is.
        most_fallbacks: share of pulls that a table may answer by a neighbouring point, in [0, 1]; beyond it a replay fails.
        optimum_known: the best objective known of this trace, as it is minimised.
        dropped: lines about arms that have nothing to solve here.
    """

    budget: int = field(default=BUDGET, metadata={"help": "work in all: simplex iterations, and 10 per node"})
    portfolio: str = field(
        default="", metadata={"help": "a name (default, ijcai_miplib ...) or arms between semicolons, rins_50;dins"}
    )
    accept: str = field(
        default="",
        metadata={
            "help": "hill_climbing, always, or simulated_annealing;start=20;end=1;step=0.1;schedule=linear; "
            "otherwise the portfolio's"
        },
    )
    scores: str = field(
        default="", metadata={"help": "of best;better;accepted;rejected, e.g. 8;4;2;1; otherwise the portfolio's"}
    )
    per_work: bool = field(default=False, metadata={"help": "reward per work instead of per pull"})
    solver: str = field(default="highs", metadata={"help": "of the problems in the neighbourhoods: highs or scip"})
    slice: float = field(default=1 / 60, metadata={"help": "part of the budget that one iteration's solve may take"})
    overhead: int = field(default=1, metadata={"help": "work that a solve counts beside iterations and nodes"})
    nodes: int = field(default=600, metadata={"help": "nodes that one iteration's solve may take"})
    optimum: float | None = field(default=None, metadata={"help": "the best objective known, if the file is not known"})
    seconds: float | None = field(
        default=None, metadata={"help": "of wall clock, a safety; a run that it stops cannot be replayed"}
    )
    start: str = field(default="", metadata={"help": "a file of lines VARIABLE VALUE: a point to begin from"})
    by: str = field(default="tree", metadata={"help": "how a recorded table answers: tree or bucket"})
    most_fallbacks: float = field(
        default=0.05, metadata={"help": "share of pulls that a table may answer by a neighbouring point"}
    )
    optimum_known: float | None = field(default=None, metadata={"derived": True})
    dropped: tuple[str, ...] = field(default=(), metadata={"derived": True})

    def __post_init__(self):
        if self.budget < 1:
            raise InputError(f"budget must be at least 1 unit of work, got {self.budget}")
        if not 0 < self.slice <= 1:
            raise InputError(f"slice must be a part of the budget in (0, 1], got {self.slice:g}")
        for name in ("nodes", "overhead"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise InputError(f"seconds must be above 0, got {self.seconds:g}")
        if not 0 <= self.most_fallbacks <= 1:
            raise InputError(f"most_fallbacks must be in [0, 1], got {self.most_fallbacks:g}")
        if self.by not in recorded.WAYS:
            raise InputError(f'by must be one of {", ".join(recorded.WAYS)}, got "{self.by}"')
        if self.solver not in solvers.names():
            raise UnknownName(f'no solver named "{self.solver}" (solvers: {", ".join(solvers.names())})')
        if self.accept:
            Rule.of(self.accept)
        if self.scores:
            _scores(self.scores)
        if self.portfolio:
            portfolios.find(self.portfolio)

    @classmethod
    def spelled_out(cls, option: str, text: str) -> list[str]:
        """What one text of an option stands for on any trace: itself, or its parts between commas."""
        return [part.strip() for part in text.split(",")]

    @classmethod
    def from_options(cls, trace: Trace, **texts: Any) -> tuple[list[Self], list[str]]:
        """Reads the user's options for this trace; several values between commas give several settings.

        Raises:
            InputError: a value of unknown form or out of its range.
        """
        settings: list[dict[str, Any]] = [{}]
        for name, text in texts.items():
            is_read = text is None or isinstance(text, bool)
            values = [text] if is_read else [_read(name, part) for part in cls.spelled_out(name, str(text))]
            settings = [{**one, name: value} for one in settings for value in values]
        return [cls(**one) for one in settings], []

    def on(self, trace: Trace) -> Self:
        """Gives the setting with the fields that come from the trace."""
        if recorded.is_table(trace):
            names, beside = recorded.arms(trace, self.portfolio), NONE
            told: list[str] = []
        else:
            arms, told = live.suited(Model.of(trace), self.chosen.arms)
            names, beside = [arm.name for arm in arms], len(arms)
        optimum = references.known(trace) if self.optimum is None else self.optimum
        sign = -1.0 if trace.tables.get("maximise") else 1.0
        return replace(
            self,
            n_arms=len(names),
            arm_names=tuple(names),
            beside=beside,
            optimum_known=None if optimum is None else sign * optimum,
            dropped=tuple(told),
        )

    @property
    def is_random(self) -> bool:
        """Solvers and neighbourhoods draw whatever the policy does."""
        return True

    @property
    def chosen(self) -> Portfolio:
        return portfolios.find(self.portfolio or "default")

    @property
    def rule(self) -> Rule:
        return Rule.of(self.accept or self.chosen.accept)

    @property
    def rewards(self) -> tuple[float, ...]:
        """Scores relative to the largest."""
        scores = _scores(self.scores) if self.scores else self.chosen.scores
        return tuple(score / max(scores) for score in scores)


def _scores(text: str) -> tuple[float, ...]:
    try:
        scores = tuple(float(part) for part in text.strip("[]").split(";"))
    except ValueError:
        scores = ()
    if len(scores) != 4 or not all(0 <= score < math.inf for score in scores) or not max(scores):
        raise InputError(f'scores must be four numbers of at least 0, e.g. 8;4;2;1, got "{text}"')
    return scores


def _read(name: str, text: str) -> Any:
    """An option's text as its field's type."""
    declared = next(str(one.type) for one in fields(Setting) if one.name == name)
    if "str" in declared:
        return text
    if "None" in declared and text.lower() == "none":
        return None
    kind = float if "float" in declared else int
    try:
        return kind(text.replace("_", ""))
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise InputError(f'{name} "{text}" is not understood; expected {expected}') from None
