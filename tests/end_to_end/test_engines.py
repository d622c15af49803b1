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

BETTER = """Older pages leave first.

<<<<<<< SEARCH
        return age
=======
        return age + 1.5
>>>>>>> REPLACE
"""

HOSTILE = BETTER.replace("return age + 1.5", "return __import__('os')._exit(0)")

WHOLE = """```python
from sim.domains import paging


class Evolved(paging.Sampled):
    def score(self, page):
        return self.age(page) + 1.5
```
"""

HOSTILE_WHOLE = WHOLE.replace("return self.age(page) + 1.5", "return __import__('os')._exit(0)")

COMMANDS = {
    "openevolve": "openevolve-run initial_program.py evaluator.py --config config.yaml --output out --iterations 3",
    "skydiscover": "skydiscover-run initial_program.py evaluator.py -c config.yaml -s topk -i 3 -o out",
    "gepa": "python run_gepa.py --max-metric-calls 20",
    "shinka": "sh run.sh 3",
}


def place(engine: str) -> Path:
    """The programs of an engine's environment; skips where there is none."""
    folder = Path(os.environ.get("AUGSIM_ENGINES", "/nowhere")) / engine / "bin"
    if not folder.is_dir():
        pytest.skip(f"{engine} is not there: no environment $AUGSIM_ENGINES/{engine}")
    return folder


def ran(engine: str, folder: Path) -> str:
    """Exports, runs the engine, gives all it said."""
    programs = place(engine)

    def reply(number, _):
        good, hostile = (WHOLE, HOSTILE_WHOLE) if engine == "gepa" else (BETTER, HOSTILE)
        return says(hostile if number % 2 else good)

    with Stub(reply) as stub:
        export.export(
            "paging",
            engine,
            folder,
            traces=("workload:zipf,n_requests=2400,n_pages=60",),
            options={"capacity": "10"},
            most_rows=400,
            model="stub",
            api_base=stub.base_url,
        )
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


def test_openevolve_runs_the_folder_and_keeps_a_program_that_is_no_failure(tmp_path):
    said = ran("openevolve", tmp_path / "folder")
    told = json.loads((tmp_path / "folder/out/best/best_program_info.json").read_text())
    assert 1 < told["metrics"]["combined_score"] < 2
    assert "combined_score=0.0000" in said


def test_skydiscover_runs_the_folder_and_keeps_a_program_that_is_no_failure(tmp_path):
    said = ran("skydiscover", tmp_path / "folder")
    told = json.loads((tmp_path / "folder/out/best/best_program_info.json").read_text())
    assert 1 < told["metrics"]["combined_score"] < 2
    assert "combined_score=0.0000" in said


def test_gepa_runs_the_folder_and_keeps_a_program_that_is_no_failure(tmp_path):
    said = ran("gepa", tmp_path / "folder")
    best = re.search(r"best score ([\d.]+)", said)
    assert best is not None and 1 < float(best[1]) < 2
    assert "_exit" not in (tmp_path / "folder/out/best_program.py").read_text()


def test_shinka_runs_the_folder_and_marks_a_failure_as_incorrect(tmp_path):
    ran("shinka", tmp_path / "folder")
    results = sorted((tmp_path / "folder/out").glob("gen_*/results"))
    told = [[json.loads((each / name).read_text()) for name in ("metrics.json", "correct.json")] for each in results]
    assert len(told) >= 2
    for metrics, correct in told:
        assert (metrics["combined_score"] > 1) == correct["correct"]
        assert metrics["combined_score"] > 1 or metrics["combined_score"] == 0
    assert told[0][1]["correct"]
