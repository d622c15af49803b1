"""Relaxation: counts against a plain second version, theory and the published means; learning on a short sequence."""

import math

import numpy as np
import pytest

from sim.core.engine import replay
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.core.trace import Trace
from sim.domains.bandits import heat, relaxation, solvers
from sim.domains.bandits.chebyshev import ChebyshevFit
from sim.study import catalog
from tests.domains.bandits import theory
from workloads import bandits

GRID = np.round(1 + 0.05 * np.arange(20), 2)


def laplacian(shift, side):
    line = 2 * np.eye(side) - np.eye(side, k=1) - np.eye(side, k=-1)
    return np.kron(line, np.eye(side)) + np.kron(np.eye(side), line) + shift * np.eye(side * side)


def sor_plainly(a, b, omega, tolerance=1e-8, cap=10_000):
    """The recursion of the residuals alone: r <- r - A (D / omega + L)^-1 r."""
    step = a @ np.linalg.inv(np.diag(np.diag(a)) / omega + np.tril(a, -1))
    r = b.copy()
    for k in range(1, cap + 1):
        r = r - step @ r
        if np.linalg.norm(r) < tolerance * np.linalg.norm(b):
            return k
    return cap


def cg_plainly(a, b, w, tolerance=1e-8):
    d, lower = np.diag(np.diag(a)), np.tril(a, -1)
    m = (d + w * lower) @ np.linalg.inv(d) @ (d + w * lower).T / (w * (2 - w))
    x, r = np.zeros(len(b)), b.copy()
    p, old = np.zeros(len(b)), 1.0
    for k in range(1, 1000):
        z = np.linalg.solve(m, r)
        new = r @ z
        p = z + (new / old if k > 1 else 0) * p
        q = a @ p
        x, r, old = x + new / (p @ q) * p, r - new / (p @ q) * q, new
        if np.linalg.norm(r) < tolerance * np.linalg.norm(b):
            return k
    return 1000


@pytest.mark.parametrize("side", [1, 4, 10])
def test_the_kernels_count_as_plain_matrices_do(side):
    rng = np.random.default_rng(side)
    shift = np.array([-0.15, 0.0, 0.45]) if side > 1 else np.array([0.3, 0.0, 0.45])
    b = rng.standard_normal((3, side * side))
    omega = np.tile([1.0, 1.3, 1.7], (3, 1))
    for solver, plainly in (("sor", sor_plainly), ("cg", cg_plainly)):
        counts = solvers.COUNTS[solver](b, shift, omega, side, 1e-8, 10_000)
        expected = [[plainly(laplacian(shift[t], side), b[t], w) for w in omega[t]] for t in range(3)]
        assert np.abs(counts - expected).max() <= (0 if solver == "sor" else 1)  # conjugate gradients round differently


def test_one_unknown_needs_one_iteration_at_omega_1_and_27_at_one_and_a_half():
    # the error shrinks by |1 - omega| each time: (1/2)^27 < 1e-8 < (1/2)^26
    counts = solvers.sor_counts(np.ones((1, 1)), np.zeros(1), np.array([[1.0, 1.5]]), 1, 1e-8, 100)
    assert counts.tolist() == [[1, 27]]
    assert solvers.sor_counts(np.ones((1, 1)), np.zeros(1), np.array([[1.5]]), 1, 1e-8, 5).tolist() == [[5]]


def test_youngs_formula_has_its_published_values():
    assert float(solvers.radius(0.0, 10)) == pytest.approx(0.959493, abs=5e-7)
    assert solvers.best_omega(np.array([0.0, -0.15]), 10) == pytest.approx([1.560388, 1.853594], abs=5e-7)
    assert float(solvers.radius(-0.15, 10)) == pytest.approx(0.996876, abs=5e-7)


