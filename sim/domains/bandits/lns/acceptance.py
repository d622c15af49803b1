"""Which candidate becomes the current point: the test that a search asks for every point it finds.

As text: `hill_climbing`, `always`, or `simulated_annealing;start=20;end=1;step=0.1;schedule=linear`, with `absolute=true` where
differences of objectives count as they are and not relative to a hundredth of the first incumbent's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.core.errors import InputError
from sim.core.structures import Structure

KINDS = ("hill_climbing", "simulated_annealing", "always")
HILL_CLIMBING, ANNEALING = 0, 1

SCHEDULES = ("linear", "exponential")


@dataclass(frozen=True)
class Rule:
    """A test as it is asked for.

    Args:
        kind: one of `KINDS`.
        start, end: temperatures, above 0.
        step: what a linear schedule subtracts after every test, what an exponential one multiplies by (in (0, 1)).
        schedule: one of `SCHEDULES`; it has to be given, since libraries differ in what they take where it is not.
        absolute: differences of objectives are not scaled.
    """

    kind: str = "hill_climbing"
    start: float = 1.0
    end: float = 1.0
    step: float = 1.0
    schedule: str = "linear"
    absolute: bool = False

    @classmethod
    def of(cls, text: str) -> Rule:
        """Reads a test from text.

        Raises:
            InputError: unknown words, or a part of simulated annealing that is missing or out of its range.
        """
        kind, *parts = [part.strip() for part in text.split(";")]
        given = dict(part.partition("=")[::2] for part in parts)
        if kind not in KINDS:
            raise InputError(f'accept "{kind}" is not known; expected one of {", ".join(KINDS)}')
        known = ("start", "end", "step", "schedule", "absolute") if kind == "simulated_annealing" else ()
        for key in given:
            if key not in known:
                raise InputError(f'{kind} has no parameter "{key}" (parameters: {", ".join(known) or "none"})')
        if kind != "simulated_annealing":
            return cls(kind)
        example = "simulated_annealing;start=20;end=1;step=0.1;schedule=linear"
        missing = [key for key in known[:4] if key not in given]
        if missing:
            raise InputError(f"simulated_annealing lacks {', '.join(missing)}: {example}")
        if given.get("absolute", "false") not in ("true", "false"):
            raise InputError(f'absolute must be true or false, got "{given["absolute"]}"')
        if given["schedule"] not in SCHEDULES:
            raise InputError(f'schedule must be one of {", ".join(SCHEDULES)}, got "{given["schedule"]}"')
        try:
            start, end, step = (float(given[key]) for key in ("start", "end", "step"))
        except ValueError:
            raise InputError(f'numbers of "{text}" are not understood; expected {example}') from None
        is_linear = given["schedule"] == "linear"
        if not (math.inf > start >= end > 0 and step > 0 and (is_linear or step < 1) and step < math.inf):
            raise InputError(
                "simulated_annealing: expected start >= end > 0 and a step above 0, "
                f'below 1 where the schedule is exponential, got "{text}"'
            )
        return cls(kind, start, end, step, given["schedule"], given.get("absolute", "false") == "true")

    @property
    def text(self) -> str:
        if self.kind != "simulated_annealing":
            return self.kind
        return (
            f"{self.kind};start={self.start:g};end={self.end:g};step={self.step:g};schedule={self.schedule}"
            f"{';absolute=true' if self.absolute else ''}"
        )


class Acceptance(Structure):
    """A test in use; its temperature belongs to one run.

    Reference: Kirkpatrick, Gelatt and Vecchi, "Optimization by Simulated Annealing", Science 1983; Santini, Ropke and Hvattum, "A
    comparison of acceptance criteria for the adaptive large neighbourhood search metaheuristic", Journal of Heuristics 2018.

    Args:
        rule: what is asked for.
        rng: draws one number at every test of simulated annealing.
    """

    def __init__(self, rule, rng):
        self.kind = KINDS.index(rule.kind)
        self.temperature = rule.start
        self.end = rule.end
        self.step = rule.step
        self.is_linear = rule.schedule == "linear"
        self.is_absolute = rule.absolute
        self.unit = 1.0
        self.rng = rng

    def scale(self, first):
        """Sets the unit of differences by the first incumbent's objective."""
        if not self.is_absolute:
            self.unit = max(1.0, abs(first)) / 100.0

    def takes(self, current, candidate):
        """Whether a candidate of this objective replaces the current point; cools down by one step."""
        if self.kind == HILL_CLIMBING:
            return candidate <= current
        if self.kind != ANNEALING:
            return True
        heat = self.temperature * self.unit
        chance = 1.0 if candidate <= current else math.exp((current - candidate) / heat)
        cooler = self.temperature - self.step if self.is_linear else self.temperature * self.step
        self.temperature = max(self.end, cooler)
        return chance >= self.rng.random()
