"""Exported folders: another engine sees one bounded number, and a program that failed is exactly 0."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.adrs import export
from sim.adrs.export import score
from sim.adrs.instances import DRAWS, TRAIN, VALIDATION
from sim.core.errors import InputError
from tests.adrs import zoo

ROOT = Path(__file__).parents[2]
TRACES = ("workload:zipf,n_requests=2400,n_pages=60",)
CHEATS = {cheat.name: cheat for cheat in zoo.cheats()}


def exported(engine: str, folder: Path) -> Path:
    export.export("paging", engine, folder, traces=TRACES, options={"capacity": "10"}, most_rows=400)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("engines")
    return {engine: exported(engine, root / engine) for engine in export.ENGINES}


def loaded(path: Path, name: str):
    """A file of an exported folder as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def evaluator(folders):
    return loaded(folders["openevolve"] / "domain_eval.py", "exported_domain_eval")


def library(name: str) -> Path:
    return ROOT / "policies" / "paging" / f"{name}.py"


def test_every_engine_gets_its_files_and_all_begin_with_the_same_program(folders):
    names = {engine: {path.name for path in folder.iterdir()} for engine, folder in folders.items()}
    common = {"domain.json", "domain_eval.py", "README.md"}
    assert names["openevolve"] == names["skydiscover"] == {*common, "initial_program.py", "evaluator.py", "config.yaml"}
    assert names["shinka"] == {*common, "initial.py", "evaluate.py", "task.txt", "run.sh"}
    assert names["gepa"] == {*common, "initial_program.py", "run_gepa.py", "gepa.json"}
    programs = {(folder / "initial_program.py").read_text() for e, folder in folders.items() if e != "shinka"}
    assert programs == {(folders["shinka"] / "initial.py").read_text()}
    (program,) = programs
    assert program.startswith("# EVOLVE-BLOCK-START\n") and program.endswith("# EVOLVE-BLOCK-END\n")


def test_what_judges_stays_away_from_engines(folders):
    """A workload is split by its draws; no file names one that judges."""
    told = json.loads((folders["gepa"] / "domain.json").read_text())
    seeds = {each["seed"] for split in ("train", "validation", "probes") for each in told[split]}
    assert seeds == set(range(DRAWS[TRAIN] + DRAWS[VALIDATION]))
    assert "holdout" not in (folders["gepa"] / "domain.json").read_text()


def test_the_baseline_scores_one_and_a_half_and_a_better_policy_more(evaluator):
    lru, better = evaluator.score(library("lru")), evaluator.score(library("lfu"))
    assert (lru["status"], lru["combined_score"]) == ("ok", 1.5)
    assert better["status"] == "ok"
    assert 1.5 < better["combined_score"] < 2
    assert set(better["losses"]) == set(lru["losses"]) and all(loss == 0 for loss in lru["losses"].values())
    assert "workload 0: " in better["feedback"] and "zipf" not in better["feedback"]
    assert {layer.rstrip("0123456789") for layer in lru["layers"]} >= {"rlimit"}