@pytest.mark.parametrize("omega", [1.0, 1.4, 1.560388, 1.9])
def test_the_radius_of_sors_matrix_is_that_of_its_eigenvalues(omega):
    a = laplacian(0.05, 6)
    matrix = np.eye(36) - np.linalg.inv(np.diag(np.diag(a)) / omega + np.tril(a, -1)) @ a
    assert solvers.sor_radius(omega, 0.05, 6) == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max(), abs=1e-6)


@pytest.mark.parametrize("shift", [-0.15, 0.0, 0.45])
def test_the_surrogate_is_never_below_the_iterations_and_falls_before_it_rises(shift):
    a, b = laplacian(shift, 6), np.random.default_rng(1).standard_normal((1, 36))
    counts = solvers.sor_counts(b, np.array([shift]), GRID[None, :], 6, 1e-8, 10_000)[0]
    tau = theory.asymptocity(a, GRID, counts)
    above = np.array([theory.surrogate(a, omega, tau, 1e-8) for omega in GRID])
    assert 0 < tau < 1 and np.all(counts <= above)
    turn = int(np.argmin(above))
    assert np.all(np.diff(above[: turn + 1]) < 0) and np.all(np.diff(above[turn:]) > 0)


@pytest.mark.parametrize("shift", [-0.15, 0.0, 0.45])
def test_conjugate_gradients_never_need_more_than_their_bound(shift):
    a, b = laplacian(shift, 6), np.random.default_rng(2).standard_normal((4, 36))
    counts = solvers.cg_counts(b, np.full(4, shift), np.tile(GRID, (4, 1)), 6, 1e-8, 10_000)
    assert np.all(counts <= [theory.cg_bound(a, omega, 1e-8) for omega in GRID])


def test_the_heat_equations_steps_are_solved_and_counted_as_plain_matrices_do():
    """Five cells, the scheme as it is written: A = I - k dt/2 Lap, b = (I + k dt/2 Lap) u + dt f, from the solution so far."""
    cells, dt = 5, 0.001
    lap = -laplacian(0.0, cells - 1) * cells**2
    place = np.arange(1, cells) / cells
    x, y = (part.ravel() for part in np.meshgrid(place, place, indexing="ij"))

    def bump(cx, cy, radius):
        apart = np.minimum(1 - 1e-15, ((x - cx) ** 2 + (y - cy) ** 2) / radius**2)
        return np.exp(1 - 1 / (1 - apart))

    u = bump(0.5, 0.5, 0.25)
    omega = np.array([1.0, 1.5, 1.9])
    counts = heat.heat_counts(omega, cells, 30, 1e-8, 1000)
    for step in range(30):
        t = (step + 0.5) * dt
        k = max(0.1 * math.sin(2 * math.pi * t), -10 * math.sin(2 * math.pi * t))
        a, half = np.eye(len(u)) - k * dt / 2 * lap, np.eye(len(u)) + k * dt / 2 * lap
        circle = (0.5 + math.cos(16 * math.pi * t) / 4, 0.5 + math.sin(16 * math.pi * t) / 4)
        b = half @ u + dt * 32 * bump(*circle, 0.125)
        first = b - a @ u
        relative = 1e-8 * np.linalg.norm(b) / np.linalg.norm(first)
        assert np.abs(counts[step] - [cg_plainly(a, first, w, relative) for w in omega]).max() <= 1
        u = np.linalg.solve(a, b)
    *_, (_, _, last) = heat.steps(cells, 31)
    assert last.ravel() == pytest.approx(u, rel=1e-9, abs=1e-12)


def test_the_first_steps_of_a_heat_equation_do_not_depend_on_how_many_follow():
    long, short = (bandits.heat(stream(0, "w"), cells=6, n_systems=n) for n in (40, 15))
    assert np.array_equal(long["iterations"][:15], short["iterations"]) and np.array_equal(
        long["context"][:15], short["context"]
    )
    strong = bandits.heat(stream(0, "w"), cells=6, n_systems=800)
    assert strong["context"].min() >= 0 and strong["context"].max() == pytest.approx(10, rel=1e-4)
    assert strong["iterations"][700:].mean() > 2 * strong["iterations"][:300].mean()


