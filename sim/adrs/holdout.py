"""The holdout behind a ledger: each look is written down, and answers only whether the best so far was surely beaten.

Reference: Blum and Hardt, "The Ladder: A Reliable Leaderboard for Machine Learning Competitions", ICML 2015, algorithm 2 (the
parameter-free form).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sim.adrs.instances import Instance
from sim.core.errors import InputError
from sim.core.modules import cache_folder, write_whole
from sim.study import provenance

LOOKS = 10
"""Looks that one holdout is good for, where nothing else is said."""

KEPT = frozenset({"candidate", "instances", "published", "losses", "gap", "error"})
"""What is written down of every look."""

ALARMING = 3
"""Looks in a row, each with a wider gap to training than the one before, that are no accident any more."""


@dataclass(frozen=True)
class Answer:
    """What a look gave.

    Args:
        number: of the look, from 1 on; 0 where there was none.
        is_published: whether the candidate was surely better than the best published before, or the first.
        mean: mean loss of the best published by now.
        left: looks that are left.
    """

    number: int
    is_published: bool
    mean: float
    left: int


class Ladder:
    """The looks at one holdout, kept in the cache folder under what its traces hold, whichever search looks.

    Another seed of the search, another capacity or another number of rows is a look at the same traces. What was published is
    held against what else was seen on the very same instances.

    Args:
        instances: of the holdout.
        contents: trace -> hash of its content: other traces of the same names have looks of their own.
        most: looks it is good for, at least 1.
        folder: where the ledger lies instead.

    Raises:
        InputError: no look is left, or the ledger is damaged.
    """

    def __init__(
        self,
        instances: Sequence[Instance],
        *,
        contents: Mapping[str, str] = MappingProxyType({}),
        most: int = LOOKS,
        folder: Path | None = None,
    ):
        self.instances = instances
        self.most = most
        self.names = provenance.digest([each.name for each in instances])[:20]
        whole = {(contents.get(each.trace, each.trace), each.seed if each.is_drawn else 0) for each in instances}
        self.path = (folder or cache_folder("holdout")) / f"{provenance.digest(sorted(whole))[:20]}.json"
        self.looks: list[dict[str, Any]] = self._kept()

    @property
    def left(self) -> int:
        return max(0, self.most - len(self.looks))

    def refuse_when_spent(self, candidate: str = "") -> None:
        if not self.left and not self._before(candidate):
            raise InputError(
                f"these holdout traces were looked at {len(self.looks)} times, which is all they are good for; name others with "
                "--holdout"
            )

    def unasked(self) -> Answer:
        """What is known without a look: how many are left."""
        return Answer(0, False, 0.0, self.left)

    def look(self, candidate: str, losses: Mapping[str, float], on_training: float) -> Answer:
        """Looks at how a candidate does; the same one again costs no look.

        Args:
            candidate: its id.
            losses: instance -> loss, of all instances.
            on_training: its mean loss there.
        """
        before = self._before(candidate)
        if before is None:
            self.refuse_when_spent()
            mine = [losses[instance.name] for instance in self.instances]
            best = self._best()
            is_better = best is None or _is_surely_lower(mine, best)
            before = {"candidate": candidate, "instances": self.names, "published": is_better}
            before |= {"losses": mine if is_better else best}
            before |= {"gap": math.fsum(mine) / len(mine) - on_training, "error": _error(mine)}
            self.looks.append(before)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, json.dumps(self.looks).encode())
        number = self.looks.index(before) + 1
        mean = math.fsum(before["losses"]) / len(before["losses"])
        return Answer(number, before["published"], mean, self.left)

    def widening(self, candidate: str) -> tuple[float, ...]:
        """The gaps of the last looks, up to this candidate's, where they widen; empty where they do not.

        A gap is by how much a candidate's mean loss is larger on the holdout than on training. They widen where each is wider
        than the one before, and all together by more than a standard error.
        """
        before = self._before(candidate)
        until = self.looks[: self.looks.index(before) + 1] if before else []
        last = [look for look in until if look["instances"] == self.names][-ALARMING:]
        gaps = tuple(look["gap"] for look in last)
        if len(gaps) < ALARMING or any(wider <= gap for gap, wider in pairwise(gaps)):
            return ()
        return gaps if gaps[-1] - gaps[0] > last[-1]["error"] else ()

    def _kept(self) -> list[dict[str, Any]]:
        try:
            looks = json.loads(self.path.read_text())
            is_whole = all(look.keys() >= KEPT and self._fits(look) for look in looks)
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError, AttributeError):
            is_whole = False
        if not is_whole:
            raise InputError(
                f"{self.path} is no ledger of looks at this holdout any more; name other traces with --holdout"
            )
        return looks

    def _fits(self, look: Mapping[str, Any]) -> bool:
        return look["instances"] != self.names or len(look["losses"]) == len(self.instances)

    def _before(self, candidate: str) -> dict[str, Any] | None:
        own = (look for look in self.looks if look["instances"] == self.names)
        return next((look for look in own if look["candidate"] == candidate), None)

    def _best(self) -> list[float] | None:
        """What was published last of these instances."""
        return next((look["losses"] for look in reversed(self.looks) if look["instances"] == self.names), None)


def _is_surely_lower(mine: Sequence[float], best: Sequence[float]) -> bool:
    """Lower by more than a standard error of the paired differences."""
    difference = np.subtract(mine, best)
    return bool(difference.mean() < -_error(difference))


def _error(values: Sequence[float] | np.ndarray) -> float:
    """Standard error of the mean; 0 of a single value."""
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
