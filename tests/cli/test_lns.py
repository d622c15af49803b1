"""Large neighbourhood search at the command line: models, both senses, solvers; one line for what is wrong."""

import json
import sys

import pytest

from tests.cli.command import augsim

PACK = """\\ optimum 20
Maximize
 value: 10 a + 13 b + 7 c + 8 d
Subject To
 weight: 3 a + 4 b + 2 c + 3 d <= 6
Binaries
 a b c d
End
"""
"""The second and the third item are best."""

COVER = """NAME cover
ROWS
 N cost
 G first
 G second
COLUMNS
 m1 'MARKER' 'INTORG'
 x cost 3 first 1
 y cost 2 first 1
 y second 1
 z cost 4 second 1
 m2 'MARKER' 'INTEND'
RHS
 rhs first 1 second 1
BOUNDS
 BV b x
 BV b y
 BV b z
ENDATA
"""


def rows(capsys, monkeypatch, *words):
    said = augsim(capsys, monkeypatch, "replay", "bandits/lns", *words, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out), said.err


def test_a_maximised_model_is_told_in_its_own_sense_throughout(capsys, monkeypatch, tmp_path):
    (tmp_path / "pack.lp").write_text(PACK)
    found, _ = rows(
        capsys, monkeypatch, tmp_path / "pack.lp", "-p", "plain_solver", "-p", "uniform", "--portfolio", "mutation_50"
    )
    for row in found:
        assert (row["objective"], row["minimised"], row["primal_gap"], row["new_reference"]) == (20, -20, 0, 0)
    said = augsim(
        capsys, monkeypatch, "replay", "bandits/lns", tmp_path / "pack.lp", "-p", "plain_solver", "--optimum", "15"
    )
    assert said.code == 0 and "PlainSolver found 20, better than the best objective known, 15" in said.err
    found, _ = rows(capsys, monkeypatch, tmp_path / "pack.lp", "-p", "plain_solver", "--optimum", "40")
    assert found[0]["primal_gap"] == 0.5 and found[0]["new_reference"] == 0


def test_a_minimised_model_in_the_other_format(capsys, monkeypatch, tmp_path):
    (tmp_path / "cover.mps").write_text(COVER)
    found, _ = rows(
        capsys,
        monkeypatch,
        tmp_path / "cover.mps",
        "-p",
        "plain_solver",
        "--optimum",
        "2",
        "--portfolio",
        "mutation_50",
    )
    assert (found[0]["objective"], found[0]["minimised"], found[0]["primal_gap"]) == (2, 2, 0)


def test_arms_that_a_model_has_no_variables_for_are_said_and_dropped(capsys, monkeypatch, tmp_path):
    (tmp_path / "general.lp").write_text(
        "Minimize\n cost: 3 x + 2 y\nSubject To\n need: 7 x + 5 y >= 36\nBounds\n x <= 9\n y <= 9\nGenerals\n x y\nEnd\n"
    )
    words = ("-p", "uniform", "--portfolio", "mutation_50;dins;proximity_05;local_branching_10")
    found, said = rows(capsys, monkeypatch, tmp_path / "general.lp", *words)
    assert "general.lp has no binary variables: proximity_05, local_branching_10 dropped" in said
    assert found[0]["objective"] == 15  # x = 3, y = 3


def test_a_solver_that_is_not_installed_is_said_with_what_to_install(capsys, monkeypatch, tmp_path):
    (tmp_path / "pack.lp").write_text(PACK)
    for package, words, cure in (
        ("pyscipopt", ("-p", "uniform", "--solver", "scip"), "pip install 'augsim[scip]'"),
        ("pyscipopt", ("-p", "plain_solver,solver=scip"), "pip install 'augsim[scip]'"),
        ("highspy", ("-p", "uniform"), "pip install highspy"),
    ):
        with monkeypatch.context() as patch:
            for module in list(sys.modules):
                if module == package or module.startswith("sim.domains.bandits.lns.solvers."):
                    patch.delitem(sys.modules, module)
            patch.setitem(sys.modules, package, None)  # importing it raises ImportError
            said = augsim(capsys, patch, "replay", "bandits/lns", tmp_path / "pack.lp", *words, "--no-cache")
        assert said.code == 2 and cure in said.err and "Traceback" not in said.err
        assert len([line for line in said.err.splitlines() if "interpreted" not in line]) == 1