@pytest.mark.parametrize(("variance", "best", "published"), [("low", 1.65, 59.5), ("high", 1.8, 104.1)])
def test_the_best_fixed_parameter_is_the_published_one(variance, best, published):
    """Means over 300 systems; both are samples, the published one of 1,000, so four standard errors of the difference."""
    trace = bandits.laplacian(stream(5, "workload", "laplacian"), variance=variance, n_systems=300)
    counts = trace["iterations"].astype(float)
    at = int(np.argmin(np.abs(GRID - best)))
    error = np.std(counts[:, at]) * math.sqrt(1 / 300 + 1 / 1000)
    assert abs(np.mean(counts[:, at]) - published) < 4 * error
    assert abs(GRID[np.argmin(counts.mean(axis=0))] - best) < 0.06
    assert trace["formula"].mean() < counts.min(axis=1).mean()


def test_a_table_is_made_once_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("AUGSIM_CACHE", str(tmp_path))
    first = bandits.laplacian(stream(0, "w"), n_systems=20)
    monkeypatch.setitem(solvers.COUNTS, "sor", None)  # not called again
    again = bandits.laplacian(stream(0, "w"), n_systems=20)
    assert np.array_equal(first["iterations"], again["iterations"])
    assert first.origin["sha256"] == again.origin["sha256"]


def run(text, trace, seed=0, mode="interpreted", **setting):
    system = relaxation.System(relaxation.Setting(**setting).on(trace))
    policy = catalog.policy("bandits", text)
    result = replay(trace, system, policy, seed=seed, mode=mode, record=True)
    return {**result.metrics, **system.judge(trace, policy, result.metrics, system.hindsight(trace))}, result


@pytest.fixture(scope="module")
def short():
    return bandits.laplacian(stream(2, "workload", "laplacian"), variance="high", n_systems=600)


def test_regret_is_counted_in_iterations(short):
    fixed, result = run("fixed,value=1.81", short)
    column = short["iterations"][:, 16].astype(float)
    assert GRID[16] == 1.8 and set(result.decisions.subject.tolist()) == {16}
    assert fixed["iterations"] == column.sum() and fixed["omega_mean"] == pytest.approx(1.8)
    totals = short["iterations"].sum(axis=0, dtype=float)
    assert fixed["regret"] == column.sum() - totals.min()
    assert fixed["regret_to_best"] == column.sum() - short["iterations"].min(axis=1).sum()
    best, _ = run("best_fixed", short)
    assert best["regret"] == 0
    each, _ = run("best_each", short)
    assert each["regret_to_best"] == 0
    star, _ = run("omega_star", short)
    assert star["regret_to_formula"] == 0 and star["omega_mean"] is None


def test_context_beats_the_best_fixed_parameter_and_tsallis_comes_near_it(short):
    def late(name):
        """Iterations per system in the second half, when something has been learned."""
        arms = run(name, short)[1].decisions.subject
        return float(np.mean(short["iterations"][np.arange(300, 600), arms[300:]]))

    best, even = late("best_fixed"), late("uniform")
    assert late("cheb_cb") < 0.8 * best
    assert late("tsallis_inf") - best < 0.4 * (even - best)


