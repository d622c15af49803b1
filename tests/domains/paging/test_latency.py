import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.paging.latency import draw, parse


def test_a_latency_is_a_number_or_a_distribution_with_its_parameters_in_order_or_by_name():
    assert parse(0.01) == parse("0.01") == ("constant", {"mean": 0.01})
    assert parse("exponential:0.01") == ("exponential", {"mean": 0.01})
    assert parse("lognormal:mean=0.01,sigma=1") == parse("lognormal:0.01,1") == parse("lognormal:sigma=1,mean=0.01")
    assert parse("Uniform:0.005, 0.02") == ("uniform", {"low": 0.005, "high": 0.02})


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("fast", "not understood"),
        ("-1", "at least 0"),
        ("nan", "finite"),
        ("pareto:1,2", "no known distribution"),
        ("uniform:1", "lacks high"),
        ("uniform:2,1", "low must not be above high"),
        ("uniform:1,2,3", "takes low and high"),
        ("uniform:low=1,low=2", "takes low and high"),
        ("exponential:size=3", "takes mean"),
        ("lognormal:0,1", "above 0"),
    ],
)
def test_what_is_no_latency_is_refused_with_its_cause(text, cause):
    with pytest.raises(InputError, match=cause):
        parse(text)


@pytest.mark.parametrize(
    ("text", "mean", "deviation"),
    [
        ("0.3", 0.3, 0.0),
        ("exponential:0.3", 0.3, 0.3),
        ("uniform:0.1,0.5", 0.3, 0.4 / 12**0.5),
        ("lognormal:mean=0.3,sigma=0.5", 0.3, 0.3 * (np.exp(0.25) - 1) ** 0.5),
    ],
)
def test_the_mean_is_that_of_the_distribution_itself(text, mean, deviation):
    n = 100_000
    drawn = draw(text, n, stream(0, "latency"))
    assert drawn.shape == (n,) and drawn.min() >= 0
    assert abs(drawn.mean() - mean) <= 4 * deviation / n**0.5 + 1e-12
