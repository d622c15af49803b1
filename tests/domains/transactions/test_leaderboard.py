import pytest

from sim.domains.transactions.leaderboard import leaderboard, skydiscover


@pytest.mark.parametrize(
    ("makespans", "score_a", "score_b"),
    [
        ((452, 38, 47), 1858.7, 0.0),
        ((456, 56, 47), 1785.7, 0.0),
        ((158, 33, 32), 4464.3, 71.06),
        ((150, 35, 33), 4566.2, 72.19),
        ((40, 30, 25), 10416.7, 100.0),
    ],
)
def test_totals_score_as_published(makespans, score_a, score_b):
    assert skydiscover(makespans) == pytest.approx(score_a, abs=0.05)
    assert leaderboard(makespans) == pytest.approx(score_b, abs=0.005)


def test_a_program_without_a_legal_order_on_a_workload_scores_nothing():
    assert skydiscover((150, None, 32)) == leaderboard((150, None, 32)) == 0
    with pytest.raises(ValueError, match="has 3 workloads, got 2 makespans"):
        leaderboard((1, 2))
