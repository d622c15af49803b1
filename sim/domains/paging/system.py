"""The untimed system: one decision per request, no durations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.core.operations import Operation
from sim.core.policy import counters_of, defines, parts_of
from sim.core.result import Decisions
from sim.core.rows import Constant, Rows
from sim.core.trace import Trace
from sim.domains.paging import truth
from sim.domains.paging.cache import BYPASS, EVICT, RELEASE, Cache, breach, play
from sim.domains.paging.measures import judge
from sim.domains.paging.oracle import Oracle, PredictedCache
from sim.domains.paging.policy import Policy, asked_of, channels_of
from sim.domains.paging.setting import Setting

METRICS = (
    Metric("miss_ratio", "", "lower", "misses per request; with sizes, of objects"),
    Metric("misses", "requests", "lower", "requests whose page was not resident, first requests included"),
    Metric("byte_miss_ratio", "", "lower", "bytes missed per byte requested; where sizes count"),
    Metric("cold_misses", "requests", None, "first requests of a page: every policy misses them"),
    Metric("requests", "requests", None, "requests that count: without warm-up and deletes"),
    Metric("evictions", "pages", None, "pages that left for another"),
    Metric("bypassed", "requests", None, "misses that the policy did not let in"),
    Metric("too_large", "requests", None, "misses of pages larger than the cache"),
    Metric("expired", "pages", None, "pages whose time to live was over when requested"),
    Metric("queries", "questions", None, "predictions the policy asked for; on-demand channels only"),
    Metric("component_regret", "", "lower", "the first metric above that of its best component alone; bandit_of only"),
)

CHANNELS = {
    "discard_bit": ("discard_bit", "--predict discard"),
    "phase_bit": ("phase_bit", "--predict phase"),
    "next_use": ("predicted_next_use", "--predict next, pleco, popu or frequency"),
    "cache_state": ("leaves", "--predict states:of=popu, or any predictor of the next use"),
}
"""Channel -> the column that holds it, and the option that supplies it."""


@dataclass(frozen=True)
class System:
    """Paging: a cache of `setting.capacity` serves requests; every miss of a page that fits is loaded unless bypassed."""

    setting: Setting
    domain: ClassVar[str] = "paging"
    METRICS: ClassVar[tuple[Metric, ...]] = METRICS
    REFERENCE: ClassVar[str] = "belady"
    LENGTH: ClassVar[str] = "requests"
    BOUNDED: ClassVar[str] = "misses"
    Setting: ClassVar[type[Setting]] = Setting

    def begin(self, trace: Trace, policy: Policy, rng: Any, *, record: bool = False) -> PagingRun:
        if len(trace) == 0:
            raise InputError(f"trace {trace.name} has no requests")
        return PagingRun(trace, self.setting.on(trace), policy, rng, record)

    def completed(self, trace: Trace, policy: Policy) -> Trace:
        """Adds the cache state implied by next-use predictions, where the policy wants the one and the trace has the other."""
        if "cache_state" not in channels_of(policy) or "leaves" in trace or "predicted_next_use" not in trace:
            return trace
        if self.setting.sized:
            raise InputError(
                f"{type(policy).__name__} follows a predicted cache, which has no sizes; give the capacity in pages"
            )
        prediction = np.asarray(trace["predicted_next_use"])
        return trace.with_column(
            "leaves",
            truth.cache_states(trace, prediction, self.setting.capacity),
            capacity=self.setting.capacity,
            implied_by=dict(trace.about.get("predicted_next_use", {})),
        )

    def hindsight(self, trace: Trace) -> truth.Furthest | None:
        """The clairvoyant optimum's run; None where it is not known (sizes). Worth keeping: it depends on pages alone."""
        return None if self.setting.sized else truth.furthest(trace, self.setting.capacity)

    def judge(self, trace: Trace, policy: Policy, metrics: Any, hindsight: truth.Furthest | None) -> dict[str, Any]:
        """What hindsight adds to a row of metrics: the ratio to the optimum, prediction errors, bounds."""
        return judge(trace, policy, metrics, hindsight, self.setting)

    def replay(self, trace: Trace, decisions: Decisions) -> dict[str, float | int | None]:
        """Recomputes every metric from a log of decisions alone; an illegal or missing one raises IllegalDecision."""
        from sim.core.engine import replay

        return dict(replay(trace, cast(Any, self), Scripted(decisions)).metrics)


