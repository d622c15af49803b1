import copy

import numpy as np
import pytest

from sim.core.compile import compile_loop
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.dispatch import Setting, System
from sim.study import catalog
from sim.study.experiment import Bench, Experiment
from tests.contracts.dispatch.subjects import SETTINGS, trace
from tests.contracts.dispatch.test_forms import assert_same
from tests.domains.dispatch.farms import jobs, played, run

SETS = ("[jsq;random]", "[join_idle;power_of_d;round_robin]", "[least_predicted_work;jsq;guarded_work]")
"""Three sets of components: one that looks and one that does not, three that see little, two with predictions and one without."""


@pytest.mark.parametrize("name", ["round_robin", "least_predicted_work", "calibrated_work"])
def test_a_bandit_that_always_chooses_one_policy_is_that_policy(name):
    for setting in SETTINGS:
        text = f"bandit_of,bandit=[fixed,arm={name}],of=[weighted_round_robin;{name}],epoch=10"
        assert run(text, trace(0), 5, **setting).decisions.same_as(run(name, trace(0), 5, **setting).decisions)


def test_an_epoch_earns_the_time_its_jobs_needed_by_the_time_they_took():
    # one server of speed 2: jobs of 2, 2, 8 at times 0, 0, 1 need 1, 1, 4. The first two are complete at 1 and 2, so they take
    # 1 and 2; the third is sent at 1 and, when the epoch ends at 5, has taken 4 and is not complete.
    requests = jobs([0, 0, 1, 5], [2, 2, 8, 2])
    begun = played("bandit_of,bandit=round_robin,of=[round_robin;jsq],epoch=3", requests, 1, speeds="2")
    chooser = begun.policy.choice.chooser
    assert chooser.pulls.tolist() == [1, 0]
    assert chooser.earned[0] == pytest.approx((1 + 1) / (1 + 2 + 4))


def test_what_an_epoch_earns_lies_between_0_and_1_whatever_goes_wrong():
    for setting in SETTINGS:
        chooser = played("bandit_of,bandit=uniform,epoch=7", trace(1), 5, **setting).policy.choice.chooser
        assert chooser.pulls.sum() >= 400 // 7
        assert np.all(chooser.earned >= 0) and np.all(chooser.earned <= chooser.pulls)


@pytest.mark.parametrize(
    ("of", "worst"), [("[jsq;random]", 1), ("[join_idle;random;round_robin]", 1), ("[random;jsq]", 0)]
)
def test_a_bandit_hardly_follows_the_worst_policy(of, worst):
    requests = trace(2, n_jobs=12_000)
    text = f"bandit_of,bandit=[thompson_gaussian,s=0.1],of={of},epoch=50"
    pulls = played(text, requests, 5).policy.choice.chooser.pulls
    assert pulls[worst] < 0.15 * pulls.sum()


def test_the_regret_told_is_the_response_time_above_that_of_the_best_component_alone():
    bench = Bench(cache=False)

    def metrics(policy):
        workload = "workload:poisson,rate=4,mean_size=1,n_jobs=2000"
        return bench.run(Experiment("dispatch", workload, policy, (), (("servers", 5),), 4), mode="interpreted").metrics

    mine = metrics("bandit_of,of=[random;round_robin],epoch=100")
    alone = [metrics(name)["response_mean"] for name in ("random", "round_robin")]
    assert mine["component_regret"] == mine["response_mean"] - min(alone)
    assert metrics("jsq")["component_regret"] is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bandit=lin_ucb", "no contexts, which LinUCB chooses by"),
        ("epoch=0", "at least 1, got 0"),
        ("of=[jsq]", "at least two policies, got 1"),
        ("of=[jsq;least_work]", "its part LeastWork is"),
    ],
)
def test_what_cannot_be_chosen_among_is_refused(text, why):
    with pytest.raises(InputError, match=why):
        run(f"bandit_of,{text}", trace(0), 5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of", "setting"), list(zip(SETS, (SETTINGS[0], SETTINGS[4], SETTINGS[5]), strict=True)), ids=str
)
def test_both_forms_choose_alike(of, setting):
    policy = catalog.policy("dispatch", f"bandit_of,bandit=exp3,of={of},epoch=20")
    plain, compiled = (
        System(Setting(5, **setting)).begin(trace(1), copy.deepcopy(policy), stream(5, "policy"), record=True)
        for _ in range(2)
    )
    plain.loop(*plain.objects.values(), 0, 400)
    compile_loop(compiled.loop, compiled.objects, "BanditOf")(0, 400)
    assert_same(plain, compiled)
