"""What proposers give, run as all candidates are."""

import http.client

import numpy as np
import pytest

from sim.adrs import problem
from sim.adrs.candidate import Candidate, Report, Status
from sim.adrs.evaluate import evaluate
from sim.adrs.instances import split
from sim.adrs.proposers import Tried
from sim.adrs.proposers.ast_edits import ASTEdits
from sim.adrs.proposers.cassette import Cassette
from sim.adrs.proposers.endpoint import Endpoint
from sim.adrs.proposers.llm import LLM, Model
from sim.adrs.sandbox import Limits
from sim.study.experiment import Bench
from tests.adrs.stub import Stub, says

PAGING = problem.find("paging")
HYPERBOLIC = '''from sim.domains import paging


class Evolved(paging.Sampled):
    """Evicts what is old and seldom requested."""

    def score(self, page):
        return self.age(page) / self.count(page)
'''
SCRIPT = [
    says(f"<think>hm</think>Old and seldom requested goes first.\n```python\n{HYPERBOLIC}```"),
    says(HYPERBOLIC.replace("        return", "        import os\n        os._exit(0)\n        return")),
    says("<<<<<<< SEARCH\n        return count\n=======\n        return -count\n>>>>>>> REPLACE"),
    says(HYPERBOLIC.replace("self.count(page)", "0")),
    says("I would rather not."),
]


@pytest.fixture(scope="module")
def instances():
    splits, _ = split(PAGING, Bench(), traces=["sample:sort"], options={"capacity": "10%"}, most_rows=2000, seed=0)
    return splits.train[:1]


def judged(proposal, instances):
    """What becomes of a proposal on the training instances."""
    if proposal.malformed:
        return Report(Status.MALFORMED, detail=proposal.malformed)
    return evaluate(
        proposal.candidate,
        instances,
        system=PAGING.system,
        metric=PAGING.metric,
        baseline={each.name: 1000.0 for each in instances},
        limits=Limits(wall_s=20),
    )


def searched(cassette, instances):
    """A search of five steps: what was proposed and what became of it."""
    one = LLM(PAGING, Model("m"), cassette, [each.name for each in instances])
    rng = np.random.default_rng(0)
    best = Tried(Candidate(PAGING.source(PAGING.seeds()["sampled: lru"])), Report(Status.OK, {instances[0].name: 0.0}))
    steps = []
    for _ in range(5):
        proposal = one.ask([best], rng)
        report = judged(proposal, instances)
        one.tell(Tried(proposal.candidate, report))
        if report.status is Status.OK and report.losses[instances[0].name] < best.report.losses[instances[0].name]:
            best = Tried(proposal.candidate, report)
        steps.append((proposal, report))
    return steps


def test_a_search_recorded_from_the_stub_is_repeated_offline_to_the_last_figure(tmp_path, monkeypatch, instances):
    with Stub(SCRIPT) as stub:
        recorded = searched(Cassette("record", tmp_path, Endpoint(stub.base_url).ask), instances)
        prompts = [request["messages"][1]["content"] for request in stub.requests]
    statuses = [report.status for _, report in recorded]
    assert statuses == [Status.OK, Status.REFUSED, Status.MALFORMED, Status.CRASHED, Status.MALFORMED]
    assert {proposal.candidate.proposer for proposal, _ in recorded} == {"stub"}
    assert "- refused: line 8: import of os" in prompts[2]
    assert "- malformed: what edit 1 searches for" in prompts[3] and "- crashed: " in prompts[4]
    monkeypatch.setattr(http.client.HTTPConnection, "connect", pytest.fail)
    assert searched(Cassette("replay", tmp_path, None), instances) == recorded


def test_children_of_a_policy_run_in_the_jail_and_some_decide_otherwise(instances):
    one, rng = ASTEdits(PAGING), np.random.default_rng(2)
    parent = Candidate(PAGING.source(PAGING.seeds()["sampled: lru"]))
    reports = [judged(one.ask([Tried(parent, Report(Status.OK, {}))], rng), instances) for _ in range(6)]
    own = evaluate(
        parent, instances, system="paging", metric="misses", baseline={each.name: 1000.0 for each in instances}
    ).losses
    assert sum(report.status is Status.OK for report in reports) >= 2
    assert any(report.status is Status.OK and report.losses != own for report in reports)
