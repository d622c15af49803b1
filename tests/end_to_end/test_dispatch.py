"""Dispatch as a user meets it: replays, studies, a file of one's own, and what is wrong in one line."""

import json

import pytest

from tests.cli.command import augsim

MINE = '''\
from sim.domains import dispatch


class Mine(dispatch.Policy):
    """Joins the first server with at most one job, else the last."""

    def route(self, job, view):
        for server in range(view.n_servers):
            if view.queue[server] <= 1:
                return server
        return view.n_servers - 1
'''

W = "workload:poisson,rate=3,n_jobs=2000"
JSQ = ("-p", "jsq")

FILES = {
    "mine.py": MINE,
    "no_route.py": MINE.replace("def route", "def rout"),
    "beyond.py": MINE.replace("<= 1", "< 0").replace("- 1", "+ 3"),
    "day.csv": "time,size\n0,1\n1,2\n",
    "negative.jobs.csv": "time,size\n0,1\n1,-2\n",
    "backwards.jobs.csv": "time,size\n3,1\n1,2\n",
    "pages.txt": "1\n2\n",
}


@pytest.fixture
def say(capsys, monkeypatch, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return lambda *words: augsim(capsys, monkeypatch, *words)


def test_a_replay_ranks_policies_beside_the_clairvoyant_reference(say):
    said = say("replay", "dispatch", W, "--servers", 4, *JSQ, "-p", "random", "--json")
    rows = json.loads(said.out)
    assert said.code == 0 and [row["policy"] for row in rows] == ["jsq", "random", "least_work"]
    assert rows[2]["clairvoyant"] and rows[0]["system.servers"] == 4 and rows[0]["engine"] == "compiled"
    assert {"response_mean", "response_p99", "slowdown_mean", "utilisation", "utilisation.3"} <= set(rows[0])
    assert rows[2]["response_mean"] < rows[0]["response_mean"] < rows[1]["response_mean"]


def test_a_strangers_file_runs_at_machine_speed(say):
    rows = json.loads(say("replay", "dispatch", W, "--servers", 4, "-p", "./mine.py", "--no-reference", "--json").out)
    assert rows[0]["engine"] == "compiled"


def test_a_plain_table_is_read_as_jobs_where_dispatch_is_asked(say):
    rows = json.loads(say("replay", "dispatch", "day.csv", "--servers", 1, *JSQ, "--warmup", 0, "--json").out)
    assert rows[0]["response_mean"] == 1.5


def test_several_disciplines_and_noisy_predictions_are_axes(say):
    words = ("--servers", "2,4", "--discipline", "fcfs,spjf", "--predict", "size", "--predict", "size:lognormal=1")
    said = say("replay", "dispatch", W, *words, *JSQ, "--no-reference", "--json")
    rows = json.loads(said.out)
    assert len(rows) == 2 * (1 + 2)  # fcfs reads no predictions
    assert "load 1.5" in said.err and "work comes faster than it can be done" in said.err


def test_options_that_have_no_effect_are_told(say):
    words = ("--down-mean", "5", "--on-crash", "lose", "--backoff", "2", "--no-cancel")
    said = say("replay", "dispatch", W, "--servers", "4", *JSQ, *words, "--no-reference")
    assert said.code == 0
    assert "down_mean has no effect without up_mean: no server crashes" in said.err
    assert "on_crash has no effect without up_mean" in said.err
    assert "backoff has no effect without retries: no job comes again" in said.err
    assert "cancel has no effect without timeout: no client gives up" in said.err
    with_all = (*words, "--up-mean", "50", "--retries", "2", "--timeout", "4")
    assert say("replay", "dispatch", W, "--servers", "4", *JSQ, *with_all, "--no-reference").err == ""


def test_a_study_of_errors_of_prediction(say, tmp_path):
    (tmp_path / "study.toml").write_text(f"""
domain = "dispatch"
metric = "response_mean"
traces = ["{W}"]
policies = ["jsq", "guarded_work", "least_predicted_work"]
predictions = ["none", "size", "size:lognormal=1"]
seeds = 2

[system]
servers = 4
discipline = ["fcfs", "sprpt"]
""")
    said = say("sweep", "study.toml", "-o", "out", "--json")
    rows = json.loads(said.out)
    assert said.code == 0, said.err
    # fcfs: jsq and the reference once, the others with two predictions; sprpt: all four with two; two seeds each
    assert len(rows) == 2 * ((1 + 1 + 2 + 2) + 4 * 2)
    etas = {row["predictions"]: row["eta"] for row in rows}
    assert etas["none"] is None and etas["size"] == 0
    assert etas["size:lognormal=1"] / 2000 == pytest.approx(0.798, abs=0.05)  # the mean of |Z| is sqrt(2 / pi)
    assert say("plot", "out", "--figure", "robustness").code == 0
    assert say("compare", "out").code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((W, "--servers", "0", *JSQ), "servers must be at least 1, got 0"),
        ((W, "--servers", "2000000000", *JSQ), "servers must be at most 1,000,000, got 2,000,000,000"),
        (
            (W, "--servers", "4", *JSQ, "--timeout", "1", "--retries", "9999"),
            "retries must be at most 1,000, got 9,999",
        ),
        ((W, "--servers", "4", *JSQ, "--speeds", "99999999999x1"), "are more than the 4 servers; give one, or as many"),
        ((W, "--servers", "few", *JSQ), 'servers "few" is not understood; expected a whole number'),
        ((W, *JSQ), "Missing option '--servers'"),
        ((W, "--servers", "4", *JSQ, "--discipline", "lifo"), 'no discipline named "lifo"; expected one of fcfs, ps,'),
        ((W, "--servers", "4", "-p", "jsqq"), 'no dispatch policy named "jsqq"; did you mean "jsq"?'),
        (
            (W, "--servers", "4", "-p", "guarded_work"),
            "GuardedWork needs predictions of channel size: give --predict size",
        ),
        ((W, "--servers", "4", *JSQ, "--discipline", "spjf"), "discipline spjf needs predictions of channel size"),
        ((W, "--servers", "4", *JSQ, "--predict", "sise"), 'no predictor named "sise"; did you mean "size"?'),
        ((W, "--servers", "4", *JSQ, "--speeds", "1,2"), 'speeds "1,2" are 2 for 4 servers; give one, or as many'),
        ((W, "--servers", "4", *JSQ, "--speeds", "0"), 'speeds "0" must be numbers above 0'),
        ((W, "--servers", "4", *JSQ, "--warmup", "1"), "warmup must be a share of the jobs, in [0, 1), got 1"),
        ((W, "--servers", "4", *JSQ, "--timeout", "-1"), "timeout must be a time above 0, got -1"),
        ((W, "--servers", "4", *JSQ, "--up-mean", "9", "--on-crash", "move"), "give --retries 1 or more"),
        ((W, "--servers", "4", *JSQ, "--down-speed", "1"), "down_speed must be a share of the speed, in [0, 1), got 1"),
        ((W, "--servers", "4", *JSQ, "--refresh", "1", "--delay", "1"), "two ways to be late; give one of them"),
        ((W, "--servers", "4", "-p", "power_of_d,d=5"), "power_of_d asks d different servers, 1 to 4, got d=5"),
        (("workload:poisson", "--servers", "4", *JSQ), "workload poisson needs the parameter rate"),
        (("workload:poisson,rate=-1", "--servers", "4", *JSQ), "poisson: rate must be above 0 and finite, got -1"),
        (
            ("negative.jobs.csv", "--servers", "4", *JSQ),
            'negative.jobs.csv, line 3: size is "-2"; expected a number above 0',
        ),
        (("backwards.jobs.csv", "--servers", "4", *JSQ), "line 3: time goes backwards, from 3 to 1"),
        (("pages.txt", "--servers", "4", *JSQ), "trace pages.txt is one of paging; jobs are read from a .csv file"),
        ((W, "--servers", "4", "-p", "./no_route.py"), "Mine in ./no_route.py does not define route"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(say, words, expected):
    said = say("replay", "dispatch", *words)
    assert said.code == 2 and said.out == ""
    assert expected in said.err and said.err.count("\n") == 1 and said.err.startswith("augsim: ")


def test_an_illegal_decision_fails_the_run(say):
    said = say("replay", "dispatch", W, "--servers", 4, "-p", "./beyond.py", "--no-reference")
    assert said.code == 1 and "Mine sent job 0 to server 7; expected one of 0 to 3" in said.err


def test_the_worked_example_of_the_documentation_is_what_comes_out(say, tmp_path):
    (tmp_path / "four.csv").write_text("time,size,predicted_size\n0,8,2\n0,3,3\n1,2,2\n4,1,1\n")
    words = ("--servers", "2", "--warmup", "0", "-p", "round_robin", "-p", "least_predicted_work", "--json")
    rows = {
        row["policy"]: row["response_mean"] for row in json.loads(say("replay", "dispatch", "four.csv", *words).out)
    }
    assert rows["least_predicted_work"] == 5.25 and rows["least_work"] == 4.25


def test_a_retry_storm_outlives_its_burst(say):
    """Load 0.75 and bursts: with what clients have left the servers are busy for good."""
    trace = "workload:mmpp,rate=12,burst=2,share=0.1,burst_length=30,n_jobs=20000"
    words = ("--servers", "16", *JSQ, "--no-reference", "--timeout", "6", "--retries", "3", "--backoff", "1", "--json")
    storm = json.loads(say("replay", "dispatch", trace, *words, "--no-cancel").out)[0]
    calm = json.loads(say("replay", "dispatch", trace, *words).out)[0]
    assert storm["lost"] > 2 * calm["lost"] and storm["utilisation"] > calm["utilisation"]
