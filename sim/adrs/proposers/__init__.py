"""What makes candidates: one file each, asked for a candidate and told what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sim.adrs.candidate import Candidate, Report
from sim.core.errors import AugsimError


class Unavailable(AugsimError):
    """A proposer has no more candidates to give (its endpoint is down, its quota used up); what was found so far stands."""


class Exhausted(Unavailable):
    """It never will have more: asked again another day, it would say the same."""


@dataclass(frozen=True)
class Tried:
    """A candidate and what became of it on training instances; of others no proposer is ever told."""

    candidate: Candidate
    report: Report


@dataclass(frozen=True)
class Proposal:
    """What a proposer gave.

    Args:
        candidate: the policy's file; what came in its place where it is malformed.
        malformed: why it is no policy's file, in one line, empty where it is one; it is then not run, and its status is
            `malformed`.
        tokens: language-model tokens that it cost.
        dollars: what these cost.
        notices: what the user should know, one line each.
    """

    candidate: Candidate
    malformed: str = ""
    tokens: int = 0
    dollars: float = 0.0
    notices: tuple[str, ...] = ()


class Proposer(Protocol):
    """Makes candidates out of others."""

    @property
    def name(self) -> str:
        """As the command line and candidates name it."""

    def ask(self, parents: Sequence[Tried], rng: np.random.Generator) -> Proposal:
        """Gives a candidate.

        Args:
            parents: what to build on, from the worst to the best; all of status `ok`.
            rng: all draws come from it.

        Raises:
            Unavailable: there are no more.
        """

    def tell(self, tried: Tried) -> None:
        """Hears what became of a candidate, its own or another's."""
