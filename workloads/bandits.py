"""Invented bandits: tables of rewards, drawn once, so that every policy meets the same numbers; and predicted arms.

A trace has the column `rewards` (float64, shape (n_rounds, n_arms)), or `pulls` where an arm's reward depends on how often it was
pulled, and the means as far as they are known. All chance comes from `rng`. A parameter outside its range raises InputError.

Mixed-integer programs, from `set_cover` on, are traces of their own kind (`sim.domains.bandits.lns.model`), for the system lns.

A predictor is a function `(trace, setting, rng, *, ...)` that adds a column; its attribute `channels` says what the column can
serve, `clairvoyant` that it looks at the future.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator

from sim.core.errors import InputError
from sim.core.seeds import beside
from sim.core.trace import Trace
from sim.domains.bandits import Setting, relaxation, solvers, tables
from sim.domains.bandits import heat as equation
from sim.domains.bandits.regret import Hindsight
from workloads import mip

MEANS = (0.5, 0.45, 0.4, 0.3, 0.2)


def bernoulli(rng: Generator, *, means: tuple[float, ...] = MEANS, n_arms: int = 0, n_rounds: int = 10_000) -> Trace:
    """Rewards of 0 or 1, independent, each arm with its own probability of 1.

    Args:
        means: probabilities in [0, 1], one per arm.
        n_arms: instead, so many arms, whose means are drawn uniformly from the least to the largest of `means`; 0: as given.
    """
    mean = _means(rng, "bernoulli", means, n_rounds, n_arms)
    return _trace("bernoulli", _coins(rng, mean, n_rounds), mean, means=means, n_arms=n_arms)


def beta(
    rng: Generator, *, means: tuple[float, ...] = MEANS, n_arms: int = 0, spread: float = 4.0, n_rounds: int = 10_000
) -> Trace:
    """Rewards between 0 and 1, each arm's from a Beta distribution of its mean.

    Args:
        means: in (0, 1), one per arm.
        n_arms: as in `bernoulli`.
        spread: sum of the distribution's two parameters, above 0: the larger, the closer are rewards to their mean.
    """
    mean = _means(rng, "beta", means, n_rounds, n_arms)
    if not (np.all(mean > 0) and np.all(mean < 1)):
        raise InputError("beta: means must lie strictly between 0 and 1")
    _above_zero("beta", spread=spread)
    rewards = rng.beta(mean * spread, (1 - mean) * spread, (n_rounds, len(mean)))
    return _trace("beta", rewards, mean, means=means, n_arms=n_arms, spread=spread)


def normal(
    rng: Generator, *, means: tuple[float, ...] = MEANS, n_arms: int = 0, sd: float = 0.1, n_rounds: int = 10_000
) -> Trace:
    """Rewards from normal distributions cut to [0, 1]: what falls outside is drawn again.

    Args:
        means: of the distributions before they are cut, in [0, 1]; the trace tells those after.
        n_arms: as in `bernoulli`.
        sd: their standard deviation, above 0.
    """
    from scipy.stats import truncnorm

    mean = _means(rng, "normal", means, n_rounds, n_arms)
    _above_zero("normal", sd=sd)
    low, high = (0 - mean) / sd, (1 - mean) / sd
    rewards = np.empty((n_rounds, len(mean)))
    waiting = np.ones(rewards.shape, np.bool_)
    while waiting.any():
        rewards[waiting] = np.broadcast_to(mean, rewards.shape)[waiting] + sd * rng.standard_normal(waiting.sum())
        waiting = (rewards < 0) | (rewards > 1)
    cut = np.clip(truncnorm.mean(low, high, loc=mean, scale=sd), 0.0, 1.0)
    return _trace("normal", rewards, cut, means=means, n_arms=n_arms, sd=sd)


def piecewise(
    rng: Generator, *, means: tuple[float, ...] = MEANS, n_arms: int = 0, n_breaks: int = 3, n_rounds: int = 10_000
) -> Trace:
    """Rewards of 0 or 1 whose means change places: at equal distances, each arm takes over the mean of the one before it.

    Args:
        means: in [0, 1], one per arm, in the first piece.
        n_arms: as in `bernoulli`.
        n_breaks: changes, at least 0 and fewer than rounds.
    """
    mean = _means(rng, "piecewise", means, n_rounds, n_arms)
    if not 0 <= n_breaks < n_rounds:
        raise InputError(f"piecewise: n_breaks must be at least 0 and below n_rounds, got {n_breaks}")
    piece = np.arange(n_rounds) * (n_breaks + 1) // n_rounds
    moving = np.stack([np.roll(mean, k) for k in range(n_breaks + 1)])[piece]
    return _trace("piecewise", _coins(rng, moving, n_rounds), moving, means=means, n_arms=n_arms, n_breaks=n_breaks)


def drift(rng: Generator, *, n_arms: int = 5, step: float = 0.002, n_rounds: int = 10_000) -> Trace:
    """Rewards of 0 or 1 whose means wander: normal steps, turned back at 0 and 1.

    Args:
        n_arms: arms, at least 1.
        step: standard deviation of a round's step, at least 0.
    """
    _counts("drift", n_arms=n_arms, n_rounds=n_rounds)
    if not 0 <= step < math.inf:
        raise InputError(f"drift: step must be at least 0, got {step:g}")
    walk = rng.random(n_arms) + np.cumsum(step * rng.standard_normal((n_rounds, n_arms)), axis=0)
    folded = np.abs(np.mod(walk + 1, 2) - 1)
    return _trace("drift", _coins(rng, folded, n_rounds), folded, n_arms=n_arms, step=step)


def rotting(
    rng: Generator, *, means: tuple[float, ...] = MEANS, half_life: float = 500.0, n_rounds: int = 10_000
) -> Trace:
    """Arms that wear off: an arm's m-th pull earns its first mean times 2^(-m / half_life), without noise.

    The rewards are by pull (column `pulls`); the best sequence always takes the arm whose next pull earns most.

    Args:
        means: what the first pull of each arm earns, in [0, 1].
        half_life: pulls until an arm earns half, above 0; each arm's is this times a uniform draw from 1/2 to 3/2.
    """
    mean = _means(rng, "rotting", means, n_rounds)
    _above_zero("rotting", half_life=half_life)
    life = half_life * (0.5 + rng.random(len(mean)))
    pulls = mean * np.exp2(-np.arange(n_rounds)[:, None] / life)
    return Trace("rotting", "bandits", {"pulls": pulls}, {}, _origin("rotting", means=means, half_life=half_life))


def adversarial(rng: Generator, *, n_arms: int = 5, ratio: float = 1.6, n_rounds: int = 10_000) -> Trace:
    """Rewards of 0 or 1 with no chance in them but the order of arms: ever longer blocks, in each of which one arm alone pays.

    Args:
        n_arms: arms, at least 1.
        ratio: length of a block over that of the one before, at least 1.

    Reference: after Zimmert and Seldin, "Tsallis-INF", JMLR 2021, section 6: blocks that lead on policies made for chance.
    """
    _counts("adversarial", n_arms=n_arms, n_rounds=n_rounds)
    if not 1 <= ratio < math.inf:
        raise InputError(f"adversarial: ratio must be at least 1, got {ratio:g}")
    rewards = np.zeros((n_rounds, n_arms))
    start, length = 0, 16.0
    arm = int(rng.integers(0, n_arms))
    while start < n_rounds:
        stop = min(n_rounds, start + int(length))
        rewards[start:stop, arm] = 1.0
        arm = (arm + 1 + int(rng.integers(0, max(n_arms - 1, 1)))) % n_arms
        start, length = stop, length * ratio
    return _trace("adversarial", rewards, rewards, n_arms=n_arms, ratio=ratio)


def linear(
    rng: Generator, *, n_arms: int = 5, n_features: int = 4, noise: float = 0.1, n_rounds: int = 10_000
) -> Trace:
    """Rewards that are linear in a context: each arm's own coefficients times the features of the round, and noise.

    Features are uniform in [-1, 1]; the means are scaled into [0.2, 0.8], and noise is uniform, so that rewards stay in [0, 1].

    Args:
        n_arms, n_features: at least 1.
        noise: half the width of the noise, in [0, 0.2].
    """
    _counts("linear", n_arms=n_arms, n_features=n_features, n_rounds=n_rounds)
    if not 0 <= noise <= 0.2:
        raise InputError(f"linear: noise must be in [0, 0.2], got {noise:g}")
    context = rng.uniform(-1, 1, (n_rounds, n_features))
    theta = rng.standard_normal((n_arms, n_features))
    theta /= np.sum(np.abs(theta), axis=1, keepdims=True)
    means = 0.5 + 0.3 * context @ theta.T
    rewards = means + noise * rng.uniform(-1, 1, means.shape)
    context = np.concatenate([context, np.ones((n_rounds, 1))], axis=1)
    columns = {"rewards": rewards, "means": means, "context": context}
    about = _origin("linear", n_arms=n_arms, n_features=n_features, noise=noise)
    return Trace("linear", "bandits", columns, {"context_range": (-1.0, 1.0)}, about)


def costly(
    rng: Generator,
    *,
    means: tuple[float, ...] = MEANS,
    costs: tuple[float, ...] = (0.9, 0.5, 0.3, 0.2, 0.2),
    n_rounds: int = 10_000,
) -> Trace:
    """Rewards of 0 or 1, and for every pull a cost of 0 or 1: what counts is reward per cost.

    Args:
        means: probabilities of a reward, in [0, 1], one per arm.
        costs: probabilities of a cost, in (0, 1], as many.
    """
    mean, cost = _means(rng, "costly", means, n_rounds), _means(rng, "costly", costs, n_rounds)
    if len(mean) != len(cost) or not np.all(cost > 0):
        raise InputError(f"costly: costs must be {len(mean)} numbers above 0, one per arm, got {len(cost)}")
    trace = _trace("costly", _coins(rng, mean, n_rounds), mean, means=means, costs=costs)
    return trace.with_column("cost", _coins(rng, cost, n_rounds))


VARIANCES = {"low": (2.0, 6.0), "high": (0.5, 1.5)}
"""Parameters of the Beta distribution of the shift, by name; both have the mean 1/4."""

OMEGA = np.round(1 + 0.05 * np.arange(20), 2)
"""Parameters of relaxation that are arms."""


def laplacian(
    rng: Generator,
    *,
    variance: str = "low",
    solver: str = "sor",
    side: int = 10,
    cap: int = 10_000,
    n_systems: int = 5_000,
) -> Trace:
    """Linear systems for `bandits/relaxation`: a grid's Laplacian with a random shift of the diagonal, and how each is solved.

    The shift, which is the context, is -0.15 + 0.6 Beta; right sides are standard normal, drawn again while longer than
    sqrt(side^2). The solver ends when the residual is below 1e-8 of the right side. The table of iterations, 20 parameters from
    1.00 to 1.95, is computed once and kept on disk.

    Args:
        variance: of the shift: "low", Beta(2, 6), or "high", Beta(1/2, 3/2).
        solver: "sor", or "cg", conjugate gradients preconditioned by SSOR.
        side: unknowns along a side of the grid, at least 2.
        cap: the most iterations, at least 1.
        n_systems: at least 1.

    Reference: Khodak, Chow, Balcan and Talwalkar, "Learning to Relax: Setting Solver Parameters Across a Sequence of Linear
    System Instances", ICLR 2024, section 4.
    """
    if variance not in VARIANCES:
        raise InputError(f'laplacian: no variance named "{variance}"; expected one of {", ".join(VARIANCES)}')
    if solver not in solvers.COUNTS:
        raise InputError(f'laplacian: no solver named "{solver}"; expected one of {", ".join(solvers.COUNTS)}')
    _counts("laplacian", n_systems=n_systems, cap=cap)
    if side < 2:
        raise InputError(f"laplacian: side must be at least 2, got {side}")
    shift = -0.15 + 0.6 * beside(rng, "shift").beta(*VARIANCES[variance], n_systems)
    sides = beside(rng, "right")
    b = sides.standard_normal((n_systems, side * side))
    while (long := np.sum(b * b, axis=1) > side * side).any():
        b[long] = sides.standard_normal((int(long.sum()), side * side))
    each = np.concatenate([np.tile(OMEGA, (n_systems, 1)), solvers.best_omega(shift, side)[:, None]], axis=1)
    counts, digest = relaxation.counted(solver, b, shift, each, side, 1e-8, cap)
    columns = {"iterations": counts[:, :-1].copy(), "formula": counts[:, -1].copy(), "context": shift[:, None]}
    beyond = {"omega": OMEGA, "context_range": (-0.15, 0.65), "cap": cap}
    about = _origin("laplacian", variance=variance, solver=solver, side=side, cap=cap, sha256=digest)
    return Trace(f"laplacian {variance}", "bandits", columns, beyond, about)


def set_cover(
    rng: Generator, *, rows: int = 500, columns: int = 1000, density: float = 0.05, max_cost: int = 100
) -> Trace:
    """A mixed-integer program: the cheapest columns that cover every row.

    Args:
        rows, columns: at least 2.
        density: part of the matrix that is not 0; there must be enough to cover each row once and give each column two rows.
        max_cost: costs are whole numbers from 1 to it.

    Reference: Balas and Ho, "Set Covering Algorithms Using Cutting Planes, Heuristics, and Subgradient Optimization", 1980; sizes
    as in Gasse et al., "Exact Combinatorial Optimization with Graph Convolutional Neural Networks", NeurIPS 2019.
    """
    mip.at_least("set_cover", 2, rows=rows, columns=columns)
    mip.at_least("set_cover", 1, max_cost=max_cost)
    mip.share("set_cover", density=density)
    n_nonzeros = int(rows * columns * density)
    if n_nonzeros < max(rows, 2 * columns):
        raise InputError(
            f"set_cover: density {density:g} gives {n_nonzeros} entries; {rows} rows and two for each of {columns} columns "
            f"need {max(rows, 2 * columns)}"
        )
    covers = mip.covered(rng, rows, columns, n_nonzeros)
    cost = [mip.whole(rng, 1, max_cost) for _ in range(columns)]
    terms: list[dict[int, float]] = [{} for _ in range(rows)]
    for column, covered in enumerate(covers):
        for row in covered:
            terms[row][column] = 1.0
    matrix = mip.Rows()
    for one in terms:
        matrix.add(one, lower=1.0)
    names = [f"x{i + 1}" for i in range(columns)]
    return matrix.trace("set_cover", names, cost, rows=rows, columns=columns, density=density, max_cost=max_cost)


def independent_set(rng: Generator, *, nodes: int = 500, affinity: int = 4, density: float | None = None) -> Trace:
    """A mixed-integer program: the most nodes of a graph of which no two are neighbours. It is maximised.

    Args:
        nodes: at least 2.
        affinity: edges of each new node, by preferential attachment; a row for each clique of a greedy partition, and for each
            edge outside of them.
        density: instead, the probability of each edge; a row for each edge.

    Reference: Bergman, Cire, van Hoeve and Hooker, "Decision Diagrams for Optimization", 2016, section 4.6.4; Gasse et al.,
    "Exact Combinatorial Optimization with Graph Convolutional Neural Networks", NeurIPS 2019.
    """
    mip.at_least("independent_set", 2, nodes=nodes)
    edges = mip.edges_of(rng, "independent_set", nodes, affinity, density)
    cliques = [[node] for node in range(nodes)] if density is not None else mip.cliques_of(nodes, edges)
    home = {node: k for k, clique in enumerate(cliques) for node in clique}
    matrix = mip.Rows()
    for clique in cliques:
        if len(clique) > 1:
            matrix.add(dict.fromkeys(clique, 1.0), upper=1.0)
    for u, v in edges:
        if home[u] != home[v]:
            matrix.add({u: 1.0, v: 1.0}, upper=1.0)
    names = [f"x{i + 1}" for i in range(nodes)]
    options = {"nodes": nodes, "affinity": affinity, "density": density}
    return matrix.trace("independent_set", names, np.ones(nodes), maximise=True, **options)


def vertex_cover(
    rng: Generator, *, nodes: int = 500, affinity: int = 4, density: float | None = None, max_weight: int = 1
) -> Trace:
    """A mixed-integer program: the lightest nodes of a graph that touch every edge.

    Args:
        nodes, affinity, density: the graph, as in `independent_set`; equal parameters and seed give the same one.
        max_weight: weights are whole numbers from 1 to it.

    Reference: Bergman, Cire, van Hoeve and Hooker, "Decision Diagrams for Optimization", 2016.
    """
    mip.at_least("vertex_cover", 2, nodes=nodes)
    mip.at_least("vertex_cover", 1, max_weight=max_weight)
    edges = mip.edges_of(rng, "vertex_cover", nodes, affinity, density)
    matrix = mip.Rows()
    for u, v in edges:
        matrix.add({u: 1.0, v: 1.0}, lower=1.0)
    weights = [mip.whole(rng, 1, max_weight) for _ in range(nodes)]
    names = [f"x{i + 1}" for i in range(nodes)]
    options = {"nodes": nodes, "affinity": affinity, "density": density, "max_weight": max_weight}
    return matrix.trace("vertex_cover", names, weights, **options)


def auction(rng: Generator, *, items: int = 100, bids: int = 500) -> Trace:
    """A mixed-integer program: the bids of a combinatorial auction that pay most, each item sold once. It is maximised.

    Args:
        items: at least 2.
        bids: at least 1.

    Reference: Leyton-Brown, Pearson and Shoham, "Towards a Universal Test Suite for Combinatorial Auction Algorithms", EC 2000,
    the arbitrary scheme.
    """
    mip.at_least("auction", 2, items=items)
    mip.at_least("auction", 1, bids=bids)
    made = mip.bids_of(rng, items, bids)
    sold: dict[tuple[str, int], dict[int, float]] = {}
    for k, (bundle, _, bidder) in enumerate(made):
        for item in bundle:
            sold.setdefault(("item", item), {})[k] = 1.0
        if bidder >= 0:
            sold.setdefault(("only one", bidder), {})[k] = 1.0
    matrix = mip.Rows()
    for _, terms in sorted(sold.items()):
        if len(terms) > 1:
            matrix.add(terms, upper=1.0)
    names = [f"x{i + 1}" for i in range(len(made))]
    return matrix.trace("auction", names, [price for _, price, _ in made], maximise=True, items=items, bids=bids)


def multi_knapsack(rng: Generator, *, m: int = 10, n: int = 250) -> Trace:
    """A mixed-integer program: the items of most profit that fit into m knapsacks at once. It is maximised.

    Args:
        m: knapsacks, at least 1; each holds half of all.
        n: items, at least 1; an item's profit follows its mean weight.

    Reference: Chu and Beasley, "A Genetic Algorithm for the Multidimensional Knapsack Problem", Journal of Heuristics 1998.
    """
    mip.at_least("multi_knapsack", 1, m=m, n=n)
    weights = np.array([[mip.whole(rng, 1, 1000) for _ in range(n)] for _ in range(m)])
    profit = weights.mean(axis=0) + 500 * rng.random(n)
    matrix = mip.Rows()
    for row in weights.tolist():
        matrix.add(dict(enumerate(row)), upper=float(sum(row) // 2))
    return matrix.trace("multi_knapsack", [f"x{i + 1}" for i in range(n)], profit, maximise=True, m=m, n=n)


def facility(rng: Generator, *, customers: int = 100, sites: int = 100, ratio: float = 5.0) -> Trace:
    """A mixed-integer program: which sites to open, and who is served from where; sites have capacities.

    Args:
        customers, sites: at least 1.
        ratio: capacity of all sites over the demand of all customers, above 1.

    Reference: Cornuejols, Sridharan and Thizy, "A comparison of heuristics and relaxations for the capacitated plant location
    problem", EJOR 1991; the demand in all as a row of its own, as in Gasse et al., NeurIPS 2019.
    """
    mip.at_least("facility", 1, customers=customers, sites=sites)
    if not 1 < ratio < math.inf:
        raise InputError(f"facility: ratio must be above 1, got {ratio:g}")
    at, sites_at = rng.random((customers, 2)), rng.random((sites, 2))
    demand = np.array([mip.whole(rng, 5, 35) for _ in range(customers)])
    capacity = np.array([mip.whole(rng, 10, 160) for _ in range(sites)])
    fixed = [math.floor(mip.whole(rng, 100, 110) * math.sqrt(one)) + mip.whole(rng, 0, 90) for one in capacity.tolist()]
    capacity = np.maximum(1, np.floor(capacity * ratio * demand.sum() / capacity.sum())).astype(np.int64)
    apart = np.sqrt(((at[:, None] - sites_at[None]) ** 2).sum(axis=2))
    shipping = 10 * apart * demand[:, None]
    matrix, first = mip.Rows(), customers * sites
    for i in range(customers):
        matrix.add({i * sites + j: 1.0 for j in range(sites)}, lower=1.0)
    for j in range(sites):
        terms = {i * sites + j: float(demand[i]) for i in range(customers)}
        matrix.add({**terms, first + j: -float(capacity[j])}, upper=0.0)
    matrix.add({first + j: float(capacity[j]) for j in range(sites)}, lower=float(demand.sum()))
    for i in range(customers):
        for j in range(sites):
            matrix.add({i * sites + j: 1.0, first + j: -1.0}, upper=0.0)
    names = [f"x{i + 1}_{j + 1}" for i in range(customers) for j in range(sites)]
    names += [f"y{j + 1}" for j in range(sites)]
    is_integer = np.arange(len(names)) >= first
    options = {"customers": customers, "sites": sites, "ratio": ratio}
    return matrix.trace("facility", names, [*shipping.ravel().tolist(), *fixed], is_integer=is_integer, **options)


def gisp(
    rng: Generator, *, nodes: int = 60, density: float = 0.6, removable: float = 0.75, revenue: float = 100.0
) -> Trace:
    """A mixed-integer program: nodes of which no two are neighbours, where some edges can be bought away. It is maximised.

    Args:
        nodes: at least 2.
        density: probability of each edge.
        removable: probability with which an edge can be removed, at cost 1.
        revenue: of a node, above 0.

    Reference: Hochbaum and Pathria, "Forest Harvesting and Minimum Cuts", Forest Science 1997; as a benchmark in Chmiela, Khalil,
    Gleixner, Lodi and Pokutta, "Learning to Schedule Heuristics in Branch and Bound", NeurIPS 2021.
    """
    mip.at_least("gisp", 2, nodes=nodes)
    mip.share("gisp", density=density, removable=removable)
    _above_zero("gisp", revenue=revenue)
    edges = mip.edges_of(rng, "gisp", nodes, 1, density)
    matrix, names, cost = mip.Rows(), [f"x{i + 1}" for i in range(nodes)], [revenue] * nodes
    for u, v in edges:
        terms = {u: 1.0, v: 1.0}
        if rng.random() < removable:
            terms[len(names)] = -1.0
            names.append(f"z{u + 1}_{v + 1}")
            cost.append(-1.0)
        matrix.add(terms, upper=1.0)
    options = {"nodes": nodes, "density": density, "removable": removable, "revenue": revenue}
    return matrix.trace("gisp", names, cost, maximise=True, **options)


def heat(rng: Generator, *, cells: int = 25, cap: int = 10_000, n_systems: int = 5_000) -> Trace:
    """Linear systems for `bandits/relaxation`: the steps of a heat equation whose diffusion, the context, rises and falls.

    Crank and Nicolson's scheme in the unit square, a millisecond a step; each system is solved by conjugate gradients,
    preconditioned by SSOR, from the solution of the step before, until the residual is below 1e-8 of the right side. Nothing is
    drawn. The table of iterations, 20 parameters from 1.00 to 1.95, is computed once and kept on disk: seconds at 25 cells, half
    a minute at 50, some minutes at 100.

    Args:
        cells: of the grid along a side, at least 2; the paper's are 25, 50, 100, 200, 400.
        cap: the most iterations, at least 1.
        n_systems: steps, at least 1; the paper's are 5,000.

    Reference: Khodak, Chow, Balcan and Talwalkar, "Learning to Relax: Setting Solver Parameters Across a Sequence of Linear
    System Instances", ICLR 2024, section 5.
    """
    _counts("heat", n_systems=n_systems, cap=cap)
    if cells < 2:
        raise InputError(f"heat: cells must be at least 2, got {cells}")
    counts, digest = relaxation.counted_in_heat(OMEGA, cells, n_systems, 1e-8, cap)
    context = equation.diffusion(equation.STEP_S * np.arange(n_systems))
    beyond = {"omega": OMEGA, "context_range": (0.0, 10.0), "cap": cap}
    about = _origin("heat", cells=cells, cap=cap, sha256=digest)
    return Trace(f"heat {cells}", "bandits", {"iterations": counts, "context": context[:, None]}, beyond, about)


def best_arm(trace: Trace, setting: Setting, rng: Generator, *, flip: float = 0.0, rank: int = 0) -> Trace:
    """Adds the arm that an expert takes for the best, each round: the one that is, or another by mistake.

    The truth is the arm of the highest mean in that round, or over all rounds where means are not known or do not move.

    Args:
        trace: with rewards.
        setting: the run's setting.
        rng: the predictions' own stream; a round that is wrong stays so when the probability rises.
        flip: probability in [0, 1] that a round names another arm, each other one equally likely.
        rank: the expert mistakes the arm of this rank for the best throughout; 0 is the best, 1 the second.

    Returns:
        A new trace with a column `predicted_arm`, int64, shape (n,).

    Raises:
        InputError: a parameter outside its range.
    """
    n_arms = tables.n_arms(trace)
    if not 0 <= flip <= 1:
        raise InputError(f"best_arm: flip must be a probability in [0, 1], got {flip:g}")
    if not 0 <= rank < n_arms:
        raise InputError(f"best_arm: rank must be 0 to {n_arms - 1}, got {rank}")
    means = tables.means(trace)
    if means is None:
        means = Hindsight(trace).of_arms(setting.horizon or len(trace)).reshape(1, -1)
    ranked = np.argsort(-means, axis=1, kind="stable")[:, rank]
    predicted = np.broadcast_to(ranked, len(trace)).astype(np.int64)
    is_wrong = rng.random(len(trace)) < flip
    other = rng.integers(0, max(n_arms - 1, 1), len(trace))
    predicted = np.where(is_wrong & (n_arms > 1), other + (other >= predicted), predicted)
    return trace.with_column("predicted_arm", predicted, predictor="best_arm", flip=flip, rank=rank)


best_arm.channels = ("predicted_arm",)  # type: ignore[attr-defined]
best_arm.clairvoyant = True  # type: ignore[attr-defined]


def _trace(name: str, rewards: np.ndarray, means: np.ndarray, /, **parameters: Any) -> Trace:
    origin = _origin(name, **parameters)
    if means.ndim == 1:
        return Trace(name, "bandits", {"rewards": rewards}, {"means": means}, origin)
    return Trace(name, "bandits", {"rewards": rewards, "means": means}, {}, origin)


def _origin(name: str, /, **parameters: Any) -> dict[str, Any]:
    return {"workload": name, **parameters}


def _coins(rng: Generator, mean: np.ndarray, n_rounds: int) -> np.ndarray:
    return (rng.random((n_rounds, mean.shape[-1])) < mean).astype(np.float64)


def _means(rng: Generator, name: str, means: tuple[float, ...], n_rounds: int, n_arms: int = 0) -> np.ndarray:
    """The means given, or drawn between them."""
    _counts(name, n_rounds=n_rounds)
    if n_arms < 0:
        raise InputError(f"{name}: n_arms must be at least 0, where 0 stands for an arm for each mean, got {n_arms}")
    if not means:
        raise InputError(f"{name}: means must name at least one arm, e.g. means=[0.5;0.4]")
    for mean in means:
        if not 0 <= mean <= 1:
            raise InputError(f"{name}: means must lie in [0, 1], got {mean:g}")
    if n_arms:
        return rng.uniform(min(means), max(means), n_arms)
    return np.array(means, np.float64)


def _counts(name: str, **counts: int) -> None:
    for key, value in counts.items():
        if value < 1:
            raise InputError(f"{name}: {key} must be at least 1, got {value}")


def _above_zero(name: str, **values: float) -> None:
    for key, value in values.items():
        if not 0 < value < math.inf:
            raise InputError(f"{name}: {key} must be above 0, got {value:g}")
