from policies.bandits.ucb1 import UCB1
from tests.domains.bandits.worked import judged, pulls, table_of


def test_ucb1_on_constant_rewards_comes_back_to_the_worse_arm_ever_more_rarely():
    expected = [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert pulls(UCB1(), [1, 0], 20) == expected


def test_ucb1_on_three_constant_rewards():
    assert pulls(UCB1(), [0.9, 0.8, 0.1], 12) == [0, 1, 2, 0, 1, 0, 1, 2, 0, 1, 0, 1]


def test_the_bound_is_that_of_the_theorem():
    # 8 ln(100) / 0.5 + (1 + pi^2 / 3) 0.5
    row = judged(UCB1(), table_of([0.9, 0.4], 100, means=[0.9, 0.4]))
    assert round(row["bound"], 6) == round(8 * 4.605170185988092 / 0.5 + 4.289868133696453 * 0.5, 6)
    assert row["pseudo_regret"] < row["bound"]
    assert judged(UCB1(alpha=2), table_of([0.9, 0.4], 100, means=[0.9, 0.4]))["bound"] is None
