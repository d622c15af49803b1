"""A domain's problem as a folder that another engine can run: candidates out, decisions in, every figure computed here.

Each folder holds the program to begin with, an evaluator of the engine's form, `domain_eval.py` with `domain.json`, which have
candidates judged by augsim in a process of its own, and the engine's configuration. The engine needs no augsim beside it.
"""

from __future__ import annotations

import hashlib
import json
import math
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sim.adrs import problem as problems
from sim.adrs.instances import Instance, Splits, split
from sim.adrs.problem import Problem
from sim.adrs.proposers import prompt
from sim.adrs.proposers.endpoint import Endpoint
from sim.core.errors import InputError
from sim.core.modules import cache_folder, write_whole
from sim.study import catalog, provenance
from sim.study.experiment import Bench

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

ENGINES = ("openevolve", "shinka", "gepa", "skydiscover")

KILL_S = 240
"""After so many seconds an evaluation is killed here; before the engine's own limit, which would count it otherwise."""

ENGINE_S = KILL_S + 60

MODEL, API_BASE = "local-model", "http://127.0.0.1:8000/v1"
"""Stand in the configurations where the user names nothing."""


@dataclass(frozen=True)
class Task:
    """What an engine's files are made from.

    Args:
        problem: of the domain.
        initial: the program to begin with.
        text: the task in words, for a prompt.
        folder: where the files go.
        model, api_base: of an OpenAI-compatible endpoint.
    """

    problem: Problem
    initial: str
    text: str
    folder: Path
    model: str = MODEL
    api_base: str = API_BASE


def export(
    domain: str,
    engine: str,
    folder: Path,
    *,
    traces: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
    most_rows: int = 20_000,
    seed: int = 0,
    model: str = MODEL,
    api_base: str = API_BASE,
    force: bool = False,
) -> list[str]:
    """Writes a folder for an engine.

    Args:
        domain: its word; it must have a problem.
        engine: one of `ENGINES`.
        folder: is made; must be empty or not there, unless `force`.
        traces: to search on; none: the problem's own.
        options: of the system, as texts; those left out are the problem's.
        most_rows: of an instance.
        seed: of the splits.
        model, api_base: of the endpoint that the engine asks.
        force: write into a folder that is not empty.

    Returns:
        What the user should know: notices, and the command that runs the engine.

    Raises:
        InputError: the domain has no problem, the engine is unknown, the endpoint has no address, the folder is not empty, a
            trace cannot be opened.
    """
    if engine not in ENGINES:
        raise InputError(catalog.unknown("engine", engine, ENGINES, "augsim export --help"))
    problem = problems.find(domain)
    Endpoint(api_base)  # one that is no address is refused
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
        raise InputError(f"{folder} is not empty; name another folder, or --force to write into it")
    bench = Bench()
    named = [_absolute(text) for text in traces] or list(problem.traces)
    told = {**problem.setting, **(options or {})}
    splits, notices = split(problem, bench, traces=named, options=told, most_rows=most_rows, seed=seed)
    description = json.dumps(_description(problem, bench, splits), indent=1).encode()
    task = Task(problem, initial(problem), words(problem), folder.resolve(), model, api_base)
    maker = catalog.module("sim.adrs.export", engine)
    files: dict[str, str | bytes] = {
        "domain.json": description,
        "domain_eval.py": _pinned((HERE / "domain_eval.py").read_text(), description),
        **maker.files(task),
        "README.md": _readme(engine, maker.COMMAND, problem),
    }
    for name, content in files.items():
        write_whole(folder / name, content.encode() if isinstance(content, str) else content)
    return [*notices, f"{len(files)} files in {folder}; run there: {maker.COMMAND}"]


def _absolute(text: str) -> str:
    return text if text.startswith(("workload:", "sample:")) else str(Path(text).resolve())


def _description(problem: Problem, bench: Bench, splits: Splits) -> dict[str, Any]:
    """What scoring needs to know; nothing of the holdout is in it."""
    policy = catalog.policy(problem.domain, problem.baseline)
    told: dict[str, Any] = {
        "python": sys.executable,
        "root": str(ROOT),
        "cache": str(cache_folder("").resolve()),
        "kill_s": KILL_S,
        "domain": problem.domain,
        "system": problem.system,
        "metric": problem.metric,
        "better": problem.measured.better,
        "code": provenance.code_of(problem.domain, policy, False),
        "probes": [asdict(instance) for instance in splits.probes],
        "contents": {},
    }
    for name in ("train", "validation"):
        instances = splits.of(name)
        told[name] = [
            {**asdict(each), "name": each.name, "baseline": _reached(problem, bench, each)} for each in instances
        ]
        told["contents"] |= {
            each.trace: provenance.content_of(bench.trace(each.trace, problem.domain, each.seed)) for each in instances
        }
    return told


def _reached(problem: Problem, bench: Bench, instance: Instance) -> float:
    """What the baseline reaches on an instance."""
    from sim.core.engine import replay

    policy = catalog.policy(problem.domain, problem.baseline)
    trace = instance.open(bench, problem.system)
    cls = catalog.system(problem.system)
    system = cls(cls.Setting(**dict(instance.setting)).on(trace))
    metrics = replay(system.completed(trace, policy), system, policy, seed=instance.seed).metrics
    value = metrics[problem.metric]
    if value is None or not 0 < value < math.inf:
        raise InputError(
            f"the baseline {problem.baseline} reaches {value} on {instance.name}; expected a number above 0"
        )
    return float(value)


def initial(problem: Problem) -> str:
    """The problem's first seed, as the program that engines begin with, within the marks of a block that may change."""
    seed = next(iter(problem.seeds().values()))
    return f"# EVOLVE-BLOCK-START\n{problem.source(seed).rstrip()}\n# EVOLVE-BLOCK-END\n"


def words(problem: Problem) -> str:
    """The task in words: what is decided, how it is judged, what a file may be."""
    better = next(m.better for m in catalog.system(problem.system).METRICS if m.name == problem.metric)
    lower = "lower" if better != "higher" else "higher"
    policy = catalog.module("sim.domains", problem.domain).Policy
    interface = "\n".join(line.strip() for line in str(policy.__doc__).strip().splitlines())
    return f"""\
{prompt.SYSTEM}

{problem.task}

The program is one file with one class derived from `sim.domains.{problem.domain}.Policy` or one of its kind. It only decides:
{problem.metric} ({lower} is better) is counted outside, relative to the policy `{problem.baseline}`. The score is
1 + 1 / (1 + ratio), so 1.5 is as good as it.

{prompt.RULES}

{interface}
"""


def _pinned(text: str, description: bytes) -> str:
    """The evaluator with the hash of its description, so that an edit of it shows."""
    return text.replace('DIGEST = ""', f'DIGEST = "{hashlib.sha256(description).hexdigest()}"')


def _readme(engine: str, command: str, problem: Problem) -> str:
    return f"""\
# {problem.system} for {engine}

{problem.task}

Run here, with the engine installed and an OpenAI-compatible endpoint named in its configuration:

    {command}

`domain_eval.py` has each program judged by augsim ({shlex.quote(sys.executable)}), which runs it in a jail and computes every
metric itself. `combined_score` is 1 + b / (b + l) with the losses b of the baseline and l of the program: 1.5 is as good as
`{problem.baseline}`, more is better, and exactly 0 is a program that failed; its feedback says why. `domain.json` names the
instances for training and choosing, and none for judging. What comes out is a policy file: `augsim replay -p FILE` runs it.
"""
