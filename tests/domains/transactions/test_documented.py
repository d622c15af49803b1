"""What docs/transactions.md shows is what happens."""

import re
from pathlib import Path

from policies.transactions.branch_and_bound import BranchAndBound
from policies.transactions.smf import SMF
from sim.study import catalog
from tests.domains.transactions.worked import makespan, run
from traces import store

TEXT = (Path(__file__).parents[3] / "docs/transactions.md").read_text()


def test_the_worked_example_takes_8_units_in_order_of_arrival_and_6_at_best(tmp_path):
    file = tmp_path / "four.json"
    found = re.search(r'\{"T1".*\}', TEXT)
    assert found
    file.write_text(found[0])
    trace = store.open_trace(file, cache=False)
    assert makespan(trace, [0, 1, 2, 3]) == 8
    assert makespan(trace, [0, 2, 1, 3]) == 6
    assert run(BranchAndBound(), trace).metrics["makespan"] == 6
    assert all(run(SMF(), trace, seed=seed).metrics["makespan"] == 6 for seed in range(5))


def test_the_file_of_ones_own_runs_as_it_stands(tmp_path):
    code = re.search(r"    from sim\.domains import transactions\n.*?(?=\n    \$)", TEXT, re.DOTALL)
    assert code
    file = tmp_path / "short_first.py"
    file.write_text(re.sub(r"^    ", "", code[0], flags=re.MULTILINE))
    policy = catalog.policy("transactions", str(file))
    assert sorted(run(policy, store.sample("tpcc", "transactions").rows(0, 12)).decisions.subject.tolist()) == list(
        range(12)
    )


def test_every_policy_workload_and_protocol_is_named():
    for name in [*catalog.policies("transactions"), *catalog.workloads("transactions"), "mvtso_ordered", "wound_wait"]:
        assert f"`{name}`" in TEXT, name
