"""Invented jobs: rates and sizes are what they say, and equal parameters and seeds give equal traces."""

import math

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.study import catalog
from sim.study.experiment import Bench
from workloads import dispatch, job_sizes

N = 50_000

OPEN = {"poisson": {}, "mmpp": {"burst_length": 2.0}, "diurnal": {"period": 100.0}}


def made(name, seed=1, **parameters):
    needed = {"clients": 10} if name == "closed" else {"rate": 5.0}
    return catalog.workloads("dispatch")[name](stream(seed, "workload"), **{"n_jobs": N, **needed, **parameters})


@pytest.mark.parametrize("name", OPEN)
def test_jobs_come_in_order_as_often_as_the_rate_says(name):
    trace = made(name, **OPEN[name])
    assert (np.diff(trace["time"]) >= 0).all() and trace["time"][0] > 0
    assert N / trace["time"][-1] == pytest.approx(
        5.0, rel=0.07 if name == "mmpp" else 0.03
    )  # 500 bursts have a deviation of 2 %
    assert trace["size"].mean() == pytest.approx(1.0, rel=0.03)


@pytest.mark.parametrize("name", [*OPEN, "closed"])
def test_equal_seeds_give_equal_jobs_and_sizes_leave_arrivals_alone(name):
    one, same, other = made(name), made(name), made(name, sizes="pareto", keys=10, mean_size=3.0)
    arrival = "think" if name == "closed" else "time"
    assert all(np.array_equal(one[column], same[column]) for column in one.columns)
    assert np.array_equal(one[arrival], other[arrival])
    assert not np.array_equal(one[arrival], made(name, seed=2)[arrival])


def test_poisson_arrivals_have_exponential_gaps():
    gaps = np.diff(made("poisson")["time"])
    assert gaps.mean() == pytest.approx(0.2, rel=0.02) and gaps.std() == pytest.approx(0.2, rel=0.03)


def test_bursts_have_their_share_of_time_and_their_rate():
    """Rates 5 / 1.4 and five times that; counts in short windows are far from Poisson's variance."""
    time = made("mmpp", burst=5.0, share=0.1, burst_length=20.0)["time"]
    counts = np.bincount(time.astype(int))
    assert counts.var() > 3 * counts.mean()
    assert np.median(counts) == pytest.approx(5 / 1.4, abs=1.0)


def test_days_swing_as_they_should():
    """With swing 1 the first half of a day has (1/2 + 1/pi) of its jobs."""
    time = made("diurnal", swing=1.0, period=100.0)["time"]
    assert np.mean(time % 100 < 50) == pytest.approx(0.5 + 1 / math.pi, abs=0.01)


def test_clients_take_turns_in_the_trace():
    trace = made("closed", think=2.0)
    assert trace["client"][:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert trace["think"].mean() == pytest.approx(2.0, rel=0.03)


def test_keys_are_of_zipf_popularity():
    counts = np.bincount(made("poisson", keys=5)["key"], minlength=5)
    assert counts / N == pytest.approx(1 / np.arange(1, 6) / (137 / 60), abs=0.01)


@pytest.mark.parametrize(
    ("text", "cv2"),
    [
        ("exponential", 1),
        ("deterministic", 0),
        ("uniform", 1 / 3),
        ("hyperexponential:cv2=10", 10),
        ("weibull:shape=0.5", 5),
        ("lognormal:sigma=0.5", math.exp(0.25) - 1),
    ],
)
def test_sizes_have_the_mean_and_the_variance_of_their_law(text, cv2):
    size = job_sizes.draw(stream(1, "sizes"), text, 2.0, 400_000)
    assert size.min() > 0
    assert size.mean() == pytest.approx(2.0, rel=0.02)
    assert size.var() / 4 == pytest.approx(cv2, rel=0.1, abs=1e-12)


def test_a_law_of_several_parameters_stands_in_brackets_on_the_command_line():
    law = "pareto:alpha=1.5,low=1,high=10"
    trace = Bench().trace(f"workload:poisson,rate=2,n_jobs=100,sizes=[{law}]", "dispatch", 3)
    assert 5 < trace["size"].max() / trace["size"].min() < 10
    drawn = made("poisson", n_jobs=100, sizes=f"[{law}]")["size"]
    assert np.array_equal(drawn, made("poisson", n_jobs=100, sizes=law)["size"])


def test_sizes_from_a_file_are_drawn_as_they_are(tmp_path):
    (tmp_path / "sizes.txt").write_text("1\n2.5\n10\n")
    size = job_sizes.draw(stream(1, "sizes"), str(tmp_path / "sizes.txt"), 7.0, 1000)
    assert set(size.tolist()) == {1.0, 2.5, 10.0}


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("poisson", {"rate": 0.0}, "poisson: rate must be above 0 and finite, got 0"),
        ("poisson", {"n_jobs": 0}, "poisson: n_jobs must be at least 1, got 0"),
        ("poisson", {"keys": -1}, "poisson: keys must be at least 0, got -1"),
        ("poisson", {"sizes": "normal"}, 'sizes "normal" names no law and no file; the laws are exponential'),
        ("poisson", {"sizes": "weibull:scale=1"}, "weibull takes shape, numbers above 0"),
        ("poisson", {"sizes": "exponential:cv2=1"}, "exponential takes no parameters"),
        ("poisson", {"sizes": "hyperexponential:cv2=0.5"}, "cv2 must be at least 1, got 0.5"),
        ("poisson", {"sizes": "pareto:low=2,high=1"}, "low must be below high"),
        ("poisson", {"sizes": "no/such/file"}, "file no/such/file cannot be read"),
        ("mmpp", {"share": 1.0}, "share between 0 and 1"),
        ("mmpp", {"burst": 0.5}, "burst must be at least 1"),
        ("diurnal", {"swing": 1.5}, "swing must be between 0 and 1, got 1.5"),
        ("closed", {"clients": 0}, "closed: clients must be at least 1, got 0"),
        ("closed", {"think": -1.0}, "think must be a time of at least 0, got -1"),
    ],
)
def test_parameters_out_of_range_are_refused_in_a_line(name, parameters, expected):
    with pytest.raises(InputError, match=expected) as caught:
        made(name, **parameters)
    assert "\n" not in str(caught.value)


