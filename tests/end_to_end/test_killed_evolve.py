"""A search killed at random moments, and run again each time, comes to what an undisturbed one comes to, bit for bit."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.adrs.loop import BEST, JOURNAL
from tests.adrs.stub import Stub, says
from tests.cli.test_evolve import DRIVER, answer

WORDS = ("paging", "--trace", "workload:zipf,n_requests=600,n_pages=50", "--set", "capacity=8", "--workers", "2")


def begun(folder: Path, words: tuple[str, ...]) -> subprocess.Popen:
    """The command in a process group of its own, so that its workers can be killed with it."""
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, "evolve", *WORDS, *words, "-o", "run"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finished(folder: Path, words: tuple[str, ...]) -> tuple[str, float]:
    """Runs it to its end; its table, and the seconds it took."""
    began = time.monotonic()
    process = begun(folder, words)
    out, said = process.communicate(timeout=600)
    assert process.returncode == 0, said.decode()
    return out.decode(), time.monotonic() - began


def killed(folder: Path, words: tuple[str, ...], after_s: float) -> bool:
    """Runs it and kills it, workers and all; whether it had not ended by itself."""
    process = begun(folder, words)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def survives(tmp_path: Path, words: tuple[str, ...], n_kills: int) -> None:
    """Kills a run so often, at moments spread over its whole length, and holds it against an undisturbed one."""
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    table, seconds = finished(undisturbed, words)
    chance = random.Random(n_kills)
    moments = [chance.uniform(k / n_kills, (k + 1) / n_kills) * seconds for k in range(n_kills)]
    assert sum(killed(disturbed, words, after_s) for after_s in moments) >= 2
    journal = disturbed / "run" / JOURNAL
    kept = journal.read_bytes()
    again, _ = finished(disturbed, words)
    assert again == table
    assert journal.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])  # nothing that was found out was lost
    for name in (JOURNAL, BEST):
        assert (disturbed / "run" / name).read_bytes() == (undisturbed / "run" / name).read_bytes()
    one, other = (json.loads((folder / "run" / "found.json").read_text()) for folder in (undisturbed, disturbed))
    told_apart = {"seconds", "command", "notices", "machine"}
    assert {k: v for k, v in one.items() if k not in told_apart} == {
        k: v for k, v in other.items() if k not in told_apart
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("proposers", "budget", "n_kills"), [(("gp", "cma"), 120, 4), (("gp", "cma"), 60, 8), (("gp", "ast"), 45, 4)]
)
def test_a_killed_search_loses_nothing(tmp_path, proposers, budget, n_kills):
    words = tuple(word for name in proposers for word in ("--proposer", name))
    survives(tmp_path, (*words, "--budget", str(budget)), n_kills)


@pytest.mark.slow
def test_a_killed_search_by_a_models_answers_loses_nothing_and_asks_nothing_twice(tmp_path):
    known: dict[str, int] = {}

    def script(number, asked):
        """One answer to one request, whichever run asks."""
        place = known.setdefault(json.dumps(asked, sort_keys=True), len(known))
        return says(answer(place) if place % 4 else "I had rather not.")

    with Stub(script) as stub:
        words = (
            "--proposer",
            "llm",
            "--proposer",
            "gp",
            "--budget",
            "50",
            "--model",
            "stub",
            "--base-url",
            stub.base_url,
        )
        survives(tmp_path, words, 4)
    kept = [len(list((tmp_path / name / "run" / "answers").glob("*.json"))) for name in ("undisturbed", "disturbed")]
    assert kept[0] == kept[1] == len(known)
    assert len(stub.requests) <= 2 * len(known) + 4  # each folder asks once, and again what it was killed over
