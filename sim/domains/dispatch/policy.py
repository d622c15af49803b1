"""What a dispatching policy decides, and when it is asked."""

from __future__ import annotations

from typing import Any, ClassVar

from sim.core import policy
from sim.core.policy import parts_of

SIZE = "size"
"""The channel of predicted job sizes."""


class Policy(policy.Policy):
    """A dispatching policy: names the server of each job on its arrival.

    A subclass defines `route` and as many of the others as it needs. `job` is one row with the fields

        index       position in the trace, from 0
        key         what it is about (a user, an object), 0..setting.n_keys-1; its index where the trace has no keys
        size        only with the channel `size`: its predicted work, the true one for a clairvoyant policy

    and `view` is what the dispatcher knows of the servers, see `view.View`: `now`, `n_servers`, `speeds`, `queue`, `up`,
    `probe(server)`, `work(server)`, `predicted_work(server)`.

    The verbs:

        route(job, view) -> server       the server, 0..n_servers-1, that the job joins
        done(job, server, size, response)     optional: the job left its server complete; its true size, and the time it took
        idle(server)                     optional: the server has become idle

    Attributes:
        needs: verbs that every policy defines.
        reads_work: it asks `view.work`, which only a clairvoyant policy may, or `view.predicted_work`.
    """

    needs: ClassVar[tuple[str, ...]] = ("route",)


def channels_of(policy: policy.Policy) -> tuple[str, ...]:
    """The channels that a policy and its components read from each job."""
    return tuple(dict.fromkeys(channel for part in parts_of(policy) for channel in part.channels))


def channels_needed(policy: policy.Policy) -> tuple[str, ...]:
    """All channels that some predictor must fill before this policy can run; none for a clairvoyant one."""
    return () if policy.clairvoyant else channels_of(policy)


def read_by(policy: Any) -> bool:
    """Whether a policy reads sizes, true or predicted."""
    return SIZE in channels_of(policy)
