"""The rules of the policies, worked by hand or held against a plain second version."""

import math

import numpy as np
import pytest
from scipy import stats

from policies.bandits.alpha_ucb import AlphaUCB
from policies.bandits.binned import Binned
from policies.bandits.budgeted_ucb import BudgetedUCB
from policies.bandits.combiner import Combiner
from policies.bandits.discounted_ucb import DiscountedUCB
from policies.bandits.epsilon_greedy import EpsilonGreedy
from policies.bandits.exp3 import Exp3
from policies.bandits.exp3_p import Exp3P
from policies.bandits.exp3_s import Exp3S
from policies.bandits.fixed import Fixed
from policies.bandits.follow_pred import FollowPred
from policies.bandits.kl_ucb import KLUCB
from policies.bandits.lin_ts import LinTS
from policies.bandits.lin_ucb import LinUCB
from policies.bandits.round_robin import RoundRobin
from policies.bandits.sliding_window_ucb import SlidingWindowUCB
from policies.bandits.softmax import Softmax
from policies.bandits.softmax_dirichlet import SoftmaxDirichlet
from policies.bandits.thompson_beta import ThompsonBeta
from policies.bandits.thompson_gaussian import ThompsonGaussian
from policies.bandits.ucb1 import UCB1
from policies.bandits.uniform import Uniform
from sim.core.errors import InputError
from sim.core.seeds import stream
from sim.domains.bandits import Setting
from sim.domains.bandits.bins import Bins
from sim.domains.bandits.divergence import bernoulli_kl
from sim.domains.bandits.draws import beta_variate, log_gamma_variate
from sim.domains.bandits.linear import Ridge
from sim.domains.bandits.tsallis import Tsallis
from sim.domains.bandits.weights import drawn
from tests.domains.bandits.worked import pulls, run, table_of

SETTING = Setting(n_arms=2, horizon=100)


def begun(policy, setting=SETTING, seed=0):
    policy.begin(setting, stream(seed, "policy"))
    return policy


