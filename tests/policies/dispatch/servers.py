"""Whom policies send jobs to, in a line."""

from __future__ import annotations

from typing import Any

from tests.domains.dispatch.farms import jobs, played


def routes(policy: Any, time, size, servers: int, **setting) -> list[int]:
    """The servers of the jobs, in order; columns of the trace and settings by name."""
    columns = {name: setting.pop(name) for name in ("predicted_size", "key") if name in setting}
    return played(policy, jobs(time, size, **columns), servers, **setting).decisions().subject.tolist()
