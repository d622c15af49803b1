"""What one run is about: how placed transactions hold their keys, how many run at once, how many questions may be asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from sim.core.errors import InputError
from sim.core.trace import Trace

IDEAL, HELD = "ideal", "strict_2pl_placement"
PROTOCOLS = (IDEAL, HELD)


@dataclass(frozen=True)
class Setting:
    """The setting of a run. The first fields are the user's, `n` comes from the trace (`on`).

    Args:
        protocol: a key is occupied in the unit of an operation alone (ideal), or until its transaction ends
            (strict_2pl_placement).
        inflight: transactions at once at most; 0: any number. A scheduler needs 0.
        evaluations: questions that are answered in a run; 0: as many as the policy asks.
        n: number of transactions.
    """

    protocol: str = field(default=IDEAL, metadata={"help": f"how long a key is occupied: {', '.join(PROTOCOLS)}"})
    inflight: int = field(default=0, metadata={"help": "transactions at once at most; 0: any number"})
    evaluations: int = field(default=0, metadata={"help": "questions answered in a run; 0: as many as the policy asks"})
    n: int = field(default=0, metadata={"derived": True})

    def __post_init__(self):
        if self.protocol not in PROTOCOLS:
            raise InputError(f'no protocol named "{self.protocol}"; expected one of {", ".join(PROTOCOLS)}')
        for name in ("inflight", "evaluations"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 1, or 0 for any number, got {getattr(self, name)}")

    @classmethod
    def spelled_out(cls, option: str, text: str) -> list[str]:
        """What one text of an option stands for: "100,1000" are two budgets."""
        return [part.strip() for part in str(text).split(",")]

    @classmethod
    def from_options(cls, trace: Trace, **texts: Any) -> tuple[list[Self], list[str]]:
        """Reads the user's options for this trace; several values of one give several settings.

        Raises:
            InputError: a value of unknown form or out of its range.
        """
        settings: list[dict[str, Any]] = [{}]
        for name, text in texts.items():
            values = [_read(name, part) for part in cls.spelled_out(name, text)]
            settings = [{**one, name: value} for one in settings for value in values]
        return [cls(**one) for one in settings], []

    def on(self, trace: Trace) -> Self:
        """Gives the setting with the fields that come from the trace."""
        return replace(self, n=len(trace))


def _read(name: str, text: str) -> Any:
    if name == "protocol":
        return text
    try:
        return int(text.replace("_", ""))
    except ValueError:
        raise InputError(f'{name} "{text}" is not understood; expected a whole number (100)') from None
