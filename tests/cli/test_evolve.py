"""`augsim evolve DOMAIN`, as a user calls it: small searches, really run, and what is said where one cannot be."""

import csv
import io
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from sim.adrs import loop, problem
from sim.adrs.journal import alone
from sim.adrs.loop import BEST, JOURNAL
from sim.adrs.problem import Formula, Problem
from sim.adrs.proposers.endpoint import Endpoint
from sim.cli import loops
from tests.adrs.stub import Stub, fails, says
from tests.adrs.synthetic import formula
from tests.cli.command import Said, augsim

TRACE = "workload:zipf,n_requests=300,n_pages=40"

SMALL = ("--trace", TRACE, "--set", "capacity=8", "--budget", "24", "--workers", "1")

JAILED = (
    "import math\n\nfrom sim.domains import paging\n\n\nclass Mine(paging.Sampled):\n"
    '    """Evicts what was asked for least in its time."""\n\n'
    "    def score(self, page):\n        return self.age(page) - {k}.0 * self.count(page)\n"
)


def answer(k: int) -> str:
    """What the stub says in place of a model: policies that decide unlike each other; every fifth one goes to the jail."""
    return formula(f"age - {k}.5 * count") if k % 5 else JAILED.format(k=k + 1)


DRIVER = """
import sys
from pathlib import Path
import sim.adrs.holdout
sim.adrs.holdout.cache_folder = lambda kind: Path("looks") / kind
from sim.cli import main
main.main()
"""
"""The command with a folder of its own for looks at holdouts, where nobody has looked before."""

SILENT = f"import sim.adrs.telling\nsim.adrs.telling.tell = lambda *about, **more: iter(())\n{DRIVER}"
"""The same without figures and report."""


