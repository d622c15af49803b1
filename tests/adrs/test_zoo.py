"""The cheat zoo: every hostile candidate ends as its file says, with the allow-list and without, and leaves nothing behind."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import numpy as np
import pytest

from sim.adrs.candidate import Status
from sim.adrs.evaluate import Opened, attempt
from sim.adrs.sandbox import Layers, Limits
from sim.core.engine import replay
from sim.domains import paging
from sim.study import catalog
from tests.adrs import zoo
from tests.adrs.traces import paging_of

CHEATS = zoo.cheats()
ESCAPED = Path("/tmp/augsim-zoo-was-here")
LIMITS = Limits(wall_s=10, cpu_s=30, memory_mb=256, answer_mb=1)
SHORT = Limits(wall_s=2, cpu_s=30, memory_mb=256, answer_mb=1)
UNLISTED = Layers(allowlist=False)
SLOW = {"endless_loop", "sleeps", "catches_all", "thread_bomb"}
"""Those that take seconds to fail."""


def judged_on() -> list[Opened]:
    return [paging_of(300, n_pages=40, capacity=10, seed=5)]


def probed_on() -> list[Opened]:
    return [paging_of(200, n_pages=40, capacity=10, seed=6)]


def honest_misses() -> int:
    """What first in, first out misses, which is what every cheat does where it does not cheat."""
    (each,) = judged_on()
    return replay(each.trace, each.system, catalog.policy("paging", "fifo"), mode="interpreted").metrics["misses"]


@pytest.fixture
def listener():
    """A port of this machine that says whether anybody called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_the_zoo_has_at_least_thirty_cheats_and_most_statuses_occur():
    assert len(CHEATS) >= 30
    assert {cheat.listed for cheat in CHEATS} == {
        *(Status.REFUSED, Status.ILLEGAL, Status.MALFORMED, Status.NONDETERMINISTIC),
        *(Status.CRASHED, Status.TIMEOUT, Status.MEMORY),
    }
    assert {Status.OK, Status.CRASHED} < {cheat.jailed for cheat in CHEATS}


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.name)
def test_no_cheat_is_ok_under_the_allow_list(cheat):
    tried = attempt(cheat.source, judged_on(), probed_on(), SHORT if cheat.listed == Status.TIMEOUT else LIMITS)
    assert (tried.status, tried.runs) == (cheat.listed, ())
    assert tried.status != Status.OK
    assert zoo.caught_by(tried.detail) == cheat.listed_by, tried.detail
    if cheat.listed_by == zoo.ALLOW_LIST:
        assert "; " in tried.detail
        assert tried.events == 0


@pytest.mark.parametrize(
    "cheat",
    [pytest.param(c, marks=pytest.mark.slow if c.name in SLOW else ()) for c in CHEATS],
    ids=lambda cheat: cheat.name,
)
def test_the_jail_holds_without_the_allow_list(cheat, listener):
    ESCAPED.unlink(missing_ok=True)
    port = listener.getsockname()[1]
    library = Path(paging.__file__).read_bytes()
    before = time.monotonic()

    limits = SHORT if cheat.jailed == Status.TIMEOUT else LIMITS
    tried = attempt(cheat.source.replace("40404", str(port)), judged_on(), probed_on(), limits, UNLISTED)

    assert tried.status == cheat.jailed, tried.detail
    assert tried.status == Status.OK or zoo.caught_by(tried.detail) == cheat.jailed_by, tried.detail
    assert [run.metrics["misses"] for run in tried.runs] == ([honest_misses()] if tried.status == Status.OK else [])
    assert not ESCAPED.exists()
    assert Path(paging.__file__).read_bytes() == library
    assert not was_called(listener)
    assert time.monotonic() - before < 3 * limits.wall_s
    assert {layer.rstrip("0123456789") for layer in tried.layers} >= {"rlimit"}


def test_the_rules_and_the_clock_of_this_process_are_as_before():
    """What a candidate patched, it patched in its own process."""
    cheats = {cheat.name: cheat for cheat in CHEATS}
    serve, clock = paging.system.Cache.serve, time.perf_counter
    for name in ("patches_the_rules", "patches_the_clock"):
        attempt(cheats[name].source, judged_on(), (), LIMITS, UNLISTED)
    assert paging.system.Cache.serve is serve
    assert time.perf_counter is clock


def test_the_table_in_the_documentation_is_that_of_the_zoo():
    page = (Path(__file__).parents[2] / "docs" / "safety.md").read_text()
    assert zoo.table() in page, "python -m tests.adrs.zoo prints the table"


def test_the_probes_are_short_and_yet_something_is_evicted():
    for each in (*judged_on(), *probed_on()):
        assert len(np.unique(each.trace["page"])) > each.system.setting.capacity
