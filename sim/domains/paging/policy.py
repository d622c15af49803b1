"""What a paging policy decides, and when it is asked."""

from __future__ import annotations

from typing import Any, ClassVar

from sim.core import policy
from sim.core.policy import parts_of


class Policy(policy.Policy):
    """A paging policy: told of hits and loads, asked for pages to evict.

    A subclass defines `evict` and as many of the others as it needs; `request` is one row with the fields

        index       position in the trace, from 0
        page        0..n_pages-1
        size        bytes where sizes count, else 1
        time_s, op, ttl_s     where the trace has them
        and one field for each prediction channel the policy declares.

    The verbs:

        hit(request)              the page was resident
        evict(request) -> page    the cache is full: name a resident page to leave; asked again until the request fits
        admit(request)            the page was loaded
        wants(request) -> bool    optional: False lets a missing page pass by without being loaded
        release(request) -> page  optional: asked after every request until it answers NONE; pages to drop unforced
        forget(page)              optional: the system removed the page (it expired or was deleted)
        score(page) -> float      optional: how much the page deserves to leave; the highest is evicted
        bound(facts) -> float     optional: a proven bound on its misses, see `measures.Facts`; None where none is proven

    Channels: `discard_bit`, `phase_bit` (bool), `next_use` (float, index of the predicted next request of this page; the truth
    for a clairvoyant policy), `cache_state` (array over pages, True where a predictor would hold the page after this request;
    `leaves` is the page it lets go, or NONE). A policy that lists a channel in `asks` gets `setting.oracle`, whose `ask(page)` is
    counted.

    Attributes:
        asks: channels of which it asks for single predictions.
        randomized: its bound holds in expectation.
        needs: verbs that every policy defines.
    """

    asks: ClassVar[tuple[str, ...]] = ()
    randomized: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("evict",)

    def hit(self, request: Any) -> None:
        return

    def admit(self, request: Any) -> None:
        return


def channels_of(policy: policy.Policy) -> tuple[str, ...]:
    """The channels that a policy and its components read from each request."""
    return tuple(dict.fromkeys(channel for part in parts_of(policy) for channel in part.channels))


def asked_of(policy: policy.Policy) -> tuple[str, ...]:
    """The channels of which a policy and its components ask for single predictions."""
    return tuple(dict.fromkeys(channel for part in parts_of(policy) for channel in getattr(part, "asks", ())))


def channels_needed(policy: policy.Policy) -> tuple[str, ...]:
    """All channels that some predictor must fill before this policy can run; none for a clairvoyant one."""
    return () if policy.clairvoyant else tuple(dict.fromkeys((*channels_of(policy), *asked_of(policy))))