def test_a_file_of_sizes_is_told_by_its_line(tmp_path):
    for text, expected in (("1\n-2\n", 'value 2: "-2" is no size'), ("", "holds none"), ("x", 'value 1: "x"')):
        (tmp_path / "sizes.txt").write_text(text)
        with pytest.raises(InputError, match=expected):
            job_sizes.draw(stream(1, "sizes"), str(tmp_path / "sizes.txt"), 1.0, 5)


def test_the_command_line_names_a_workload():
    trace = Bench().trace("workload:poisson,rate=2,mean_size=0.5,n_jobs=100", "dispatch", 3)
    assert trace.name == "poisson(rate=2,mean_size=0.5)" and len(trace) == 100 and trace.domain == "dispatch"


# predictions


def predicted(trace=None, seed=1, **noise):
    trace = made("poisson", n_jobs=2000) if trace is None else trace
    return trace["size"], dispatch.size(trace, None, stream(seed, "prediction"), **noise)["predicted_size"]


def test_without_noise_sizes_are_the_true_ones():
    true, found = predicted()
    assert np.array_equal(true, found)


def test_log_normal_noise_multiplies_and_scales():
    true, found = predicted(lognormal=0.5)
    _, more = predicted(lognormal=1.0)
    assert np.log(found / true).std() == pytest.approx(0.5, rel=0.05)
    assert np.log(more / true) == pytest.approx(2 * np.log(found / true))


def test_exponential_noise_has_the_true_size_as_its_mean():
    true, found = predicted(exponential=True)
    ratio = found / true
    assert ratio.mean() == pytest.approx(1.0, abs=0.08) and ratio.std() == pytest.approx(1.0, abs=0.1)


def test_useless_predictions_are_sizes_of_other_jobs():
    true, found = predicted(useless=0.3)
    assert np.mean(true != found) == pytest.approx(0.3, abs=0.04)
    assert np.isin(found, true).all()


def test_an_adversary_turns_the_order_round():
    true, found = predicted(reversed=True)
    assert np.array_equal(np.sort(true), np.sort(found))
    assert found[np.argmax(true)] == true.min() and found[np.argmin(true)] == true.max()


def test_the_mean_so_far_knows_nothing_of_later_jobs():
    trace = made("poisson", n_jobs=500, keys=4)
    whole = dispatch.mean(trace, None, stream(1, "p"), known=2)["predicted_size"]
    part = dispatch.mean(trace.rows(0, 200), None, stream(1, "p"), known=2)["predicted_size"]
    assert np.array_equal(whole[:200], part)
    i = 499
    same = trace["key"][:i] == trace["key"][i]
    assert whole[0] == 1.0 and whole[i] == pytest.approx(trace["size"][:i][same].mean())


@pytest.mark.parametrize("wrong", [{"lognormal": -1.0}, {"useless": 2.0}, {"factor": 0.0}])
def test_noise_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match="size: "):
        predicted(**wrong)
