"""Which page leaves the cache."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from sim.adrs.problem import Feature, Problem, Template
from sim.adrs.program import Program
from sim.domains import paging

PAGE = {
    "age": Feature("requests since the page's last request", "requests"),
    "tenure": Feature("requests since it was loaded", "requests"),
    "acquaintance": Feature("requests since its first request ever", "requests"),
    "count": Feature("requests for it since it was loaded, at least 1"),
    "total": Feature("requests for it ever, at least 1"),
    "loads": Feature("times it was loaded, at least 1"),
    "gap": Feature(
        "requests between its last two requests; since the start of the trace where there was one", "requests"
    ),
    "smooth_gap": Feature("running mean of its gaps, the newest counting half", "requests"),
    "heat": Feature("its requests, each counting half after four times as many requests as the cache holds pages"),
    "size": Feature("bytes where sizes count, else 1", "bytes"),
    "capacity": Feature("of the cache, in pages or bytes", "bytes", of_subject=False),
    "clock": Feature("requests since the start", "requests", of_subject=False),
    "victims_age": Feature("running mean of the ages at which pages were evicted", "requests", of_subject=False),
    "miss_rate": Feature("running mean of misses per request", of_subject=False),
}


class SampledProgram(paging.Sampled):
    """`Sampled` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def score(self, page):
        return self.program.value(self, page)

    def feature(self, k, page):
        return of_page(self, k, page)


class RankedProgram(paging.Ranked):
    """`Ranked` by a program."""

    codes: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    constants: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def begin(self, setting, rng):
        super().begin(setting, rng)
        self.program = Program(self.codes, self.constants)

    def score(self, page):
        return self.program.value(self, page)

    def feature(self, k, page):
        return self.floor() if k == 14 else of_page(self, k, page)


def of_page(policy, k, page):
    """The k-th feature of `PAGE`."""
    if k == 0:
        return policy.age(page)
    if k == 1:
        return policy.tenure(page)
    if k == 2:
        return policy.acquaintance(page)
    if k == 3:
        return policy.count(page)
    if k == 4:
        return policy.total(page)
    if k == 5:
        return policy.loads(page)
    if k == 6:
        return policy.gap(page)
    if k == 7:
        return policy.smooth_gap(page)
    if k == 8:
        return policy.heat(page)
    if k == 9:
        return policy.size(page)
    if k == 10:
        return policy.capacity()
    if k == 11:
        return policy.clock()
    if k == 12:
        return policy.victims_age()
    return policy.miss_rate()


SAMPLED = Template(
    name="sampled",
    decision="Evicts, of a few resident pages drawn at random, the one of the highest score now.",
    base="paging.Sampled",
    programmed=SampledProgram,
    hole="score",
    subject="page",
    features=PAGE,
    seeds={
        "lru": "age",
        "lfu": "-count",
        "perfect_lfu": "-total",
        "hyperbolic": "divide(tenure, count)",
        "lrfu": "-heat",
        "lru_2": "age + gap",
        "lirs": "max(age, gap)",
    },
    parameters={"sample": (4, 64)},
)

RANKED = Template(
    name="ranked",
    decision="Evicts the page whose score was highest when it was last requested.",
    base="paging.Ranked",
    programmed=RankedProgram,
    hole="score",
    subject="page",
    features={
        **PAGE,
        "floor": Feature("score of the page evicted last, 0 before", of_subject=False),
    },
    seeds={
        "lru": "-clock",
        "lfu": "-count",
        "lfu_aging": "floor - count",
        "gdsf": "floor - divide(count, size)",
    },
)

PROBLEM = Problem(
    domain="paging",
    system="paging",
    task="A cache holds a limited number of pages. When a page is requested that is not there, one that is must leave. Which?",
    metric="misses",
    baseline="lru",
    bound="belady",
    unbound=("sized", "warmup"),
    templates=(SAMPLED, RANKED),
    rivals=(
        "arc",
        "lirs",
        "s3fifo",
        "sieve",
        "lhd",
        "two_q",
        "wtinylfu",
        "slru",
        "gdsf",
        "lfu",
        "lecar",
        "clock",
        "fifo",
    ),
    tunable={
        "s3fifo": {"small_share": (0.01, 0.5), "ghost_share": (0.1, 4.0), "promote_after": (1, 3)},
        "lirs": {"hir_share": (0.005, 0.5), "stack_limit": (1.1, 8.0)},
        "two_q": {"in_share": (0.02, 0.9), "out_share": (0.1, 4.0)},
        "slru": {"n_segments": (2, 16)},
        "wtinylfu": {"window_share": (0.005, 0.8), "protected_share": (0.1, 0.95), "sample": (2, 64)},
        "lecar": {"rate": (0.01, 2.0), "discount": (0.0005, 0.2)},
        "lhd": {"period": (500, 100_000), "sample": (8, 64), "shift": (0, 10)},
    },
    setting={"capacity": "1%,10%"},
    traces=("sample:sort", "sample:sqlite", "sample:gcc"),
    foreign=(),
)
