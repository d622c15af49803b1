"""What one run is about: how many servers, how fast, in which order they serve; what may go wrong; what the dispatcher knows."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from sim.core.errors import InputError
from sim.core.trace import Trace
from sim.domains.dispatch.farm import MOVE, ON_CRASH
from sim.domains.dispatch.queues import BY_KEY, DISCIPLINES

MOST_SERVERS = 1_000_000
MOST_RETRIES = 1000
"""What a run keeps in memory for each server, and for each attempt of each job, allows no more."""


@dataclass(frozen=True)
class Setting:
    """The setting of a dispatching run. The first fields are the user's; the others come from the trace (`on`).

    Times are in the unit of the trace, work in what a server of speed 1 does in one of them.

    Args:
        servers: 1 to `MOST_SERVERS`.
        discipline: in which order a server serves its jobs, one of `queues.DISCIPLINES`.
        speeds: work per unit of time: one number for all, or one for each, "12x1,4x2" for twelve and four.
        warmup: share of the jobs, in [0, 1), that come first and are left out of the figures.
        buffer: the most jobs a server takes, further ones are turned away; 0: any number.
        timeout: a client gives up after so long; None: never.
        retries: a failed job comes again so often, at most `MOST_RETRIES`: turned away, given up, or its server crashed.
        backoff: pause before the first retry; each further one is twice as long.
        cancel: a job that was given up leaves its server; otherwise the server works on it in vain.
        up_mean: mean of the exponential time until a server crashes; None: never.
        down_mean: mean of the exponential time until it is repaired.
        down_speed: share of its speed, in [0, 1), that a server keeps meanwhile. Above 0 nothing crashes: an antagonist takes the
            rest, the jobs go on, and the dispatcher is not told.
        on_crash: what becomes of its jobs: they wait and begin anew (restart) or go on (resume), are dispatched anew, each
            time a retry (move), or have failed (lose).
        refresh: the dispatcher is told of all queues at once, so far apart; 0: it sees them.
        delay: the dispatcher sees each queue as it was so long ago.
        simpy: play the run as SimPy processes: same results, slower.
        n_jobs: length of the trace.
        n_keys: number of different keys.
        sizes: all true sizes, for clairvoyant policies alone.
    """

    servers: int = field(metadata={"help": "number of servers; several: 4,16"})
    discipline: str = field(default="fcfs", metadata={"help": f"order of service: {', '.join(DISCIPLINES)}"})
    speeds: str = field(default="1", metadata={"help": "of all servers (2), or of each (1,1,2,2 or 12x1,4x2)"})
    warmup: float = field(default=0.1, metadata={"help": "share of the jobs, the first ones, left out of the figures"})
    buffer: int = field(default=0, metadata={"help": "the most jobs a server takes; 0: any number"})
    timeout: float | None = field(default=None, metadata={"help": "a client gives up after so long"})
    retries: int = field(default=0, metadata={"help": "a failed job comes again so often"})
    backoff: float = field(default=0.0, metadata={"help": "pause before the first retry; doubles each time"})
    cancel: bool = field(default=True, metadata={"help": "a job that was given up leaves its server"})
    up_mean: float | None = field(default=None, metadata={"help": "mean time until a server crashes"})
    down_mean: float = field(default=1.0, metadata={"help": "mean time until it is repaired"})
    down_speed: float = field(
        default=0.0, metadata={"help": "share of its speed that it keeps: above 0, it is only slow"}
    )
    on_crash: str = field(default="restart", metadata={"help": f"what becomes of its jobs: {', '.join(ON_CRASH)}"})
    refresh: float = field(
        default=0.0, metadata={"help": "the dispatcher is told the queues so far apart; 0: sees them"}
    )
    delay: float = field(default=0.0, metadata={"help": "the dispatcher sees each queue as it was so long ago"})
    simpy: bool = field(default=False, metadata={"help": "run as SimPy processes: same results, slower"})
    n_jobs: int = field(default=0, metadata={"derived": True})
    n_keys: int = field(default=0, metadata={"derived": True})
    sizes: np.ndarray | None = field(default=None, metadata={"derived": True}, compare=False)

    def __post_init__(self):
        if self.servers < 1:
            raise InputError(f"servers must be at least 1, got {self.servers}")
        for name, most in (("servers", MOST_SERVERS), ("retries", MOST_RETRIES)):
            if getattr(self, name) > most:
                raise InputError(f"{name} must be at most {most:,}, got {getattr(self, name):,}")
        if self.discipline not in DISCIPLINES:
            raise InputError(f'no discipline named "{self.discipline}"; expected one of {", ".join(DISCIPLINES)}')
        if self.on_crash not in ON_CRASH:
            raise InputError(f'on_crash "{self.on_crash}" is not understood; expected one of {", ".join(ON_CRASH)}')
        if not 0 <= self.warmup < 1:
            raise InputError(f"warmup must be a share of the jobs, in [0, 1), got {self.warmup:g}")
        if not 0 <= self.down_speed < 1:
            raise InputError(f"down_speed must be a share of the speed, in [0, 1), got {self.down_speed:g}")
        for name in ("buffer", "retries"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 0, got {getattr(self, name)}")
        for name in ("backoff", "refresh", "delay"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} must be a time of at least 0, got {getattr(self, name):g}")
        for name in ("timeout", "up_mean", "down_mean"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise InputError(f"{name} must be a time above 0, got {value:g}")
        if self.refresh and self.delay:
            raise InputError("refresh and delay are two ways to be late; give one of them")
        if self.on_crash == MOVE and self.up_mean is not None and not self.down_speed and not self.retries:
            raise InputError("on_crash move dispatches jobs anew, each time a retry; give --retries 1 or more")
        self.speed_of_each()

    @property
    def needs_predictions(self) -> bool:
        """Whether the servers go by predicted sizes."""
        return self.discipline in BY_KEY and BY_KEY[self.discipline][2]

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels that must be filled whatever the policy."""
        return ("size",) if self.needs_predictions else ()

    @property
    def is_random(self) -> bool:
        """Whether the system itself draws: servers crash."""
        return self.up_mean is not None

    def speed_of_each(self) -> np.ndarray:
        """Gives the speeds, float64, shape (servers,)."""
        found: list[float] = []
        for part in str(self.speeds).split(","):
            match = re.fullmatch(r"\s*(?:([0-9]+)\s*x)?\s*([0-9.eE+-]+)\s*", part)
            try:
                speed = float(match[2]) if match else math.nan
            except ValueError:
                speed = math.nan
            if not 0 < speed < math.inf:
                raise InputError(f'speeds "{self.speeds}" must be numbers above 0: 2, or 1,1,2,2, or 12x1,4x2')
            n = int(match[1] or 1) if match else 0
            if n > self.servers:
                raise InputError(
                    f'speeds "{self.speeds}" are more than the {self.servers} servers; give one, or as many'
                )
            found += [speed] * n
        if len(found) == 1:
            found *= self.servers
        if len(found) != self.servers:
            raise InputError(
                f'speeds "{self.speeds}" are {len(found)} for {self.servers} servers; give one, or as many'
            )
        return np.array(found)

    def warm_from(self) -> int:
        """The first job that counts."""
        return min(int(self.warmup * self.n_jobs), max(self.n_jobs - 1, 0))

    @classmethod
    def spelled_out(cls, option: str, text: str) -> list[str]:
        """What one text of an option stands for: "4,16" are two numbers of servers, "fcfs,ps" two disciplines."""
        return [part.strip() for part in text.split(",")] if option in ("servers", "discipline") else [text]

    @classmethod
    def from_options(cls, trace: Trace, **texts: Any) -> tuple[list[Self], list[str]]:
        """Reads the user's options for this trace; several servers or disciplines give several settings.

        Returns:
            The settings, and notices for the user (a load of 1 or more, an option that has no effect).

        Raises:
            InputError: a value of unknown form or out of its range.
        """
        if trace.domain != "dispatch":
            raise InputError(
                f"trace {trace.name} is one of {trace.domain}; jobs are read from a .csv file, or with --format jobs"
            )
        given = {name: value for name, value in texts.items() if value is not None}
        listed = {
            name: cls.spelled_out(name, str(given.pop(name))) for name in ("servers", "discipline") if name in given
        }
        others = {name: _read(name, value) for name, value in given.items()}
        settings = [
            cls(**{name: _read(name, value) for name, value in zip(listed, values, strict=True)}, **others)
            for values in itertools.product(*listed.values())
        ]
        notices = []
        if settings:
            default, mine = cls(1), settings[0]
            notices = [
                f"{name} has no effect without {other}: {why}"
                for name, other, why in IDLE
                if getattr(mine, name) != getattr(default, name) and getattr(mine, other) in (None, 0)
            ]
        for setting in settings:
            load = offered_load(trace, setting)
            if load is not None and load >= 1:
                notices.append(
                    f"load {load:.3g} on {setting.servers} servers: work comes faster than it can be done, so response times "
                    "grow with the length of the trace"
                )
        return settings, notices

    def on(self, trace: Trace) -> Self:
        """Gives the setting with the fields that come from the trace."""
        n_keys = int(np.max(np.asarray(trace["key"]), initial=-1)) + 1 if "key" in trace else len(trace)
        return replace(self, n_jobs=len(trace), n_keys=n_keys)