def spawned(folder: Path, *words: object, driver: str = SILENT, **environment: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-c", driver, "evolve", *map(str, words)],
        capture_output=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run, and what it said."""
    folder = tmp_path_factory.mktemp("evolve")
    return folder, spawned(folder, "paging", *SMALL, "-o", "run", driver=DRIVER, PYTHONHASHSEED="1")


class Here:
    """Runs trials in this process, which has compiled what they need."""

    def __init__(self, function, budget, **_):
        self.map = partial(map, function)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.adrs.holdout.cache_folder", lambda kind: tmp_path / "looks" / kind)
    monkeypatch.setattr("sim.study.backends.processes.Pool", Here)
    monkeypatch.setattr("sim.adrs.figures.gallery.save", lambda record, folder, source: iter(()))
    monkeypatch.setattr("sim.adrs.telling.report", lambda record, folder: folder / "report.html")
    return lambda *words: augsim(capsys, monkeypatch, "evolve", *words)


def one_line(said: Said, *expected: str) -> None:
    assert (said.code, said.out) == (2, ""), said.err
    assert said.err.startswith("augsim: ") and said.err.count("\n") == 1, said.err
    for text in expected:
        assert text in said.err


def test_a_search_prints_its_table_with_all_controls_and_a_verdict(ran):
    folder, said = ran
    assert said.code == 0, said.err
    champion = json.loads((folder / "run" / "found.json").read_text())["champion"]
    for name in ("evolved", "tuned", "random", "best of n", "hill climbing", "library", "bound *"):
        assert f"\n {name}{', the winner' if name == champion else ''} " in said.out
    assert "this was look 1 at these holdout traces, its figures were published, and 9 are left" in said.out
    *_, found, search = said.out.splitlines()
    assert "on 8 traces of the holdout (95 % interval: " in found and found.endswith(");")
    other = "the best of the other searches, " if champion == "evolved" else "what evolved "
    assert f"{champion} has " in search and f" than {other}" in search
    by = "evolution" if champion == "evolved" else champion
    told = f"augsim: run/best.py is the winner, found by {by}: augsim replay paging TRACE -p run/best.py"
    assert said.err.splitlines()[-1] == told


def test_the_winner_is_a_policy_file_that_tells_its_ancestry_and_figures(ran, capsys, monkeypatch):
    folder, _ = ran
    text = (folder / "run" / BEST).read_text()
    kept = json.loads((folder / "run" / "found.json").read_text())
    by = "evolution" if kept["champion"] == "evolved" else kept["champion"]
    assert f"Found by {by}.\n" in text and "Ancestry, the youngest first:\n" in text
    assert kept["winner"]["id"] in text
    assert all(f"\n        {part}: -0." in text for part in ("train", "validation", "fresh", "holdout"))
    for claim in kept["claims"]:
        said, _, figures = claim.rpartition(" (")
        assert f"\n    ({figures}" in text and said in " ".join(text.split())
    words = (TRACE, "--capacity", 8, "--json", "-p", folder / "run" / BEST, "-p", "lru")
    rows = json.loads(augsim(capsys, monkeypatch, "replay", "paging", *words).out)
    misses = {Path(row["policy"]).stem: row["misses"] for row in rows}
    assert misses["best"] < misses["lru"]


def test_the_winner_is_read_back_as_the_formula_it_is(ran):
    paging = problem.find("paging")
    assert paging.read((ran[0] / "run" / BEST).read_text()) is not None


def test_the_same_command_finds_all_done_and_prints_the_same_as_table_json_and_csv(ran):
    folder, first = ran
    before = (folder / "run" / JOURNAL).read_bytes()
    again = spawned(folder, "paging", *SMALL, "-o", "run")
    assert again.out == first.out and "goes on from" in again.err
    assert (folder / "run" / JOURNAL).read_bytes() == before
    as_json = json.loads(spawned(folder, "paging", *SMALL, "-o", "run", "--json").out)
    as_csv = list(csv.DictReader(io.StringIO(spawned(folder, "paging", *SMALL, "-o", "run", "--csv").out)))
    assert [row["candidate"] for row in as_json] == [row["candidate"] for row in as_csv]
    assert [row["candidate"] for row in as_json][:2] == ["evolved", "tuned"] and as_json[-1]["candidate"] == "bound"
    for mine, theirs in zip(as_json, as_csv, strict=True):
        assert float(theirs["holdout"]) == mine["holdout"] and float(theirs["holdout_low"]) <= mine["holdout"]
    assert as_json[0]["evaluations"] == 24 and as_json[-1]["holdout"] <= min(row["holdout"] for row in as_json)


def test_the_same_seed_gives_the_same_whatever_the_workers_and_hash_seed(ran, tmp_path):
    folder, first = ran
    words = [*SMALL[:-1], "2"]
    other = spawned(tmp_path, "paging", *words, "-o", "run", PYTHONHASHSEED="2")
    assert other.out == first.out
    for name in (JOURNAL, BEST):
        assert (tmp_path / "run" / name).read_bytes() == (folder / "run" / name).read_bytes()


@pytest.mark.slow
def test_another_seed_draws_other_traces_and_candidates(ran, tmp_path):
    other = spawned(tmp_path, "paging", *SMALL, "-o", "run", "--seed", 1)
    assert other.code == 0 and other.out != ran[1].out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pagin", *SMALL), ('no domain named "pagin"; did you mean "paging"?',)),
        (("paging/timed", *SMALL), ("the problem of paging is one of the system paging, not of paging/timed",)),
        (("paging", "--trace", "nowhere.csv"), ("no trace file nowhere.csv",)),
        (("paging", "--trace", "no*.csv"), ("no file matches no*.csv",)),
        (("paging", "--trace", "workload:zipff"), ('no paging workload named "zipff"; did you mean "zipf"?',)),
        (("paging", *SMALL, "--holdout", TRACE), ("is among the holdout traces and among those of train",)),
        (("paging", *SMALL, "--foreign", TRACE), ("is among the foreign traces and among those of train",)),
        (("paging", *SMALL, "--budget", "11"), ("--budget must be at least 12", "got 11")),
        (("paging", *SMALL, "--proposer", "ast", "--budget", "26"), ("--budget must be at least 27", "got 26")),
        (("paging", *SMALL, "--budget", "0"), ('--budget must be a whole number of at least 1, got "0"',)),
        (
            ("paging", *SMALL, "--events", "131999"),
            ("--events must be at least 132,000", "got 131,999"),
        ),  # 8 x 300 x 11 x 5
        (("paging", *SMALL, "--set", "capcity=3"), ('no setting of paging named "capcity"; did you mean "capacity"?',)),
        (("paging", *SMALL, "--set", "capacity"), ('--set "capacity" is no setting; expected KEY=VALUE',)),
        (("paging", *SMALL, "--set", "capacity=9"), ("--set names capacity twice, as 8 and as 9; give one of them",)),
        (("paging", *SMALL, "--json", "--csv"), ("--json and --csv exclude each other; give one of them",)),
        (("paging", *SMALL, "--proposer", "genius"), ("'genius' is not one of",)),
        (("paging", *SMALL, "--proposer", "llm"), ("proposer llm needs a model; name one by --model",)),
        (("paging", *SMALL, "--proposer", "llm", "--model", "m"), ("proposer llm needs an endpoint, --base-url http",)),
        (("paging", *SMALL, "--proposer", "llm", "--model", "m", "--base-url", "host"), ('"host" is no address',)),
        (
            ("paging", *SMALL, "--proposer", "llm", "--model", "m", "--cassette-mode", "replay"),
            ("there is no folder run/answers to replay answers from; record them by --cassette-mode record",),
        ),
    ],
)
def test_wrong_use_gets_one_line_and_exit_code_2_and_leaves_no_folder(say, tmp_path, words, expected):
    one_line(say(*words, "-o", "run"), *expected)
    assert not (tmp_path / "run").exists()


def test_a_folder_without_a_name_is_none_and_not_the_usual_one(say, tmp_path):
    for option, name in (("-o", "--output"), ("--cassette", "--cassette")):
        one_line(
            say("paging", *SMALL, option, ""), f'{name} must name a folder, got ""; leave it out for the usual one'
        )
    assert not list(tmp_path.iterdir())


def test_a_domain_without_a_problem_file_is_told_which_have_one(say, monkeypatch):
    monkeypatch.setattr(problem, "known", lambda: ["paging"])
    one_line(
        say("transactions"), "transactions has no problem file, so there is nothing to evolve; domains with one: paging"
    )


def test_proposers_of_code_are_refused_before_anything_runs_where_a_layer_is_missing_unless_it_is_named(
    say, monkeypatch, tmp_path
):
    monkeypatch.setattr(loop, "standing", lambda layers: layers.check(("rlimit",)) or ("rlimit",))
    code = (*SMALL, "--proposer", "ast", "-o", "run", "--budget", "30")
    said = say("paging", *code)
    one_line(
        said,
        "untrusted candidates are not run here: seccomp, landlock not active",
        "--without seccomp --without landlock",
    )
    assert not (tmp_path / "run" / JOURNAL).exists()
    one_line(say("paging", *code, "--without", "seccomp"), ": landlock not active")
    one_line(say("paging", *SMALL, "--without", "secomp"), "'secomp' is not one of 'rlimit', 'seccomp', 'landlock'")
    formulas = say("paging", *SMALL, "-o", "formulas")
    assert formulas.code == 0, formulas.err
    assert "layers=rlimit hold here; no candidate ran as code" in formulas.out


def test_a_holdout_that_is_a_copy_of_what_is_searched_on_is_refused(say, tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("page\n" + "".join(f"{k % 7}\n" for k in range(300)))
    said = say("paging", "--trace", "a.csv", "--holdout", "b.csv", "-o", "run", "--set", "capacity=3")
    one_line(said, "b.csv is among the holdout traces, with the content of a.csv and among those of train")


def test_a_folder_with_another_search_is_left_alone(ran):
    folder, _ = ran
    before = (folder / "run" / JOURNAL).read_bytes()
    for words in (("--seed", 3), ("--budget", 25), ("--proposer", "cma")):
        said = spawned(folder, "paging", *SMALL, "-o", "run", *words)
        one_line(said, "run holds a search with other options, traces or code; give another folder with -o")
    assert (folder / "run" / JOURNAL).read_bytes() == before


def test_a_journal_with_a_torn_last_line_goes_on_and_one_damaged_within_is_told(ran, tmp_path):
    folder, first = ran
    whole = (folder / "run" / JOURNAL).read_bytes()
    os.symlink(folder / "looks", tmp_path / "looks")
    (tmp_path / "run").mkdir()
    journal = tmp_path / "run" / JOURNAL
    lines = whole.splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:40], lines[40][:20]]))
    again = spawned(tmp_path, "paging", *SMALL, "-o", "run")
    assert again.out == first.out and "goes on from 39 trials" in again.err
    assert journal.read_bytes() == whole
    journal.write_bytes(b"".join([*lines[:40], b"#", *lines[40:]]))
    one_line(spawned(tmp_path, "paging", *SMALL, "-o", "run"), "run/journal.jsonl, line 41: this is no journal")


def test_a_holdout_without_looks_left_is_refused_before_anything_is_run(ran, tmp_path):
    folder, _ = ran
    os.symlink(folder / "looks", tmp_path / "looks")
    said = spawned(tmp_path, "paging", *SMALL, "-o", "other", "--budget", 25, "--looks", 1)
    one_line(
        said, "these holdout traces were looked at 1 times, which is all they are good for; name others with --holdout"
    )


def test_two_searches_in_one_folder_at_once_are_refused_in_a_line(say, tmp_path):
    with alone(tmp_path / "run"):
        said = say("paging", *SMALL, "-o", "run")
        one_line(
            said,
            f"another search (process {os.getpid()}) is running in run; wait for it, or give another folder with -o",
        )
    with alone(tmp_path / "run"):
        pass


def test_a_seed_policy_that_fails_is_named(say, monkeypatch):
    sampled = problem.find("paging").template("sampled")
    broken = Formula("sampled", sampled.parse("age"), (("sample", 0),))
    monkeypatch.setattr(Problem, "seeds", lambda self: {"sampled: broken": broken})
    one_line(say("paging", *SMALL, "-o", "run"), "the seed sampled: broken of paging fails on a probe: ", "sample")


LLM = (
    "paging",
    "--trace",
    TRACE,
    "--set",
    "capacity=8",
    "--workers",
    "1",
    "--budget",
    "32",
    "--proposer",
    "llm",
    "--model",
    "stub",
)


def test_an_endpoint_that_is_down_from_the_start_is_told_in_a_line(say):
    said = say(*LLM, "-o", "run", "--base-url", "http://127.0.0.1:9/v1")
    assert (said.code, said.out) == (2, "")
    last = "augsim: llm made no candidate: http://127.0.0.1:9/v1 has nothing that listens; start it, or correct the base URL"
    assert said.err.splitlines()[-1] == last


@pytest.mark.parametrize(
    "failure", [fails(402, "no more credit"), pytest.param(fails(503, "overloaded"), marks=pytest.mark.slow)]
)
def test_an_endpoint_lost_midway_is_told_and_the_same_command_goes_on_as_if_nothing_had_been(
    say, monkeypatch, tmp_path, failure
):
    monkeypatch.setattr("sim.adrs.proposers.llm.Endpoint", partial(Endpoint, sleep=lambda seconds: None))
    is_broken = True

    def script(number, asked):
        """One answer to one request, whichever run asks."""
        place = known.setdefault(json.dumps(asked, sort_keys=True), len(known))
        return failure if is_broken and place >= 3 else says(answer(place))

    known = {}
    with Stub(script) as stub:
        words = (*LLM, "--base-url", stub.base_url)
        lost = say(*words, "-o", "run")
        assert lost.code == 0, lost.err
        assert "evolved stopped early: " in lost.err
        assert "the search was interrupted (" in lost.out.splitlines()[-1] and not (tmp_path / "looks").exists()
        assert {402: "out of quota: 402 (no more credit)", 503: "answers 503 (overloaded), 6 times"}[
            failure.status
        ] in lost.err
        is_broken = False
        found = say(*words, "-o", "run")
        assert found.code == 0 and "stopped early" not in found.err, found.err
        undisturbed = say(*words, "-o", "undisturbed")
    assert len(list((tmp_path / "run" / "answers").iterdir())) == len(known)
    one, other = (json.loads((tmp_path / name / "found.json").read_text()) for name in ("run", "undisturbed"))
    assert one["runs"] == other["runs"] and one["winner"] == other["winner"]
    assert undisturbed.out == found.out  # the same candidate again costs no look


def test_what_a_stub_said_is_recorded_and_replayed_offline_to_the_same_run(say, monkeypatch, tmp_path):
    with Stub([says(answer(k) if k != 1 else "I cannot.") for k in range(9)]) as stub:
        recorded = say(*LLM, "-o", "run", "--base-url", stub.base_url, "--cassette", "answers")
    assert recorded.code == 0, recorded.err
    told = [json.loads(path.read_text()) for path in (tmp_path / "answers").iterdir()]
    assert told and {each["proposer"] for each in told} == {"stub"}
    monkeypatch.setattr("sim.adrs.holdout.cache_folder", lambda kind: tmp_path / "others" / kind)
    replayed = say(*LLM, "-o", "again", "--cassette", "answers", "--cassette-mode", "replay")
    assert replayed.code == 0, replayed.err
    assert replayed.out == recorded.out
    for name in (JOURNAL, BEST):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()
    entries = json.loads((tmp_path / "again" / "found.json").read_text())["runs"][0]["entries"]
    assert "stub" in {each["proposer"] for each in entries} and "llm" not in {each["proposer"] for each in entries}
    run = json.loads((tmp_path / "again" / "found.json").read_text())
    n_jailed = sum(each["n_jailed"] for each in run["runs"])
    assert n_jailed >= 1
    assert f"layers={','.join(run['layers'])} held around the {n_jailed} candidate" in replayed.out
    next(iter(sorted((tmp_path / "answers").iterdir()))).unlink()
    missing = say(*LLM, "-o", "missing", "--cassette", "answers", "--cassette-mode", "replay")
    last = missing.err.splitlines()[-1]
    assert missing.code == 2 and last.startswith("augsim: answers holds no answer ")
    assert "the run differs from the one that was recorded" in last


def test_a_limit_of_events_leaves_every_control_its_share(say):
    said = say("paging", *SMALL, "-o", "run", "--budget", "500", "--events", "140000", "--json")
    assert said.code == 0, said.err
    rows = {row["candidate"]: row for row in json.loads(said.out)}
    searches = [rows[name] for name in ("evolved", "tuned", "random", "best of n", "hill climbing")]
    assert all(
        28_000 <= row["events"] < 28_000 + 48 * 300 * 8 for row in searches
    )  # beyond its share by a generation at most


def test_a_winner_that_is_no_formula_keeps_its_own_words_below_the_figures():
    source = JAILED.format(k=2)
    told = loop._with_docstring(source, "Evolved.\n\n    Figures.")
    assert (
        '    """Evolved.\n\n    Figures.\n\n    Evicts what was asked for least in its time.\n    """\n\n    def score'
        in told
    )
    bare = source.replace('    """Evicts what was asked for least in its time."""\n\n', "")
    assert loop._with_docstring(bare, "Evolved.") == bare.replace("    def", '    """Evolved.\n    """\n\n    def')


def test_loops_are_compared_in_one_table(say, capsys, monkeypatch):
    said = say("paging", *SMALL, "--loops", "gp, random", "--to", "best", "--repeats", "1", "-o", "contest")
    assert said.code == 0, said.err
    title, _, header, *_ = said.out.splitlines()
    assert title == "evaluations to half the way"
    assert header.split() == ["loop", "score", "paging"]
    assert "half the way from the baseline to the best found" in said.out
    assert "contest/figures/loops.png shows it" in said.err
    drawn = augsim(capsys, monkeypatch, "plot", "contest", "--format", "svg")
    assert drawn.out == "contest/figures/loops.svg\n", drawn.err
    nearer = say(
        "paging",
        *SMALL,
        "--loops",
        "gp,random",
        "--to",
        "best",
        "--part",
        "0.9",
        "--repeats",
        "1",
        "-o",
        "contest",
        "--json",
    )
    rows = json.loads(nearer.out)
    assert [(row["loop"], row["domain"], row["repeats"]) for row in rows] == [
        ("gp", "paging", 1),
        ("random", "paging", 1),
    ]
    one_line(say("paging", *SMALL, "-o", "contest"), "contest holds a comparison of loops; give another folder with -o")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--loops", "gp"), '--loops "gp" is fewer than two loops'),
        (("--loops", "gp,clmb"), '--loops: no loop "clmb" (loops: gp, cma, ast, llm, hill_climbing'),
        (("--repeats", "3"), "--repeats, --to and --part go with --loops"),
        (("--loops", "gp,gp+gp"), '--loops: no loop "gp+gp"'),
        (("--loops", "gp,random,gp"), "--loops names gp twice; each loop is run as often as --repeats says"),
        (("--loops", "gp,random", "--part", "0"), "--part must be above 0 and at most 1, got 0"),
        (("--loops", "gp,random", "--looks", "3"), "--looks goes with a search of one's own, not with --loops"),
        (("--loops", "gp,llm"), "proposer llm needs a model; name one by --model"),
        (
            ("--loops", "gp,random", "--budget", "5"),
            "--budget must be at least 12: gp begins with 11 policies of paging, got 5",
        ),
    ],
)
def test_loops_that_are_none_are_refused(say, words, expected):
    one_line(say("paging", *SMALL, *words, "-o", "contest"), expected)
    assert not Path("contest").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("paging,dispatch",), '"paging,dispatch" is several domains, which go with --loops'),
        (("all",), '"all" is several domains, which go with --loops'),
        (
            ("all", "--loops", "gp,random", "--trace", TRACE),
            "--trace goes with one domain; of several each has its problem's own",
        ),
        (("paging,pagign", "--loops", "gp,random"), 'no domain named "pagign"; did you mean "paging"?'),
        (("paging,paging", "--loops", "gp,random"), '"paging,paging" names paging twice; each domain counts once'),
    ],
)
def test_domains_that_do_not_go_together_are_refused(say, words, expected):
    one_line(say(*words, "-o", "contest"), expected)


def test_all_domains_are_those_with_a_problem():
    assert loops.domains_of("all") == [each.system for each in problem.every()]
    assert {system.partition("/")[0] for system in loops.domains_of("all")} == set(problem.known())
    assert loops.domains_of("transactions/engine, paging") == ["transactions/engine", "paging"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("--backend", "serial", "--workers", "2"),
            "--backend serial has one process; --workers goes with processes and dask",
        ),
        (("--scheduler", "tcp://x:1"), "--scheduler goes with --backend dask, not with processes"),
        (("--predict", "discrad"), 'no predictor named "discrad"; did you mean "discard"?'),
        (("--predict", "discard:flop=0.1"), 'no parameter of discard named "flop"; did you mean "flip"?'),
        (("--predict", "discard:flip=2"), "discard: flip must be between 0 and 1, got 2"),
        (("--predict", "size:lognormal=1"), 'no predictor named "size" (augsim list paging'),
        (("--predict", "next", "--predict", "pleco"), "next and pleco both predict next_use; a search has one"),
    ],
)
def test_back_ends_and_predictors_that_do_not_fit_are_refused(say, words, expected):
    one_line(say("paging", "--trace", TRACE, "--set", "capacity=8", "--budget", "24", *words, "-o", "run"), expected)


def test_dask_that_is_not_installed_is_one_line(say, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    one_line(
        say("paging", *SMALL, "--backend", "dask", "-o", "run"), "--backend dask needs Dask: pip install 'augsim[dask]'"
    )