class Says:
    """A generator whose uniform draws are given."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def random(self):
        return self.numbers.pop(0)


def test_round_robin_goes_round():
    assert pulls(RoundRobin(), [0, 1, 0.5], 7) == [0, 1, 2, 0, 1, 2, 0]


def test_uniform_pulls_all_arms_equally_often_but_for_chance():
    counts = np.bincount(pulls(Uniform(), [0, 1, 0.5, 0.2], 4000), minlength=4)
    assert stats.chisquare(counts).pvalue > 1e-4


def test_epsilon_greedy_without_chance_stays_with_the_best_mean():
    assert pulls(EpsilonGreedy(epsilon=0), [0.2, 0.9, 0.5], 6) == [0, 1, 2, 1, 1, 1]


def test_epsilon_greedy_explores_less_and_less_where_c_is_given():
    policy = begun(EpsilonGreedy(epsilon=1.0, c=6, d=0.5))
    policy.t = 480  # 6 * 2 / (0.25 * 480)
    assert policy.share() == pytest.approx(0.1)
    policy.t = 10
    assert policy.share() == 1


def test_alpha_ucb_counts_one_pull_more_than_there_were():
    policy = begun(AlphaUCB(alpha=0.8))
    policy.update(0, 1.0, 1.0)
    policy.update(0, 0.0, 1.0)
    policy.update(1, 0.25, 1.0)
    assert policy.index(0) == pytest.approx(0.5 + math.sqrt(0.8 * math.log(4) / 3))
    assert policy.index(1) == pytest.approx(0.25 + math.sqrt(0.8 * math.log(4) / 2))


def test_kl_ucb_finds_the_mean_at_the_edge_of_what_is_likely():
    policy = begun(KLUCB())
    for reward in (1.0, 0.0, 0.0, 1.0):
        policy.update(0, reward, 1.0)
    q = policy.index(0)
    assert 4 * bernoulli_kl(0.5, q) == pytest.approx(math.log(5), abs=1e-6) and q > 0.5
    policy.update(1, 1.0, 1.0)
    assert policy.index(1) == 1  # a mean of 1 cannot be higher
    careful = begun(KLUCB(c=3))
    for reward in (1.0, 0.0, 0.0, 1.0):
        careful.update(0, reward, 1.0)
    assert 4 * bernoulli_kl(0.5, careful.index(0)) == pytest.approx(math.log(5) + 3 * math.log(math.log(5)), abs=1e-6)


def test_the_divergence_of_coins_has_its_limits():
    assert bernoulli_kl(0.5, 0.5) == 0
    assert bernoulli_kl(0.0, 0.5) == bernoulli_kl(1.0, 0.5) == math.log(2)
    assert bernoulli_kl(0.5, 0.0) == bernoulli_kl(0.5, 1.0) == math.inf
    assert bernoulli_kl(0.3, 0.6) == pytest.approx(0.3 * math.log(0.5) + 0.7 * math.log(1.75))


def test_softmax_draws_by_the_exponentials_of_the_means():
    policy = begun(Softmax(tau=0.5))
    policy.update(0, 1.0, 1.0)
    policy.update(1, 0.5, 1.0)
    policy.choose(None)
    assert policy.weights.p.tolist() == pytest.approx([math.e / (1 + math.e), 1 / (1 + math.e)])
    hot = begun(Softmax(tau=1e-3))
    hot.update(0, 1.0, 1.0)
    hot.update(1, 0.0, 1.0)
    hot.choose(None)
    assert hot.weights.p.tolist() == [1, 0]  # no overflow


def test_softmax_dirichlet_gives_an_untried_arm_the_mean_0():
    policy = begun(SoftmaxDirichlet())
    policy.update(0, 1.0, 1.0)
    policy.choose(None)
    assert policy.weights.p.tolist() == pytest.approx([math.e / (1 + math.e), 1 / (1 + math.e)])


def test_the_first_component_of_a_dirichlet_draw_is_largest_as_often_as_it_should():
    # of Dirichlet(a, b) the first share is Beta(a, b): above one half with this probability
    a, b = math.e / (1 + math.e), 1 / (1 + math.e)
    expected = stats.beta.sf(0.5, a, b)
    n = 4000
    rng = stream(7, "draws")
    firsts = sum(log_gamma_variate(rng, a) > log_gamma_variate(rng, b) for _ in range(n))
    assert abs(firsts / n - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


@pytest.mark.parametrize("shape", [0.05, 0.5, 1.0, 3.7, 250.0])
def test_gamma_variates_are_distributed_as_they_should(shape):
    rng = stream(1, "gamma")
    sample = np.exp([log_gamma_variate(rng, shape) for _ in range(3000)])
    assert stats.kstest(sample, stats.gamma(shape).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("a", "b"), [(1, 1), (1, 7), (40, 2.5)])
def test_beta_variates_are_distributed_as_they_should(a, b):
    rng = stream(1, "beta")
    sample = [beta_variate(rng, a, b) for _ in range(3000)]
    assert stats.kstest(sample, stats.beta(a, b).cdf).pvalue > 1e-3


def test_an_index_is_drawn_by_where_a_point_falls():
    p = np.array([0.0, 0.25, 0.75, 0.0])
    assert [drawn(p, Says(point)) for point in (0.0, 0.2499, 0.25, 0.999)] == [1, 1, 2, 2]
    assert (
        drawn(np.array([0.3, 0.7 - 1e-17, 0.0]), Says(1 - 2**-53)) == 1
    )  # rounding never names an arm of probability 0


def test_exp3_raises_the_weight_of_the_pulled_arm():
    policy = begun(Exp3(gamma=0.1))
    policy.choose(None)
    assert policy.probability(0) == 0.5
    policy.update(0, 1.0, 1.0)
    assert math.exp(policy.weights.log[0]) == pytest.approx(1.105171, abs=5e-7)
    policy.choose(None)
    assert policy.probability(0) == pytest.approx(0.522481, abs=5e-7)


def test_exp3_is_tuned_to_the_rounds_to_come():
    assert begun(Exp3()).share == pytest.approx(math.sqrt(2 * math.log(2) / ((math.e - 1) * 100)))
    with pytest.raises(InputError, match="give exp3 its parameter gamma"):
        begun(Exp3(), Setting(n_arms=2))


def test_exp3_s_gives_every_arm_back_a_share_of_all_weight():
    policy = begun(Exp3S(gamma=0.2, a=0.01))
    policy.choose(None)
    policy.update(1, 1.0, 1.0)
    grown = math.exp(0.2 * 1 / (0.5 * 2))
    back = math.e * 0.01 / 2 * (1 + grown)
    assert np.exp(policy.weights.log).tolist() == pytest.approx([1 + back, grown + back])


def test_exp3_p_raises_all_weights_most_those_of_rare_arms():
    policy = begun(Exp3P(delta=0.1, gamma=0.3))
    a = 2 * math.sqrt(math.log(2 * 100 / 0.1))
    start = a * 0.3 / 3 * math.sqrt(50)
    assert policy.weights.log.tolist() == pytest.approx([start, start])
    policy.choose(None)
    policy.update(0, 0.5, 1.0)
    bonus = a / (0.5 * math.sqrt(200))
    assert (policy.weights.log - start).tolist() == pytest.approx([0.3 / 6 * (1 + bonus), 0.3 / 6 * bonus])


def test_the_weights_of_tsallis_inf_are_those_of_the_worked_examples():
    learner = Tsallis(1, 2, False)
    learner.losses[0, 1] = 1.0
    learner.spread(0)  # eta 2 in the first round
    assert learner.p.tolist() == pytest.approx([0.780048, 0.219952], abs=5e-7)
    assert learner.p[0] == pytest.approx(4 / (2 * (0 + 1.132242)) ** 2, abs=2e-6)
    even = Tsallis(1, 4, False)
    even.spread(0)
    assert even.p.tolist() == pytest.approx([0.25] * 4)


def test_the_weights_of_tsallis_inf_sum_to_one_however_far_losses_have_grown():
    rng = np.random.default_rng(0)
    learner = Tsallis(1, 6, True)
    for _ in range(3000):
        arm = learner.draw(0, rng)
        assert abs(learner.p.sum() - 1) < 1e-9
        learner.learn(0, arm, float(rng.integers(0, 10_000)))


def test_discounted_ucb_forgets_by_a_constant_factor():
    policy = begun(DiscountedUCB(gamma=0.5))
    for arm, reward in ((0, 1.0), (1, 0.0), (0, 0.5)):
        policy.update(arm, reward, 1.0)
    assert policy.weight.tolist() == [1.25, 0.5] and policy.earned.tolist() == [0.75, 0.0]
    reach = 0.6 * math.log(1.75)
    first, second = 0.6 + 2 * math.sqrt(reach / 1.25), 2 * math.sqrt(reach / 0.5)
    assert policy.choose(None) == int(second > first)
    assert begun(DiscountedUCB(breaks=4)).fade == 1 - math.sqrt(4 / 100) / 4


def test_a_sliding_window_forgets_whole_rounds_and_tries_again_what_left_it():
    assert pulls(SlidingWindowUCB(window=3), [1, 0], 9) == [0, 1, 0, 0, 0, 1, 0, 0, 0]
    policy = begun(SlidingWindowUCB(window=2))
    for arm in (0, 1, 1):
        policy.update(arm, 1.0, 1.0)
    assert policy.tally.pulls.tolist() == [0, 2] and policy.choose(None) == 0
    assert begun(SlidingWindowUCB(breaks=2)).width == math.ceil(2 * math.sqrt(100 * math.log(100) / 2))


def test_budgeted_ucb_weighs_rewards_by_costs():
    policy = begun(BudgetedUCB(cost_bound=2.0))
    for arm, reward, cost in ((0, 1.0, 2.0), (1, 0.5, 0.2), (0, 1.0, 2.0), (1, 0.5, 0.2)):
        policy.update(arm, reward, cost)
    margin = math.sqrt(2 * math.log(4) / 2)
    assert policy.index(0) == pytest.approx((1 + margin) / max(1 - margin, 0.01))
    assert policy.index(1) == pytest.approx((0.5 + margin) / 0.01)


def test_thompson_gaussian_narrows_with_pulls():
    policy = begun(ThompsonGaussian(s=2.0))
    for _ in range(16):
        policy.update(0, 0.5, 1.0)
    draws = [policy.index(0) for _ in range(2000)]
    assert stats.kstest(draws, stats.norm(0.5, 0.5).cdf).pvalue > 1e-3


def test_fixed_pulls_what_it_is_told():
    assert pulls(Fixed(arm=1), [1, 0], 3) == [1, 1, 1]
    with pytest.raises(InputError, match="the arms are 0 to 1"):
        pulls(Fixed(arm=2), [1, 0], 3)
    with pytest.raises(InputError, match="stand for no numbers"):
        pulls(Fixed(value=1.5), [1, 0], 3)


def test_ridge_regression_is_that_of_the_normal_equations():
    rng = np.random.default_rng(5)
    fit = Ridge(1, 3, 0.7)
    a, b = 0.7 * np.eye(3), np.zeros(3)
    for _ in range(25):
        x, reward = rng.standard_normal(3), rng.random()
        fit.look(x)
        fit.learn(0, reward)
        a += np.outer(x, x)
        b += reward * x
    x = rng.standard_normal(3)
    fit.look(x)
    assert fit.predicted(0) == pytest.approx(x @ np.linalg.solve(a, b))
    assert fit.width(0) == pytest.approx(math.sqrt(x @ np.linalg.solve(a, x)))
    draws = [fit.drawn(0, 2.0, rng) for _ in range(2000)]
    expected = stats.norm(x @ np.linalg.solve(a, b), 2 * math.sqrt(x @ np.linalg.solve(a, x)))
    assert stats.kstest(draws, expected.cdf).pvalue > 1e-3


def test_contextual_policies_learn_which_arm_belongs_to_which_context():
    context = np.tile([[1.0, 0.0], [0.0, 1.0]], (100, 1))
    rewards = np.tile([[1.0, 0.0], [0.0, 1.0]], (100, 1))
    trace = table_of(rewards, context=context)
    for policy in (LinUCB(alpha=0.3), LinTS(v=0.1)):
        arms = run(policy, trace).decisions.subject
        assert arms[20:].tolist() == [0, 1] * 90
    binned = run(Binned(of=UCB1(alpha=0.5), m=2, lo=0, hi=1), trace).decisions.subject
    assert np.mean(binned[100:] == np.tile([0, 1], 50)) > 0.9


def test_a_context_between_two_bins_goes_to_the_lower_one():
    bins = Bins(4, 0.0, 1.0)
    assert [bins.nearest(x) for x in (-3, 0, 0.1, 0.25, 0.26, 0.5, 0.99, 1, 7)] == [0, 0, 0, 0, 1, 1, 3, 3, 3]
    with pytest.raises(InputError, match="got 1 to 1"):
        Bins(4, 1.0, 1.0)


def test_the_combiner_credits_whoever_named_the_arm():
    policy = begun(Combiner(of=Fixed(arm=1), gamma=0.2))
    policy.advise(0)
    policy.rng = Says(0.9)
    assert policy.choose(None) == 1 and policy.probability(1) == 0.5
    policy.update(1, 1.0, 1.0)
    assert policy.experts.log.tolist() == pytest.approx([0, 0.2 / 2 * 1 / 0.5])
    policy.advise(1)
    policy.rng = Says(0.0)
    assert policy.choose(None) == 1 and policy.probability(1) == pytest.approx(1)
    policy.update(1, 0.5, 1.0)  # both named it
    assert policy.experts.log.tolist() == pytest.approx([0.2 / 2 * 0.5, 0.2 + 0.2 / 2 * 0.5])


@pytest.mark.parametrize("rank", [0, 4])
def test_the_combiner_is_near_the_better_of_predictions_and_base(rank):
    n = 4000
    rng = np.random.default_rng(8)
    mean = np.array([0.9, 0.5, 0.4, 0.3, 0.2])
    rewards = (rng.random((n, 5)) < mean).astype(float)
    trace = table_of(rewards, predicted_arm=np.full(n, rank), means=mean)
    combined = run(Combiner(of=ThompsonBeta()), trace)
    followed = run(FollowPred(), trace)
    bound = 2 * math.sqrt(math.e - 1) * math.sqrt(2 * n * math.log(2))
    assert combined.metrics["reward"] >= max(followed.metrics["reward"], 0.9 * n * 0.9) - bound
    assert np.mean(combined.decisions.subject == 0) > 0.8


@pytest.mark.parametrize(
    ("cls", "parameters", "said"),
    [
        (UCB1, {"alpha": -1}, "alpha must be at least 0, got -1"),
        (AlphaUCB, {"alpha": 1.5}, r"alpha must be in \[0, 1\], got 1.5"),
        (EpsilonGreedy, {"epsilon": 2}, r"epsilon must be a share in \[0, 1\], got 2"),
        (EpsilonGreedy, {"d": 0}, r"d must be in \(0, 1\], got 0"),
        (Softmax, {"tau": 0}, "tau must be above 0, got 0"),
        (Exp3, {"gamma": 0}, r"gamma must be a share in \(0, 1\], got 0"),
        (Exp3P, {"delta": 1}, r"delta must be a probability in \(0, 1\), got 1"),
        (DiscountedUCB, {"gamma": 1}, r"gamma must be in \(0, 1\), got 1"),
        (SlidingWindowUCB, {"window": 0}, "window must be a number of rounds of at least 1, got 0"),
        (LinUCB, {"ridge": 0}, "ridge must be above 0, got 0"),
        (Binned, {"m": 0}, "m must be a number of bins of at least 1, got 0"),
        (Fixed, {"value": math.nan}, "value must be a number that arms stand for, got nan"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(cls, parameters, said):
    with pytest.raises(InputError, match=said):
        cls(**parameters)
