"""A policy that is not in the library yet, and what became of it when it was tried."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Candidate:
    """The text of a policy's file and where it came from.

    Args:
        source: a whole policy file of some domain, loaded and run like any other.
        parents: ids of the candidates it was made from; none for a seed.
        note: what was done to the parents, in a few words.
        proposer: the proposer's name, "seed" for what the search began with.
    """

    source: str
    parents: tuple[str, ...] = ()
    note: str = ""
    proposer: str = "seed"

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the source."""
        return identity(self.source)


def identity(source: str) -> str:
    """The id of the candidate with this source."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


class Status(StrEnum):
    """What became of a candidate. Only an `ok` one has a score; a status is never a number, so no failure can win."""

    OK = "ok"
    MALFORMED = "malformed"
    REFUSED = "refused"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    ILLEGAL = "illegal"
    NONDETERMINISTIC = "nondeterministic"
    NONCAUSAL = "noncausal"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Report:
    """How a candidate did on some instances.

    Args:
        status: `ok`, or the first thing that went wrong.
        losses: instance -> loss relative to the domain's baseline, lower is better; empty unless `ok`.
        events: simulated events it cost, failures included.
        detail: one line for the proposer and the user, e.g. what was illegal and where.
    """

    status: Status
    losses: Mapping[str, float] = field(default_factory=dict)
    events: int = 0
    detail: str = ""