@pytest.mark.slow
@pytest.mark.parametrize(("variance", "ahead"), [("low", 0.85), ("high", 0.7)])
def test_the_published_order_on_whole_sequences(variance, ahead):
    """5,000 systems, five trials: cheb_cb clearly below the best fixed parameter, tsallis_inf above and near it."""
    found = {"best_fixed": [], "cheb_cb": [], "tsallis_inf": [], "tsallis_inf_cb": [], "uniform": []}
    for seed in range(5):
        trace = bandits.laplacian(stream(seed, "workload", "laplacian"), variance=variance)
        for name, values in found.items():
            values.append(run(name, trace, seed, "compiled")[0]["iterations_mean"])
    best = np.array(found["best_fixed"])
    published = {"low": 59.5, "high": 104.1}[variance]
    assert abs(best.mean() - published) < 0.04 * published
    assert np.all(np.array(found["cheb_cb"]) < ahead * best)
    assert np.all(np.array(found["tsallis_inf"]) > best)
    assert np.mean(found["tsallis_inf"]) - best.mean() < 0.2 * (np.mean(found["uniform"]) - best.mean())


@pytest.mark.slow
def test_both_forms_learn_alike_from_iterations(short):
    for name in ("cheb_cb", "tsallis_inf", "tsallis_inf_cb", "omega_star"):
        plain, compiled = (run(name, short, mode=mode, rounds=250)[1] for mode in ("interpreted", "compiled"))
        assert plain.decisions.same_as(compiled.decisions) and plain.metrics == compiled.metrics
        assert np.array_equal(plain.decisions.probability, compiled.decisions.probability, equal_nan=True)


def test_a_chebyshev_fit_is_least_squares_of_least_norm_or_within_bounds():
    from scipy.optimize import lsq_linear

    rng = np.random.default_rng(3)
    fit = ChebyshevFit(1, 5, -1.0, 1.0)
    rows, losses = [], []
    n_bounded = 0
    for t in range(60):
        x = rng.uniform(-1, 1)
        loss = 1 + 10 * abs(x) + rng.normal() ** 2 * (20 if t % 9 == 0 else 1)
        fit.look(x)
        rows.append(np.polynomial.chebyshev.chebvander(x, 4).ravel())
        losses.append(loss - 1)
        assert fit.features.tolist() == pytest.approx(rows[-1].tolist())
        residual = fit.learn(0, loss)
        a, y, k = np.array(rows), np.array(losses), max(losses) + 1
        bound = np.array([k, *(2 * k / np.arange(1, 5))])
        expected = np.linalg.lstsq(a, y, rcond=1e-11)[0]
        assert bool(fit.bounded[0]) == bool(np.any(np.abs(expected) > bound))
        if fit.bounded[0]:
            n_bounded += 1
            expected = lsq_linear(a, y, (-bound, bound), tol=1e-14).x
            assert residual == pytest.approx(np.sum((a @ expected - y) ** 2), rel=1e-5, abs=1e-7)
            assert np.sum((a @ fit.coefficients[0] - y) ** 2) <= np.sum((a @ expected - y) ** 2) + 1e-6 * k * k
        else:
            assert residual == 0
            assert fit.coefficients[0] == pytest.approx(expected, abs=1e-6 * k)
    assert n_bounded > 0


def test_what_is_no_sequence_of_systems_is_refused():
    rewards = Trace("r", "bandits", {"rewards": np.ones((3, 2))})
    with pytest.raises(InputError, match=r"no table of iterations: expected a column iterations \(columns: rewards\)"):
        run("uniform", rewards)
    bad = Trace("z", "bandits", {"iterations": np.array([[3, 0]])})
    with pytest.raises(InputError, match="round 0: the number of iterations of arm 1 is 0; expected at least 1"):
        run("uniform", bad)
    good = Trace("g", "bandits", {"iterations": np.array([[3, 5]])})
    with pytest.raises(InputError, match="omega_star relaxes by Young's formula, and this trace has none"):
        run("omega_star", good)
    with pytest.raises(InputError, match="scale must be a number of iterations above 1, got 1"):
        relaxation.Setting(scale=1)
    with pytest.raises(InputError, match='no variance named "some"; expected one of low, high'):
        bandits.laplacian(stream(0, "w"), variance="some")
    with pytest.raises(InputError, match='no solver named "jacobi"; expected one of sor, cg'):
        bandits.laplacian(stream(0, "w"), solver="jacobi")
