"""The walls of a candidate's process: on a kernel that has one, it stands."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import pytest

from sim.adrs import sandbox
from sim.adrs.candidate import Candidate, Status
from sim.adrs.evaluate import attempt
from sim.adrs.instances import Instance
from sim.adrs.judge import Judge, as_json, from_json, trials
from sim.adrs.layers import landlock, seccomp
from sim.adrs.sandbox import Ended, Jail, Layers, Limits
from sim.core.errors import InputError
from sim.study.runs import Inputs
from tests.adrs.traces import pages

FIFO = (Path(__file__).parents[2] / "policies/paging/fifo.py").read_text()

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock are Linux")


def code(lines: str) -> str:
    """A policy whose begin runs these lines."""
    body = "".join(f"        {line}\n" for line in lines.splitlines())
    return (
        "import os\nimport ctypes\nfrom sim.domains import paging\n\n\nclass Mine(paging.Policy):\n"
        f"    def begin(self, setting, rng):\n{body}\n    def evict(self, request):\n        return -1\n"
    )


def ends(lines: str, layers: Layers, limits: Limits = Limits(wall_s=20)) -> tuple[Status, str]:  # noqa: B008
    tried = attempt(code(lines), [pages("a b", 2)], (), limits, layers)
    return tried.status, tried.detail


def test_every_layer_that_this_kernel_offers_is_active():
    expected = ["rlimit"]
    if seccomp.is_offered():
        expected.append("seccomp")
    if landlock.is_offered():
        expected.append(f"landlock{landlock.version()}")
    with Jail(FIFO, Limits(), Layers(without=("seccomp", "landlock"))) as jail:
        assert jail.active == tuple(expected)


@LINUX
def test_the_kernel_itself_says_that_the_process_is_filtered():
    with Jail(FIFO, Limits(), Layers(without=("landlock",))) as jail:
        assert jail.process is not None
        told = Path(f"/proc/{jail.process.pid}/status").read_text()
        values = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    assert values["NoNewPrivs"].strip() == "1"
    assert values["Seccomp"].strip() == ("2" if seccomp.is_offered() else "0")


def test_untrusted_candidates_are_refused_where_too_little_is_active_unless_it_is_given_up_by_name():
    with pytest.raises(InputError, match=r"seccomp not active .*--without seccomp runs them"):
        Layers().check(("rlimit", "landlock7"))
    Layers(without=("seccomp",)).check(("rlimit", "landlock7"))
    with pytest.raises(InputError, match='no layer named "secomp"'):
        Layers(without=("secomp",))


def test_what_stands_on_this_machine_is_told_before_any_candidate_runs():
    sandbox.standing.cache_clear()
    with Jail(FIFO, Limits(), Layers(without=sandbox.ALL)) as jail:
        assert sandbox.standing(Layers(without=sandbox.ALL)) == jail.active


@LINUX
def test_the_layers_that_held_stand_with_what_became_of_a_candidate_and_a_library_policy_needs_none():
    run = trials("paging", Inputs(), Layers(without=("landlock",), off=("landlock",)))
    judge = Judge("paging", lambda planned: map(run, planned))
    one = Instance("workload:zipf,n_requests=60,n_pages=9", 0, 0, (("capacity", 3),), 0)
    strange, known = judge.tries([Candidate(code("pass")), Candidate(FIFO)], [one])
    assert (strange.status, strange.layers) == (Status.REFUSED, ())  # the allow-list saw `import os`
    assert (known.status, known.layers) == (Status.OK, ())
    (honest,) = judge.tries([Candidate(FIFO.replace("class FIFO", "class Mine"))], [one])
    assert honest.status == Status.OK
    assert honest.layers == ("rlimit", "seccomp")
    assert from_json(json.loads(json.dumps(as_json(honest)))) == honest


def test_a_jail_is_refused_where_a_layer_does_not_come_up(monkeypatch):
    monkeypatch.setattr(
        sandbox,
        "BOOT",
        sandbox.BOOT.replace("from sim", "import sim.adrs.layers.seccomp as s; s.MACHINES.clear(); from sim"),
    )
    with pytest.raises(InputError, match="seccomp not active"):
        attempt(FIFO, [pages("a b", 2)])


@LINUX
@pytest.mark.parametrize("off", [("landlock",), ("seccomp",)])
def test_either_of_seccomp_and_landlock_keeps_files_from_being_written(off, tmp_path):
    target = tmp_path / "written"
    status, detail = ends(f"open({str(target)!r}, 'w')", Layers(off=off, allowlist=False))
    assert (status, target.exists()) == (Status.CRASHED, False)
    assert "PermissionError" in detail


@LINUX
@pytest.mark.parametrize(
    "lines",
    [
        "import socket; socket.socket()",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "os.unlink('candidate.py')",
        "os.mkdir('folder')",
        "os.rename('candidate.py', 'other.py')",
        "os.chmod('candidate.py', 0o777)",
        "os.setpriority(os.PRIO_PROCESS, 0, -5)",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))",
        "os.setsid()",
        "os.memfd_create('x')",
    ],
)
def test_seccomp_alone_refuses_what_computing_does_not_need(lines):
    if not seccomp.is_offered():
        pytest.skip("this kernel filters no system calls")
    status, detail = ends(lines, Layers(off=("landlock",), allowlist=False))
    assert status == Status.CRASHED
    assert "PermissionError" in detail or "not allowed to raise maximum limit" in detail


@LINUX
@pytest.mark.parametrize("call", ["ptrace", "process_vm_readv", "bpf", "io_uring_setup", "mount", "clone3"])
def test_system_calls_made_by_hand_are_refused_too(call):
    if not seccomp.is_offered() or os.uname().machine != "x86_64":
        pytest.skip("numbers of x86-64")
    number = {"ptrace": 101, "process_vm_readv": 310, "bpf": 321, "io_uring_setup": 425, "mount": 165, "clone3": 435}[
        call
    ]
    error = 38 if call == "clone3" else 1
    lines = (
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"gave = libc.syscall({number}, 0, 0, 0, 0, 0, 0)\n"
        f"assert (gave, ctypes.get_errno()) == (-1, {error}), ctypes.get_errno()\n"
    )
    assert ends(lines, Layers(off=("landlock",), allowlist=False))[0] == Status.OK


@LINUX
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "{traces}", "/dev/null"])
def test_landlock_alone_refuses_files_outside_the_allowed_places(path):
    if not landlock.is_offered():
        pytest.skip("this kernel has no Landlock")
    import traces

    path = path.format(traces=Path(traces.__path__[0]) / "paging" / "sort.txt.xz")
    status, detail = ends(f"open({path!r}, 'rb')", Layers(off=("seccomp",), allowlist=False))
    assert status == Status.CRASHED
    assert "PermissionError" in detail


@LINUX
def test_landlock_alone_refuses_connections():
    if landlock.version() < 4:
        pytest.skip("Landlock knows of connections from version 4 on")
    status, detail = ends(
        "import socket; socket.create_connection(('127.0.0.1', 9), 1)", Layers(off=("seccomp",), allowlist=False)
    )
    assert status == Status.CRASHED
    assert "PermissionError" in detail


def test_processor_time_and_memory_end_with_their_own_statuses():
    limits = Limits(wall_s=30, cpu_s=1, memory_mb=200)
    layers = Layers(allowlist=False)
    stubborn = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    assert ends(stubborn, layers, limits) == (Status.TIMEOUT, "took more than 1 s of processor time")
    assert ends("self.x = bytearray(300 << 20)", layers, limits)[0] == Status.MEMORY
    assert ends("self.x = bytearray(50 << 20)", layers, limits)[0] == Status.OK


def test_no_trace_is_in_a_place_that_may_be_read():
    import traces
    import workloads

    readable, _ = sandbox.places()
    for package in (traces, workloads):
        kept = Path(package.__path__[0]).resolve()
        assert [str(place) for place in readable if kept.is_relative_to(place) or place.is_relative_to(kept)] == []


def test_an_installed_project_keeps_its_traces_from_candidates_too(tmp_path, monkeypatch):
    """Beside other packages, in the folder of them all."""
    for name in ("sim", "policies", "traces", "workloads", "numpy"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
    monkeypatch.setattr(sandbox, "search_path", lambda: [str(tmp_path / "site-packages")])
    readable, listed = sandbox.places.__wrapped__()
    found = {place.name for place in readable if place.is_relative_to(tmp_path)}
    assert found == {"sim", "policies", "numpy"}
    assert tmp_path / "site-packages" in listed


def test_nothing_is_left_of_a_jail_when_it_is_over():
    with Jail(FIFO, Limits(), Layers()) as jail:
        room, process = jail.room, jail.process
        assert (room / "candidate.py").read_text() == FIFO
    assert not room.exists()
    assert process is not None and process.returncode is not None


def test_the_environment_of_a_candidate_is_empty_but_for_what_it_needs(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    lines = "assert not any('KEY' in k or k in ('PATH', 'HOME', 'USER') for k in os.environ), dict(os.environ)"
    assert ends(lines, Layers(allowlist=False))[0] == Status.OK


def test_limits_below_1_are_refused():
    with pytest.raises(InputError, match="limit wall_s must be above 0, got 0"):
        Limits(wall_s=0)


def test_this_process_keeps_its_own_limits():
    before = resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_FSIZE)
    with Jail(FIFO, Limits(), Layers()):
        pass
    assert (resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_FSIZE)) == before


def test_a_process_that_does_not_come_up_is_told(monkeypatch):
    monkeypatch.setattr(sandbox, "BOOT", "raise SystemExit(3)")
    with pytest.raises(Ended, match="exit code 3"):
        Jail(FIFO, Limits(), Layers())
