"""What one run is about: how long it lasts, what may be spent, and how many arms there are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import NONE, Trace
from sim.domains.bandits import tables


@dataclass(frozen=True)
class Told:
    """What a policy is told when it begins; all of it comes from the trace.

    Args:
        n_arms: arms of the trace, 0..n_arms-1.
        horizon: number of rounds to come, which policies may rely on; None where it is not known.
        n_features: features of a context; 0 without.
        context_low, context_high: range of the first feature, as far as it is known beforehand.
        best_arm: the best single arm in hindsight; told to clairvoyant policies alone.
        best_arms: the best arm of each round, int64, shape (n_rounds,), told to them alone; None where no round has its own.
        pays_costs: what counts is the cost of a pull, above 0 and not limited to 1 (iterations); otherwise its reward.
        values: what number each arm stands for, shape (n_arms,), e.g. a grid of parameters; None: arms are names alone.
        arm_names: what the arms are called, where they have names.
        beside: an arm beyond the others that stands for a formula's choice, for policies that declare it; NONE: there is none.
    """

    n_arms: int = field(default=0, metadata={"derived": True})
    horizon: int | None = field(default=None, metadata={"derived": True})
    n_features: int = field(default=0, metadata={"derived": True})
    context_low: float = field(default=-1.0, metadata={"derived": True})
    context_high: float = field(default=1.0, metadata={"derived": True})
    best_arm: int = field(default=NONE, metadata={"derived": True})
    best_arms: np.ndarray | None = field(default=None, metadata={"derived": True}, compare=False)
    pays_costs: bool = field(default=False, metadata={"derived": True})
    values: np.ndarray | None = field(default=None, metadata={"derived": True}, compare=False)
    arm_names: tuple[str, ...] = field(default=(), metadata={"derived": True})
    beside: int = field(default=NONE, metadata={"derived": True})


@dataclass(frozen=True)
class Setting(Told):
    """The setting of a bandit run: the user's fields, and what comes from the trace (`on`).

    Args:
        rounds: this many rounds are played; 0: all that the trace has.
        budget: the run is over after the pull that brings the costs to this sum or above; None: no limit.
        breaks: regret is also told against the best sequence that changes its arm at most so often; -1: it is not.
        bins: regret is also told against the best arm of each of so many equal bins of the context's first feature; 0: it is not.
        context: contexts are handed to the policies that take them.
    """

    rounds: int = field(default=0, metadata={"help": "play this many rounds; 0: all the trace has"})
    budget: float | None = field(default=None, metadata={"help": "the run ends when the costs reach this sum"})
    breaks: int = field(
        default=-1, metadata={"help": "also tell the regret to the best sequence with at most so many changes of arm"}
    )
    bins: int = field(
        default=0, metadata={"help": "also tell the regret to the best arm of each of so many bins of the context"}
    )
    context: bool = field(default=True, metadata={"help": "hand contexts to the policies that take them"})

    def __post_init__(self):
        if self.rounds < 0:
            raise InputError(f"rounds must be at least 0, where 0 stands for all, got {self.rounds}")
        if self.budget is not None and not 0 < self.budget < math.inf:
            raise InputError(f"budget must be a sum of costs above 0, got {self.budget:g}")
        if self.breaks < -1:
            raise InputError(f"breaks must be a number of changes of at least 0, or -1 for none, got {self.breaks}")
        if self.bins < 0:
            raise InputError(f"bins must be a number of bins of at least 1, or 0 for none, got {self.bins}")

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
            values = [text] if text is None or isinstance(text, bool) else cls.spelled_out(name, str(text))
            settings = [{**one, name: _read(name, value)} for one in settings for value in values]
        return [cls(**one) for one in settings], []

    def on(self, trace: Trace) -> Self:
        """Gives the setting with the fields that come from the trace."""
        n_arms = tables.n_arms(trace)
        longest = len(trace) if "rewards" in trace else len(trace) * n_arms
        n_rounds = self.rounds or len(trace)
        if n_rounds > longest:
            raise InputError(f"rounds must be at most the {longest} of trace {trace.name}, got {n_rounds}")
        context = tables.context(trace)
        low, high = trace.tables.get("context_range", (-1.0, 1.0))
        return replace(
            self,
            n_arms=n_arms,
            arm_names=tuple(trace.tables.get("arms", ())),
            horizon=n_rounds,
            n_features=0 if context is None else context.shape[1],
            context_low=float(low),
            context_high=float(high),
        )


KINDS: dict[str, type] = {"budget": float, "cap": float, "scale": float}
"""How options are read; the others are whole numbers."""


def _read(name: str, text: Any) -> Any:
    if text is None or isinstance(text, bool):
        return text
    kind = KINDS.get(name, int)
    if kind is float and str(text).lower() == "none":
        return None
    try:
        return kind(str(text).replace("_", ""))
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise InputError(f'{name} "{text}" is not understood; expected {expected}') from None
