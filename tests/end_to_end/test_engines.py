"""Exported folders run by the real engines, for a few iterations, with a stub on loopback in the place of a model.

Each engine lives in an environment of its own, `$AUGSIM_ENGINES/<engine>` (python -m venv, pip install openevolve==0.4.0,
shinka-evolve==0.0.7, gepa==0.1.4, skydiscover==0.1.0); one that is not there is left out. The stub's replies are written down
here, so nothing is said about how well an engine searches.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from sim.adrs import export
from tests.adrs.stub import Stub, says

pytestmark = pytest.mark.slow

HOSTILE = "return __import__('os')._exit(0)"

COMMANDS = {
    "openevolve": "openevolve-run initial_program.py evaluator.py --config config.yaml --output out --iterations 3",
    "skydiscover": "skydiscover-run initial_program.py evaluator.py -c config.yaml -s topk -i 3 -o out",
    "gepa": "python run_gepa.py --max-metric-calls 120",
    "shinka": "sh run.sh 3",
}


def place(engine: str) -> Path:
    """The programs of an engine's environment; skips where there is none."""
    folder = Path(os.environ.get("AUGSIM_ENGINES", "/nowhere")) / engine / "bin"
    if not folder.is_dir():
        pytest.skip(f"{engine} is not there: no environment $AUGSIM_ENGINES/{engine}")
    return folder


DOMAINS = {
    "paging": {"traces": ("workload:zipf,n_requests=2400,n_pages=60",), "options": {"capacity": "10"}},
    "dispatch": {},
    "transactions": {},
    "transactions/engine": {},
    "bandits": {},
}


def answer(engine: str, program: str, is_hostile: bool) -> str:
    """A reply to a folder's first program: what it decides by is a little more, or the end of its process."""
    before = program.splitlines()[-2]
    assert before.startswith("        return "), before
    after = f"        {HOSTILE}" if is_hostile else f"{before} + 1.5"
    if engine == "gepa":
        return f"```python\n{program.replace(before, after)}```"
    return f"A change.\n\n<<<<<<< SEARCH\n{before}\n=======\n{after}\n>>>>>>> REPLACE\n"


def ran(engine: str, domain: str, folder: Path) -> str:
    """Exports, runs the engine, gives all it said."""
    programs = place(engine)
    with Stub(lambda number, _: says(answer(engine, first_program(folder), number % 2 == 1))) as stub:
        given = {"model": "stub", "api_base": stub.base_url, "most_rows": 400, **DOMAINS[domain]}
        export.export(domain, engine, folder, **given)
        done = subprocess.run(
            COMMANDS[engine].split(),
            cwd=folder,
            env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "OPENAI_API_KEY": "none"},
            capture_output=True,
            text=True,
            timeout=900,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-3000:]
        assert len(stub.requests) >= 2, said[-3000:]
    return said


def first_program(folder: Path) -> str:
    return next(folder.glob("initial*.py")).read_text()


@pytest.mark.parametrize("domain", DOMAINS)
def test_openevolve_runs_the_folder_and_keeps_a_program_that_is_no_failure(tmp_path, domain):
    said = ran("openevolve", domain, tmp_path / "folder")
    told = json.loads((tmp_path / "folder/out/best/best_program_info.json").read_text())
    assert 1 < told["metrics"]["combined_score"] < 2
    assert "combined_score=0.0000" in said


@pytest.mark.parametrize("domain", DOMAINS)
def test_skydiscover_runs_the_folder_and_keeps_a_program_that_is_no_failure(tmp_path, domain):
    said = ran("skydiscover", domain, tmp_path / "folder")
    told = json.loads((tmp_path / "folder/out/best/best_program_info.json").read_text())
    assert 1 < told["metrics"]["combined_score"] < 2
    assert "combined_score=0.0000" in said


@pytest.mark.parametrize("domain", DOMAINS)
def test_gepa_runs_the_folder_and_keeps_a_program_that_is_no_failure(tmp_path, domain):
    said = ran("gepa", domain, tmp_path / "folder")
    best = re.search(r"best score ([\d.]+)", said)
    assert best is not None and 1 < float(best[1]) < 2
    assert "_exit" not in (tmp_path / "folder/out/best_program.py").read_text()


@pytest.mark.parametrize("domain", DOMAINS)
def test_shinka_runs_the_folder_and_marks_a_failure_as_incorrect(tmp_path, domain):
    ran("shinka", domain, tmp_path / "folder")
    results = sorted((tmp_path / "folder/out").glob("gen_*/results"))
    told = [[json.loads((each / name).read_text()) for name in ("metrics.json", "correct.json")] for each in results]
    assert len(told) >= 2
    for metrics, correct in told:
        assert (metrics["combined_score"] > 1) == correct["correct"]
        assert metrics["combined_score"] > 1 or metrics["combined_score"] == 0
    assert told[0][1]["correct"]
