"""The same result whatever the hash seed of the interpreter: decisions in both forms, generated code, what the command prints."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import json, sys
from sim.core.compile import compile_loop
from sim.core.seeds import stream
from sim.domains.paging import Setting, System
from sim.study import catalog
from tests.contracts.paging.subjects import predicted
from tests.worked import golden, run

trace = predicted(golden(), 10)
decided = {
    name: run(catalog.policy("paging", name), trace, 10).decisions.subject.tolist()
    for name in ("lru", "random", "marker", "mark0", "lhd", "trust_and_doubt", "combiner,switching=randomized")
}
begun = System(Setting(10)).begin(trace, catalog.policy("paging", "marker"), stream(0, "policy", trace.name), record=True)
loop = compile_loop(begun.loop, begun.objects, "Marker")
loop(0, len(trace))
decided["marker, compiled"] = begun.decisions().subject.tolist()
print(json.dumps([decided, loop.module.__name__]))
"""

COMMAND = "replay paging workload:zipf,n_requests=3000,n_pages=200 --capacity 20,5% -p lru -p marker -p mark0"
COMMAND += " --predict discard:flip=0.2 --seed 3 --seeds 2 --mode interpreted --json"

CLOCK = ("seconds", "requests_per_s")


def said(seed: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_decisions_and_generated_code_do_not_depend_on_the_hash_seed():
    decided, module = json.loads(said("1", "-c", PROGRAM))
    assert [decided, module] == json.loads(said("2", "-c", PROGRAM))
    assert decided["marker"] == decided["marker, compiled"]
    assert len({tuple(pages) for pages in decided.values()}) == len(decided) - 1


def test_the_rows_of_a_replay_do_not_depend_on_the_hash_seed_but_for_the_clock():
    printed = []
    for seed in ("1", "2"):
        rows = json.loads(said(seed, "-m", "sim.cli.main", *COMMAND.split()))
        printed.append(json.dumps([{key: v for key, v in row.items() if key not in CLOCK} for row in rows]))
    assert len(json.loads(printed[0])) == 2 * (2 + 2 + 2 + 1)
    assert printed[0] == printed[1]