@pytest.mark.parametrize(
    ("domain", "trace", "better", "told", "sign"),
    [
        (
            "dispatch",
            "workload:poisson,rate=12,n_jobs=300",
            "shortest_delay",
            "response_mean ... (lower is better)",
            "-",
        ),
        (
            *("bandits", "workload:bernoulli,n_arms=6,means=[0;1],n_rounds=300", "thompson_beta"),
            *("expected_reward ... (higher is better)", "+"),
        ),
        (
            "transactions",
            "workload:tpcc,n_transactions=40,n_warehouses=1",
            "neh",
            "makespan ... (lower is better)",
            "-",
        ),
        pytest.param(
            *("transactions/engine", "workload:smallbank,n_transactions=60,hot_probability=0.9,hot_size=10", "smf"),
            *("throughput ... (higher is better)", "+"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_problem_of_every_domain_is_scored_from_where_it_begins(domain, trace, better, told, sign, tmp_path):
    export.export(domain, "openevolve", tmp_path / "folder", traces=(trace,))
    judges = loaded(tmp_path / "folder" / "domain_eval.py", f"evaluator_of_{domain}")
    first = judges.score(tmp_path / "folder" / "initial_program.py")
    assert (first["status"], first["combined_score"]) == ("ok", pytest.approx(1.5, abs=0.02))
    other = judges.score(ROOT / "policies" / domain.partition("/")[0] / f"{better}.py")
    assert other["status"] == "ok" and first["combined_score"] < other["combined_score"] < 2
    head, *changes = other["feedback"].splitlines()
    assert head == told.replace("...", "relative to the baseline's")
    n_settings = 2 if domain == "transactions/engine" else 1
    assert len(changes) == 8 * n_settings and sum(f": {sign}" in change for change in changes) > 4 * n_settings


def test_one_instance_can_be_judged_alone(evaluator):
    found = [evaluator.score(library("lfu"), "validation", number) for number in evaluator.instances("validation")[:1]]
    assert [len(each["losses"]) for each in found] == [1]


@pytest.mark.parametrize("name", ["early_exit", "own_score", "harness"])
def test_a_cheat_scores_exactly_0(evaluator, tmp_path, name):
    path = tmp_path / "program.py"
    path.write_text(CHEATS[name].source)
    result = evaluator.score(path)
    assert (result["combined_score"], result["status"], result["losses"]) == (0.0, CHEATS[name].listed, {})
    assert result["feedback"].startswith(f"{CHEATS[name].listed}: ")


@pytest.mark.slow
@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_the_whole_zoo_scores_exactly_0(evaluator, tmp_path, cheat):
    path = tmp_path / "program.py"
    path.write_text(cheat.source)
    result = evaluator.score(path)
    assert (result["combined_score"], result["status"]) == (0.0, cheat.listed)


def test_an_evaluation_is_killed_in_time(folders, evaluator, tmp_path, monkeypatch):
    told = json.loads((folders["openevolve"] / "domain.json").read_text())
    monkeypatch.setattr(evaluator, "_description", lambda: {**told, "kill_s": 0.3})
    before = time.monotonic()
    result = evaluator.score(library("lru"))
    assert (result["combined_score"], result["status"]) == (0.0, "timeout")
    assert time.monotonic() - before < 5


def test_a_description_that_was_changed_scores_nothing(tmp_path):
    folder = exported("openevolve", tmp_path / "folder")
    told = json.loads((folder / "domain.json").read_text())
    told["train"][0]["baseline"] *= 1000
    (folder / "domain.json").write_text(json.dumps(told))
    result = loaded(folder / "domain_eval.py", "changed").score(library("lru"))
    assert result["combined_score"] == 0.0
    assert "not the one that was exported" in result["feedback"]


def test_a_missing_program_scores_0_and_does_not_raise(evaluator, tmp_path):
    result = evaluator.score(tmp_path / "nowhere.py")
    assert (result["combined_score"], result["status"]) == (0.0, "crashed")


@pytest.mark.parametrize("engine", ["openevolve", "skydiscover"])
def test_evaluators_give_what_their_engines_take(folders, engine, tmp_path):
    """By stand-ins of the engines' result class; the engines themselves are run in tests/end_to_end."""
    place = {"openevolve": "openevolve", "skydiscover": "skydiscover/evaluation"}[engine]
    package = tmp_path / place
    package.mkdir(parents=True)
    (package / "evaluation_result.py").write_text(
        "class EvaluationResult:\n    def __init__(self, metrics, artifacts):\n"
        "        self.metrics, self.artifacts = metrics, artifacts\n"
    )
    program = (
        "import evaluator, json, sys; r = evaluator.evaluate(sys.argv[1]); print(json.dumps([r.metrics, r.artifacts]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(library("fifo"))],
        env={"PYTHONPATH": f"{tmp_path}:{folders[engine]}", "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    metrics, artifacts = json.loads(ran.stdout)
    assert 1 < metrics["combined_score"] < 2
    assert artifacts["status"] == "ok"


def test_shinkas_evaluation_writes_its_files_wherever_the_engine_copied_it(folders, tmp_path):
    copied = tmp_path / "evaluate.py"
    copied.write_text((folders["shinka"] / "evaluate.py").read_text())
    hostile = tmp_path / "main.py"
    hostile.write_text(CHEATS["early_exit"].source)
    results = tmp_path / "results"
    subprocess.run(
        [sys.executable, str(copied), "--program_path", str(hostile), "--results_dir", str(results)],
        check=True,
        cwd=tmp_path,
    )
    metrics, correct = (json.loads((results / name).read_text()) for name in ("metrics.json", "correct.json"))
    assert metrics["combined_score"] == 0.0 and metrics["public"] == {"status": "refused"}
    assert correct["correct"] is False and "import of os" in correct["error"]


def test_configurations_name_the_endpoint_and_leave_the_kill_to_us(tmp_path):
    for engine in ("openevolve", "skydiscover"):
        export.export(
            "paging",
            engine,
            tmp_path / engine,
            traces=TRACES,
            options={"capacity": "10"},
            model="m",
            api_base="http://x/v1",
        )
        text = (tmp_path / engine / "config.yaml").read_text()
        assert 'api_base: "http://x/v1"' in text and 'name: "m"' in text
        assert f"timeout: {export.ENGINE_S}" in text and export.ENGINE_S > export.KILL_S
        assert "max_retries: 0" in text and "cascade_evaluation: false" in text
    assert (
        text.count('api_base: "http://x/v1"') == 2
    )  # a model of SkyDiscover's without its own goes to a hosted service


def test_wrong_use_is_refused_in_one_line(tmp_path, folders, capsys):
    with pytest.raises(InputError, match='no engine named "openevolv"; did you mean "openevolve"'):
        export.export("paging", "openevolv", tmp_path / "x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(InputError, match="is not empty; name another folder, or --force"):
        export.export("paging", "gepa", tmp_path / "full")
    description = str(folders["gepa"] / "domain.json")
    assert score.main([description, str(library("lru")), "holdout"]) == 2
    assert capsys.readouterr().err == 'no split named "holdout"; expected train or validation\n'


def test_other_rules_than_those_of_the_export_are_refused(folders, tmp_path):
    told = json.loads((folders["gepa"] / "domain.json").read_text())
    path = tmp_path / "domain.json"
    path.write_text(json.dumps({**told, "code": "0"}))
    with pytest.raises(InputError, match="has changed since the export; export again"):
        score.score(path, library("lru"), "train")
    path.write_text(json.dumps({**told, "contents": dict.fromkeys(told["contents"], "0")}))
    with pytest.raises(InputError, match="has changed since the export; export again"):
        score.score(path, library("lru"), "train")
