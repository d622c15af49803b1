"""What the README shows is so."""

import re
from pathlib import Path

import numpy as np

from sim.core.engine import replay
from sim.domains.paging import Setting, System
from sim.study import catalog
from sim.study.experiment import Bench

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_policy_in_the_readme_runs_compiled_and_is_clock(tmp_path):
    source = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert source is not None
    (tmp_path / "mine.py").write_text(source[1])
    trace = Bench().trace("sample:sort", "paging")
    mine = catalog.policy("paging", str(tmp_path / "mine.py"))
    theirs, ours = (
        replay(trace, System(Setting(219)), policy, mode="compiled", record=True)
        for policy in (mine, catalog.policy("paging", "clock"))
    )
    assert theirs.engine == "compiled"
    assert np.array_equal(theirs.decisions.subject, ours.decisions.subject)


def test_the_files_that_the_readme_links_to_are_there():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[2] / link).exists(), link