def offered_load(trace: Trace, setting: Setting) -> float | None:
    """Work that arrives per unit of time and speed; None in a closed system, or where no time passes."""
    if "time" not in trace or len(trace) < 2:
        return None
    time = np.asarray(trace["time"], np.float64)
    span = time[-1] - time[0]
    if not span > 0:
        return None
    return float(np.sum(np.asarray(trace["size"], np.float64)[:-1]) / span / setting.speed_of_each().sum())


IDLE = (
    ("down_mean", "up_mean", "no server crashes"),
    ("down_speed", "up_mean", "no server is slowed"),
    ("on_crash", "up_mean", "no server crashes"),
    ("backoff", "retries", "no job comes again"),
    ("cancel", "timeout", "no client gives up"),
)
"""An option, the one without which it has no effect, and why."""

KINDS = {"servers": int, "buffer": int, "retries": int, "discipline": str, "speeds": str, "on_crash": str}
"""How options are read; the others are numbers."""


def _read(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    kind = KINDS.get(name, float)
    try:
        if name == "warmup" and str(value).endswith("%"):
            return float(str(value)[:-1]) / 100
        return kind(value)
    except ValueError:
        expected = {int: "a whole number", float: "a number"}[kind]
        raise InputError(f'{name} "{value}" is not understood; expected {expected}') from None
