"""What a policy of transactions decides: one at a time, or a whole order at once."""

from __future__ import annotations

from typing import Any

from sim.core import policy
from sim.core.errors import InputError
from sim.core.policy import parts_of


class Policy(policy.Policy):
    """A policy of transactions: a `Picker` or a `Scheduler`; transactions are 0..setting.n-1, in order of arrival."""


class Picker(Policy):
    """Names the transaction that comes next, of those that are pending; runs offline and online.

    The verb:

        pick(view) -> transaction      one of `view.pending`, see `view.Pending`
    """


class Scheduler(Policy):
    """Sees all transactions and gives a whole order; runs offline only.

    The verb:

        order(view)      asks `view.evaluate(order)` for the makespan of any order, which is counted; the best whole one that it
                         asked for is the answer, unless it says `view.choose(order)`; see `view.Plan`
    """


def channels_needed(policy: Any) -> tuple[str, ...]:
    """All channels that some predictor must fill before this policy can run; none for a clairvoyant one."""
    if policy.clairvoyant:
        return ()
    return tuple(dict.fromkeys(channel for part in parts_of(policy) for channel in part.channels))


def require(policy: Any, least: int, *names: str) -> None:
    """Refuses a policy whose parameters of these names are below the least that makes sense.

    Raises:
        InputError: one is; names policy, parameter and value.
    """
    for name in names:
        value = getattr(policy, name)
        if not value >= least:
            raise InputError(f"{type(policy).__name__} needs {name} of at least {least}, got {value:g}")
