"""Bandits at the command line: a table from a workload, a file, a user's own policy; one line for what is wrong."""

import json

import pytest

from tests.cli.command import augsim

MINE = '''\
from sim.domains import bandits


class Second(bandits.Policy):
    """Pulls arm 1."""

    def choose(self, context):
        return 1

    def update(self, arm, reward, cost):
        return
'''


def test_a_workload_is_replayed_and_ranked_by_regret(capsys, monkeypatch):
    said = augsim(
        capsys, monkeypatch, "replay", "bandits/arms", "workload:bernoulli,means=[0.9;0.1],n_rounds=400",
        "-p", "ucb1", "-p", "uniform", "-p", "combiner", "--predict", "best_arm:flip=0.25", "--json",
    )  # fmt: skip
    rows = {row["policy"]: row for row in json.loads(said.out)}
    assert said.code == 0 and set(rows) == {"ucb1", "uniform", "combiner", "best_fixed"}
    assert rows["best_fixed"]["regret"] == 0 and rows["best_fixed"]["clairvoyant"]
    assert 0 < rows["ucb1"]["pseudo_regret"] < rows["uniform"]["pseudo_regret"] < 0.8 * 400
    assert 60 < rows["combiner"]["eta"] < 140 and rows["combiner"]["predictions"] == "best_arm:flip=0.25"
    assert rows["ucb1"]["engine"] == "compiled" and rows["ucb1"]["rounds"] == 400


def test_a_file_and_a_policy_of_ones_own(capsys, monkeypatch, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "two.arms.csv").write_text("reward_a,reward_b,cost_a,cost_b\n" + "1,0,1,2\n0,1,1,2\n" * 3)
    said = augsim(
        capsys,
        monkeypatch,
        "replay",
        "bandits",
        str(tmp_path / "two.arms.csv"),
        "-p",
        str(tmp_path / "mine.py"),
        "--json",
    )
    row = next(row for row in json.loads(said.out) if not row["clairvoyant"])
    assert (row["reward"], row["cost"], row["regret"], row["engine"]) == (3, 12, 0, "compiled")


def test_the_table_counts_rounds_and_shows_no_paging(capsys, monkeypatch):
    said = augsim(capsys, monkeypatch, "replay", "bandits", "sample:links", "-p", "ucb1")
    assert said.out.startswith("links: 4,000 rounds") and "request" not in said.out
    listed = augsim(capsys, monkeypatch, "list", "bandits")
    assert "best_arm" in listed.out and "discard" not in listed.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bandits/arm", "sample:links", "-p", "ucb1"), 'no domain named "bandits/arm"; did you mean "bandits/arms"?'),
        (("bandits", "sample:link", "-p", "ucb1"), 'no bandits sample named "link"; did you mean "links"?'),
        (("bandits", "workload:bernouli", "-p", "ucb1"), 'no bandits workload named "bernouli"; did you mean "bernoulli"?'),
        (("bandits", "sample:links", "-p", "ucb"), "no bandits policy named"),
        (("bandits", "sample:links", "-p", "ucb1,beta=1"), "(parameters: alpha)"),
        (("bandits", "sample:links", "-p", "ucb1,alpha=-1"), "alpha must be at least 0, got -1"),
        (("bandits", "sample:links", "-p", "lin_ucb"), "and trace links gives none: expected a column context"),
        (("bandits", "sample:links", "-p", "follow_pred"), "needs predictions of channel predicted_arm: give --predict best_arm"),
        (("bandits", "sample:links", "-p", "combiner", "--predict", "best_arm:flip=2"), "flip must be a probability in [0, 1]"),
        (("bandits", "sample:links", "-p", "combiner", "--predict", "discard"), 'no predictor named "discard"'),
        (("bandits", "sample:links", "-p", "omega_star"), "this trace has none: expected workload:laplacian"),
        (("bandits", "sample:links", "-p", "ucb1", "--budget", "-1"), "budget must be a sum of costs above 0, got -1"),
        (("bandits", "sample:links", "-p", "ucb1", "--rounds", "5000"), "rounds must be at most the 4000 of trace links"),
        (("bandits/relaxation", "sample:links", "-p", "uniform"), "no table of iterations: expected a column iterations"),
        (("bandits/relaxation", "workload:laplacian,side=1", "-p", "uniform"), "side must be at least 2, got 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_and_exit_code_2(capsys, monkeypatch, words, said):
    found = augsim(capsys, monkeypatch, "replay", *words)
    assert found.code == 2 and said in found.err and "Traceback" not in found.err
    assert len(found.err.strip().splitlines()) == 1 and found.out == ""
