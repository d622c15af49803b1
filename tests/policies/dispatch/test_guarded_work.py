"""guarded_work: predictions choose among the nearly shortest queues."""

import numpy as np
import pytest

from sim.core.errors import InputError
from sim.core.seeds import stream
from tests.domains.dispatch.farms import played, run
from tests.policies.dispatch.servers import routes
from workloads import dispatch


def test_among_near_ties_the_least_predicted_work_is_taken():
    """Third job: queues of 1 and 1, the second predicted shorter; fourth: 1 and 2, still within the slack."""
    given = {"time": [0, 0, 0, 0], "size": [9, 1, 1, 1], "predicted_size": [9, 1, 1, 1]}
    assert routes("guarded_work", **given, servers=2) == [0, 1, 1, 1]
    assert routes("guarded_work,slack=0", **given, servers=2) == [0, 1, 1, 0]


@pytest.mark.parametrize("slack", [0, 1, 3])
def test_however_bad_the_predictions_no_queue_grows_far_beyond_the_shortest(slack):
    """Endless jobs, and every prediction on server 0's is nothing: queues differ by slack + 1 at most."""
    size = np.full(200, 1e9)
    chosen = np.array(
        routes(f"guarded_work,slack={slack}", np.zeros(200), size, 4, predicted_size=np.geomspace(1, 1e-9, 200))
    )
    for m in range(1, 201):
        counts = np.bincount(chosen[:m], minlength=4)
        assert counts.max() - counts.min() <= slack + 1


def test_reversed_predictions_cost_it_less_than_the_policy_that_trusts():
    trace = dispatch.poisson(stream(1, "workload"), rate=9.0, n_jobs=20_000, sizes="hyperexponential:cv2=10")
    wrong = dispatch.size(trace, None, stream(1, "prediction"), reversed=True)
    mean = {
        name: run(name, wrong, 10).metrics["response_mean"] for name in ("guarded_work", "least_predicted_work", "jsq")
    }
    assert mean["guarded_work"] < mean["least_predicted_work"]
    right = dispatch.size(trace, None, stream(1, "prediction"))
    assert run("guarded_work", right, 10).metrics["response_mean"] < mean["jsq"]


def test_a_negative_slack_is_refused():
    with pytest.raises(InputError, match="slack must be at least 0, got -1"):
        routes("guarded_work,slack=-1", [0], [1], 2, predicted_size=[1])


def test_a_run_leaves_no_job():
    trace = dispatch.size(dispatch.poisson(stream(2, "w"), rate=3.0, n_jobs=300), None, stream(2, "p"), lognormal=2.0)
    assert np.isfinite(played("guarded_work", trace, 4).ledger.finished).all()
