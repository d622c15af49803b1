"""Mixed-integer programs drawn at random: their rules, and the hash of each as a file, which is the same on every machine."""

import hashlib

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.bandits.lns.model import Model
from sim.domains.bandits.lns.solvers import Limits, highs
from traces import sink
from traces.store import open_trace
from workloads import bandits, mip

SMALL = {
    "set_cover": {"rows": 20, "columns": 40, "density": 0.1},
    "independent_set": {"nodes": 30},
    "vertex_cover": {"nodes": 30, "max_weight": 100},
    "auction": {"items": 10, "bids": 30},
    "multi_knapsack": {"m": 3, "n": 20},
    "facility": {"customers": 6, "sites": 5},
    "gisp": {"nodes": 12},
}

HASHES = {
    "set_cover": "3467557fc4fc9728",
    "independent_set": "36ce9eeca79d9648",
    "vertex_cover": "08405be683107e44",
    "auction": "5f6002b4c8c9b43b",
    "multi_knapsack": "c75c0dcf22d1a5de",
    "facility": "89b92c7400d8d36b",
    "gisp": "f6b26bafe935ec1f",
}
"""First digits of the SHA-256 of the file, seed 1."""


def drawn(name, seed=1, **changed):
    return getattr(bandits, name)(stream(seed, "workload", name), **{**SMALL[name], **changed})


def solved(trace):
    model = Model.of(trace)
    return model.told(model.objective(model.snapped(highs.solve(model, Limits()).x)))


@pytest.mark.parametrize("name", SMALL)
def test_equal_parameters_and_seed_give_an_equal_file_on_every_machine(name, tmp_path):
    digests = []
    for seed in (1, 1, 2):
        sink.save(drawn(name, seed), str(tmp_path / "a.mps"))
        digests.append(hashlib.sha256((tmp_path / "a.mps").read_bytes()).hexdigest())
    assert digests[0] == digests[1] != digests[2]
    assert digests[0][:16] == HASHES[name]


@pytest.mark.parametrize("name", SMALL)
def test_a_model_reads_back_as_it_was_written(name, tmp_path):
    trace = drawn(name)
    sink.save(trace, str(tmp_path / "a.mps.gz"))
    read = open_trace(tmp_path / "a.mps.gz", cache=False)
    first, second = Model.of(trace), Model.of(read)
    assert first.digest() == second.digest() and read.tables["maximise"] == trace.tables["maximise"]


def test_ranges_free_and_fixed_variables_offsets_and_optima_survive_a_file(tmp_path):
    from tests.domains.bandits.lns.worked import model_of

    trace = model_of(
        [1, -2, 3, 0, 5], [[1, 1, 0, 0, 2], [0, 1, 1, 1, 0], [1, 0, 0, 0, 1]], [1, -np.inf, 2], [4, 3, 2],
        kinds="bicci", lower=[0, -2, -np.inf, 1.5, 0], upper=[1, np.inf, np.inf, 1.5, 7],
        offset=2.5, optimum=-4.25, maximise=True,
    )  # fmt: skip
    sink.save(trace, str(tmp_path / "a.mps"))
    read = open_trace(tmp_path / "a.mps", cache=False)
    assert Model.of(read).digest() == Model.of(trace).digest()
    assert read.tables["optimum"] == -4.25 and read.tables["offset"] == 2.5


def test_every_row_is_covered_and_every_column_covers_two():
    trace = drawn("set_cover")
    matrix = Model.of(trace).matrix.toarray()
    assert matrix.sum() == 80 and matrix.sum(axis=1).min() >= 1 and matrix.sum(axis=0).min() >= 2
    assert set(matrix.ravel()) == {0, 1} and 1 <= np.min(trace["cost"]) <= np.max(trace["cost"]) <= 100


@pytest.mark.parametrize("graph", [{"nodes": 30, "affinity": 3}, {"nodes": 25, "density": 0.2}])
def test_the_smallest_cover_and_the_largest_independent_set_share_the_nodes(graph):
    """Of the same graph: equal streams draw equal edges."""
    largest = solved(bandits.independent_set(stream(3, "graph"), **graph))
    smallest = solved(bandits.vertex_cover(stream(3, "graph"), **graph))
    assert largest + smallest == graph["nodes"]


def test_cliques_cut_the_nodes_into_parts_and_their_rows_stand_for_all_their_edges():
    rng = stream(5, "graph")
    edges = mip.edges_of(rng, "independent_set", 40, 4, None)
    cliques = mip.cliques_of(40, edges)
    assert sorted(node for clique in cliques for node in clique) == list(range(40))
    pairs = set(edges)
    assert all((u, v) in pairs for clique in cliques for u in clique for v in clique if u < v)
    degrees = np.bincount(np.array(edges).ravel(), minlength=40)
    assert len(edges) == 36 * 4 and degrees.max() > 2 * np.median(degrees)  # the rich get richer


def test_bids_are_for_different_bundles_and_those_of_one_bidder_exclude_each_other():
    bids = mip.bids_of(stream(2, "auction"), 12, 60)
    assert len(bids) == 60 and all(price >= 0 and items == sorted(set(items)) for items, price, _ in bids)
    model = Model.of(drawn("auction", bids=60, items=12))
    owned = [bidder for _, _, bidder in bids if bidder >= 0]
    assert len(owned) > len(set(owned)) and model.matrix.shape[1] == 60
    assert model.is_feasible(np.zeros(60)) and not model.is_feasible(np.ones(60))


def test_knapsacks_hold_half_of_all():
    model = Model.of(drawn("multi_knapsack"))
    assert np.array_equal(model.row_upper, model.matrix.sum(axis=1) // 2)


def test_sites_together_hold_what_the_ratio_says():
    model = Model.of(drawn("facility", ratio=2.0))
    binaries = model.binaries
    assert len(binaries) == 5 and model.n == 6 * 5 + 5
    total = model.matrix[[6 + 5]].toarray()[0]  # the row of all capacities
    demand, capacity = model.row_lower[6 + 5], total[binaries].sum()
    assert 2 * demand - 5 <= capacity <= 2 * demand
    assert solved(drawn("facility")) > 0


def test_an_edge_that_is_bought_away_costs_one():
    trace = drawn("gisp")
    cost = np.asarray(trace["cost"])
    assert set(cost) == {100, -1} and (cost == 100).sum() == 12
    assert solved(trace) >= solved(drawn("gisp", removable=1e-9))


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("set_cover", {"rows": 1}, "rows must be at least 2, got 1"),
        ("set_cover", {"density": 0.01}, "density 0.01 gives 8 entries"),
        ("set_cover", {"density": 1.5}, r"density must be in \(0, 1\], got 1.5"),
        ("independent_set", {"nodes": 1}, "nodes must be at least 2"),
        ("independent_set", {"density": 2.0}, "density must be in"),
        ("vertex_cover", {"max_weight": 0}, "max_weight must be at least 1, got 0"),
        ("auction", {"items": 1}, "items must be at least 2"),
        ("multi_knapsack", {"m": 0}, "m must be at least 1"),
        ("facility", {"ratio": 1.0}, "ratio must be above 1, got 1"),
        ("gisp", {"revenue": 0.0}, "revenue"),
    ],
)
def test_parameters_out_of_range_are_refused(name, changed, said):
    with pytest.raises(InputError, match=said):
        drawn(name, **changed)