class PagingRun:
    """One policy on one trace (a `sim.core.system.Run`)."""

    loop: Callable[..., None] = staticmethod(play)

    def __init__(self, trace: Trace, setting: Setting, policy: Policy, rng: Any, record: bool):
        self.trace = trace
        self.policy = policy
        self.n_rows = len(trace)
        self.setting = setting
        self.oracle = self._oracle()
        self.setting = setting = replace(setting, oracle=self.oracle)
        self.is_expiring = setting.removes(trace)
        for part in parts_of(policy):
            if self.is_expiring and isinstance(part, Policy) and not defines(part, "forget"):
                raise InputError(
                    f"trace {trace.name} removes pages (TTL or deletes) and {type(part).__name__} cannot forget: "
                    "it has no verb forget(page); --no-ttl ignores removals"
                )
            if part.clairvoyant and not policy.clairvoyant:
                raise InputError(f"{type(policy).__name__} is not clairvoyant, and its part {type(part).__name__} is")
        self.cache = Cache(setting, self.is_expiring, record)
        self.predicted = PredictedCache(setting.n_pages) if "cache_state" in channels_of(policy) else None
        policy.begin(setting, rng)
        self.objects: dict[str, Any] = {
            "cache": self.cache,
            "predicted": self.predicted,
            "oracle": self.oracle,
            "policy": policy,
            "rows": Rows("Request", len(trace), self._fields()),
            "pages": trace["page"],
        }

    def _oracle(self) -> Oracle | None:
        asked = asked_of(self.policy)
        if not asked:
            return None
        return Oracle(np.asarray(self._channel(asked[0]), np.float64), self.setting.n_pages)

    def _channel(self, channel: str) -> np.ndarray:
        """The column of a channel; refused where it is missing or was made for another capacity."""
        name = type(self.policy).__name__
        column, cure = CHANNELS.get(channel, (channel, f"a predictor that fills {channel}"))
        if channel == "next_use" and self.policy.clairvoyant:
            return truth.next_use(self.trace, np.float64)
        if column not in self.trace:
            raise InputError(f"{name} needs predictions of channel {channel}: give {cure}")
        made_for = self.trace.about.get(column, {}).get("capacity")
        if made_for is not None and made_for != self.setting.capacity:
            raise InputError(
                f"the {channel} predictions of trace {self.trace.name} were made for capacity {made_for}, "
                f"and this run has {self.setting.capacity}: predict again for this capacity"
            )
        return np.asarray(self.trace[column])

    def _fields(self) -> dict[str, Any]:
        trace = self.trace
        fields: dict[str, Any] = {"page": trace["page"]}
        fields["size"] = trace["size_bytes"] if self.setting.sized else Constant(1)
        for column, default in (("time_s", 0.0), ("op", int(Operation.GET)), ("ttl_s", 0.0)):
            if column in trace:
                fields[column] = trace[column]
            elif self.is_expiring:
                fields[column] = Constant(default)
        for channel in channels_of(self.policy):
            if channel == "cache_state" and self.predicted is not None:
                fields["leaves"] = self._channel(channel)
                fields["cache_state"] = Constant(self.predicted.holds)
            else:
                fields[channel] = self._channel(channel)
        return fields

    @property
    def now(self) -> int:
        return self.cache.now

    def illegal(self) -> str | None:
        return breach(self.policy, self.cache) if self.cache.broken else None

    def counters(self) -> dict[str, float]:
        return {"misses": self.cache.misses, **counters_of(self.policy)}

    def metrics(self) -> dict[str, float | int | None]:
        cache, trace = self.cache, self.trace
        start = cache.warm_from
        counts = trace["op"][start:] != Operation.DELETE if "op" in trace and self.is_expiring else None
        requests = len(trace) - start if counts is None else int(np.count_nonzero(counts))
        byte_miss_ratio = None
        if self.setting.sized:
            sizes = trace["size_bytes"][start:]
            requested = int(sizes.sum() if counts is None else sizes[counts].sum())
            byte_miss_ratio = cache.missed_bytes / requested if requested else None
        return {
            "requests": requests,
            "misses": cache.misses,
            "cold_misses": truth.first_requests(trace, start),
            "miss_ratio": cache.misses / requests if requests else None,
            "byte_miss_ratio": byte_miss_ratio,
            "evictions": cache.evictions,
            "bypassed": cache.bypassed,
            "too_large": cache.too_large,
            "expired": cache.expired,
            "queries": self.oracle.queries if self.oracle is not None else None,
        }

    def notices(self) -> list[str]:
        return cast(Any, self.policy).notices() if defines(self.policy, "notices") else []

    def decisions(self) -> Decisions | None:
        log = self.cache.log
        if log is None:
            return None
        return Decisions(log.row[: log.size].copy(), log.kind[: log.size].copy(), log.subject[: log.size].copy())


class Scripted(Policy):
    """Repeats a log of decisions; the system checks each as if a policy had made it."""

    decisions: Decisions

    def begin(self, setting, rng):
        self.row = self.decisions.row
        self.kind = self.decisions.kind
        self.page = self.decisions.subject
        self.next = 0

    def is_next(self, request, kind):
        return self.next < len(self.row) and self.row[self.next] == request.index and self.kind[self.next] == kind

    def take(self):
        self.next += 1
        return int(self.page[self.next - 1])

    def wants(self, request):
        if self.is_next(request, BYPASS):
            self.next += 1
            return False
        return True

    def evict(self, request):
        return self.take() if self.is_next(request, EVICT) else -1

    def release(self, request):
        return self.take() if self.is_next(request, RELEASE) else -1

    def forget(self, page):
        return
