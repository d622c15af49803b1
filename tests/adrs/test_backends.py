"""A search on every back end: the same journal, byte for byte."""

from dataclasses import replace
from pathlib import Path

import pytest

from sim.adrs.judge import trials
from sim.adrs.loop import JOURNAL, evolve
from sim.core.errors import UnknownName
from sim.study import backends
from sim.study.runs import Budget, Inputs
from tests.adrs.runs import WANTED


@pytest.fixture
def searched(monkeypatch, tmp_path):
    """The journal of the small search on a back end, for which nobody has looked at the holdout."""

    def searched(name: str, **given: int) -> bytes:
        folder = tmp_path / name
        monkeypatch.setattr("sim.adrs.holdout.cache_folder", lambda kind: Path(folder / "looks"))
        with backends.find(name).Pool(trials("paging", Inputs()), Budget(), **given) as pool:
            evolve(replace(WANTED, budget=24), pool.map, folder=folder)
        return (folder / JOURNAL).read_bytes()

    return searched


def test_a_search_is_the_same_in_one_process_and_in_two(searched):
    assert searched("serial") == searched("processes", n_workers=2)


@pytest.mark.slow
def test_a_search_is_the_same_on_a_dask_cluster(searched):
    pytest.importorskip("distributed", reason="Dask is not installed")
    assert searched("serial") == searched("dask", n_workers=2)


def test_a_predictor_that_is_none_is_refused_before_anything_is_tried():
    with pytest.raises(UnknownName, match='no predictor named "nonsense"'):
        evolve(replace(WANTED, predictions=("nonsense",)), lambda planned: pytest.fail("it was tried"))