def test_a_table_of_searches_is_ranked_by_the_integral(capsys, monkeypatch):
    said = augsim(
        capsys, monkeypatch, "replay", "bandits/lns", "workload:multi_knapsack,m=10,n=30", "-p", "uniform", "-p", "plain_solver",
        "--budget", 1000, "--overhead", 20, "--portfolio", "mutation_50;rins_50", "--optimum", "11877.852959",
    )  # fmt: skip
    assert said.code == 0 and "best first by primal integral (lower is better); seed 0" in said.out
    listed = augsim(capsys, monkeypatch, "list", "bandits/lns")
    assert all(word in listed.out for word in ("plain_solver", "par_balans", "set_cover", "overhead", "primal_gap"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty; expected a trace"),
        ("nonsense", "is no LP file that HiGHS can read; is it whole?"),
        (PACK[:80], "is no LP file that HiGHS can read; is it whole?"),
        (PACK.replace("<= 6", "<= -1"), "is infeasible: no point satisfies its rows, bounds and integrality"),
        (PACK.replace("+ 3 d <= 6", "- 3 d <= 6").replace("Binaries", "Generals"),
         "is unbounded: its objective improves without end"),
        (PACK.replace("Binaries\n a b c d\n", ""), "no arm is left: model.lp has no integer variables: "),
        (PACK.replace("Binaries\n a b c d", "Semi-Continuous\n a"), "expected continuous and integer variables"),
        (PACK.replace("8 d\n", "8 d + [ a ^2 ] / 2\n", 1), "has a quadratic objective; expected a linear one"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_searched_is_one_line_and_exit_code_2(capsys, monkeypatch, tmp_path, content, said):
    (tmp_path / "model.lp").write_text(content)
    found = augsim(
        capsys, monkeypatch, "replay", "bandits/lns", tmp_path / "model.lp", "-p", "uniform", "--budget", 500
    )
    lines = [line for line in found.err.splitlines() if "runs interpreted" not in line]
    assert found.code == 2 and len(lines) == 1 and said in lines[0] and found.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-p", "uniform", "--solver", "gurobi"), 'no solver named "gurobi" (solvers: enumerate, highs, scip)'),
        (("-p", "uniform", "--portfolio", "defualt"), 'no portfolio named "defualt"; did you mean "default"?'),
        (
            ("-p", "uniform", "--portfolio", "mutatoin_50"),
            'no neighbourhood named "mutatoin"; did you mean "mutation"?',
        ),
        (("-p", "uniform", "--portfolio", "dins"), "no arm is left: pack.lp has no general integers: dins dropped"),
        (
            ("-p", "uniform", "--accept", "simulated_annealing;step=0.1"),
            "simulated_annealing lacks start, end, schedule",
        ),
        (("-p", "uniform", "--scores", "1;2"), "scores must be four numbers of at least 0"),
        (("-p", "uniform", "--budget", "0"), "budget must be at least 1 unit of work, got 0"),
        (("-p", "uniform", "--slice", "0"), "slice must be a part of the budget in (0, 1], got 0"),
        (("-p", "uniform", "--optimum", "many"), 'optimum "many" is not understood; expected a number'),
        (("-p", "fixed,arm=dins"), "fixed,arm=dins: no arm is called so here (arms: mutation_50)"),
        (("-p", "lin_ucb"), "LinUCB chooses by a context, and bandits/lns gives none"),
        (("-p", "par_balans,n=0"), "n must be at least 1, got 0"),
        (
            ("-p", "exp3"),
            "exp3 is tuned to the number of rounds, which is not known here: give exp3 its parameter gamma",
        ),
    ],
)
def test_wrong_words_are_one_line_and_exit_code_2(capsys, monkeypatch, tmp_path, words, said):
    (tmp_path / "pack.lp").write_text(PACK)
    portfolio = () if "--portfolio" in words else ("--portfolio", "mutation_50")
    found = augsim(capsys, monkeypatch, "replay", "bandits/lns", tmp_path / "pack.lp", *words, *portfolio)
    assert found.code == 2 and said in found.err and len(found.err.strip().splitlines()) == 1 and found.out == ""
