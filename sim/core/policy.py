"""What every policy is: a dataclass whose fields are its parameters, begun once per run, then asked by its domain's verbs."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, dataclass_transform

from sim.core.errors import IllegalDecision


@dataclass_transform(eq_default=False)
class Policy:
    """An online policy. Subclasses are made dataclasses unasked: annotated class fields are the policy's parameters.

    A domain's own `Policy` adds the verbs; a policy's file holds one public subclass of it. State is set up in `begin` and
    may be numbers, NumPy arrays, the structures of `sim.core.structures` and other policies; such a policy also runs as
    machine code.

    Attributes:
        channels: prediction channels it reads, by the name of the request's field.
        clairvoyant: it may see the true future; results flag it.
        chooses_among: its parameter whose policies it chooses among; results tell the regret to the best of them alone.
    """

    channels: ClassVar[tuple[str, ...]] = ()
    clairvoyant: ClassVar[bool] = False
    chooses_among: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        dataclasses.dataclass(eq=False)(cls)

    def begin(self, setting: Any, rng: Any) -> None:
        """Sets up the state for one run.

        Args:
            setting: the domain's setting (capacity, number of pages ...).
            rng: the policy's own random stream, a `numpy.random.Generator`.
        """

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Gives the parameters' names with their defaults (`dataclasses.MISSING` where one must be given)."""
        return {
            f.name: f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
            for f in dataclasses.fields(cls)  # type: ignore[arg-type]
            if f.init
        }


def defines(policy: Policy, verb: str) -> bool:
    """Whether the policy has this optional verb; settled before the run, so it costs a compiled loop nothing."""
    return callable(getattr(policy, verb, None))


def check_number(policy: Policy, verb: str, answer: Any, row: int) -> None:
    """Refuses an answer that is no whole number, as after a forgotten `return`. Machine code, with its types, skips this.

    Raises:
        IllegalDecision: names policy, verb, answer and row.
    """
    if isinstance(answer, bool) or not hasattr(answer, "__index__"):
        cure = "; is a return missing?" if answer is None else ""
        raise IllegalDecision(
            f"{type(policy).__name__} answered {answer!r} to {verb} at request {row}; expected a whole number{cure}"
        )


def check_truth(policy: Policy, verb: str, answer: Any, row: int) -> None:
    """As `check_number`, of an answer that is yes or no.

    Raises:
        IllegalDecision: there was none.
    """
    if answer is None:
        raise IllegalDecision(
            f"{type(policy).__name__} answered None to {verb} at request {row}; expected True or False; is a return missing?"
        )


def counters_of(policy: Any) -> dict[str, float]:
    """Running totals that a policy tells by an optional `counters()`, for the timeline of its run."""
    return policy.counters() if defines(policy, "counters") else {}


def parts_of(policy: Policy) -> list[Policy]:
    """A policy and all policies among its parameters, however deep."""
    found = [policy]
    for field in dataclasses.fields(policy):  # type: ignore[arg-type]
        value = getattr(policy, field.name)
        for part in value if isinstance(value, tuple | list) else (value,):
            if isinstance(part, Policy):
                found.extend(parts_of(part))
    return found
