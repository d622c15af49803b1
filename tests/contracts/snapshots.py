"""A policy's fields as plain values, to see whether a run left it as it was."""

from __future__ import annotations

import copy
from typing import Any

from sim.core.policy import Policy


def snapshot(value: Any) -> Any:
    """The fields of a policy and of its parts, policies among them."""
    if isinstance(value, Policy):
        return type(value), {key: snapshot(part) for key, part in vars(value).items()}
    if isinstance(value, tuple | list):
        return [snapshot(part) for part in value]
    return copy.deepcopy(value)
