"""`augsim list`: what there is, as a user would type it."""

import json

import pytest

from sim.study import catalog
from tests.cli.command import augsim


@pytest.fixture
def say(capsys, monkeypatch):
    return lambda *words: augsim(capsys, monkeypatch, "list", *words)


def test_domains_stand_with_their_systems(say):
    said = say()
    assert (said.code, said.err) == (0, "")
    assert [line.split()[0] for line in said.out.splitlines()[2:] if line] == list(catalog.domains())


def test_nothing_of_python_is_shown(say):
    said = say("paging")
    assert said.code == 0
    for word in ("None", "True", "False", "('", "MISSING", "dataclass", "()"):
        assert word not in said.out, word


def test_a_policy_stands_with_its_sentence_parameters_and_channels(say):
    lines = say("paging").out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["belady"])
    assert lines[at].split(maxsplit=1)[1].startswith("Evicts the page requested furthest in the future")
    assert lines[at + 1].strip() == "size_aware=false; sees the future; also opt, min, lfd"
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["combiner"])
    assert lines[at + 1].strip().startswith("of=[marker;follow_pred], switching=deterministic, ")
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["mark0"])
    assert lines[at + 1].strip() == "eager=false; reads discard_bit"


def test_json_says_all_of_it_and_what_is_listed_can_be_built(say):
    rows = json.loads(say("paging", "--json").out)
    kinds = {row["kind"] for row in rows}
    assert kinds == {"policy", "predictor", "sample", "workload", "setting", "metric"}
    assert all(row["meaning"] for row in rows)
    policies = [row for row in rows if row["kind"] == "policy"]
    assert [row["name"] for row in policies] == catalog.policies("paging")
    for row in policies:
        catalog.policy("paging", ",".join(filter(None, (row["name"], row["parameters"]))))


def test_a_system_has_its_own_settings_and_metrics(say):
    def names(domain, kind):
        return {row["name"] for row in json.loads(say(domain, "--json").out) if row["kind"] == kind}

    assert names("paging/timed", "setting") - names("paging", "setting") >= {"latency_s", "origin_slots"}
    assert "latency_mean_s" in names("paging/timed", "metric") - names("paging", "metric")
