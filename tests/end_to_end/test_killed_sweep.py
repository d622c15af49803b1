"""A sweep killed at random moments, and run again each time, ends with the table of an undisturbed one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.study.store import Store
from tests.study.studies import same, written

STUDY = """
domain = "paging"
traces = ["workload:zipf,alpha=0.8,n_requests=20000,n_pages=500", "workload:loop,n_requests=20000,n_pages=300"]
policies = ["lru", "fifo", "random"]
seeds = 5
system.capacity = ["2%", "5%", "10%", "20%"]
"""


def begun(study: Path, folder: str) -> subprocess.Popen:
    """The command in a process group of its own, so that its workers can be killed with it."""
    words = ["sweep", study.name, "-o", folder, "--workers", "2"]
    return subprocess.Popen(
        [sys.executable, "-m", "sim.cli.main", *words],
        cwd=study.parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finished(study: Path, folder: str) -> float:
    """Runs it to its end; the seconds it took."""
    began = time.monotonic()
    process = begun(study, folder)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()
    return time.monotonic() - began


def killed(study: Path, folder: str, after_s: float) -> bool:
    """Runs it and kills it, workers and all; whether it had not ended by itself."""
    process = begun(study, folder)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("n_kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_a_sweep_killed_at_random_moments_loses_and_doubles_nothing(tmp_path, n_kills):
    study = written(tmp_path, STUDY)
    finished(study, "warm")
    seconds = finished(study, "undisturbed")
    chance = random.Random(n_kills)
    n_killed = sum(killed(study, "disturbed", chance.uniform(0, seconds)) for _ in range(n_kills))
    assert n_killed
    finished(study, "disturbed")
    with Store(tmp_path / "undisturbed") as left, Store(tmp_path / "disturbed") as right:
        assert left.counts() == right.counts()
        assert len(left.frame()) == 4 * (4 * 5 + 2 * 5 + 2)  # on the loop, which draws nothing, lru and fifo run once
        assert same(left.frame(), right.frame())


def test_an_interrupted_sweep_says_what_is_done_and_goes_on_from_there(tmp_path):
    study = written(tmp_path, STUDY.replace("20000", "2000000"))
    process = begun(study, "r")
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        if (tmp_path / "r" / "results.sqlite").exists():
            with Store(tmp_path / "r") as store:
                if store.counts()["done"] > 0:
                    break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    last = said.decode().splitlines()[-1]
    assert last.startswith("augsim: interrupted; ") and last.endswith("The same command goes on from there")
    with Store(tmp_path / "r") as store:
        assert 0 < store.counts()["done"] < 160
