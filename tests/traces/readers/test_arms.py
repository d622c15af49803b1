"""Tables of rewards in text, small enough to read by eye."""

import numpy as np
import pytest

from sim.core.errors import InputError
from traces.readers import arms
from traces.source import Source


def opened(tmp_path, text):
    path = tmp_path / "links.arms.csv"
    path.write_text(text)
    return arms.read(Source(path))


def test_columns_are_put_together_by_the_order_of_the_rewards(tmp_path):
    trace = opened(
        tmp_path, "cost_b,reward_a,reward_b,cost_a,context_x,predicted_arm\n2,0,1,3,-0.5,1\n2,1,0.25,3,1e-1,0\n"
    )
    assert trace["rewards"].tolist() == [[0, 1], [1, 0.25]]
    assert trace["cost"].tolist() == [[3, 2], [3, 2]]
    assert trace["context"].tolist() == [[-0.5], [0.1]]
    assert trace["predicted_arm"].tolist() == [1, 0]
    assert trace.tables["arms"] == ["a", "b"] and trace.domain == "bandits"


def test_the_range_of_the_first_feature_is_that_of_the_file(tmp_path):
    rows = "reward_a,context_t,context_x\n0,-3.5,9\n1,4,0\n0,2,7\n"
    assert opened(tmp_path, rows).tables["context_range"] == (-3.5, 4)
    assert "context_range" not in opened(tmp_path, "reward_a,context_t\n0,2\n1,2\n").tables


def test_means_that_do_not_move_are_told_once(tmp_path):
    assert opened(tmp_path, "pull_a,mean_a\n1,0.5\n0,0.5\n").tables["means"].tolist() == [0.5]
    moving = opened(tmp_path, "reward_a,mean_a\n1,0.5\n0,0.4\n")
    assert moving["means"].tolist() == [[0.5], [0.4]] and "means" not in moving.tables


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; expected a trace"),
        ("reward_a\n", "has no rounds"),
        ("reward_a,gain_b\n1,2\n", 'line 1: column "gain_b" is of no known meaning; expected reward_NAME'),
        ("reward_a,reward_a\n1,2\n", 'line 1: column "reward_a" stands there twice'),
        ("cost_a\n1\n", "line 1: expected columns reward_NAME or pull_NAME, got neither"),
        ("reward_a,pull_a\n1,1\n", "got both"),
        ("reward_a,reward_b,cost_a\n1,1,1\n", 'line 1: no cost of arm "b"; give those of all 2 arms'),
        ("reward_a,cost_a,cost_c\n1,1,1\n", 'cost of an arm "c" that has no reward'),
        ("reward_a,reward_b\n1,2\n1\n", "line 3: 1 column; expected 2"),
        ("reward_a\n1\nmuch\n", 'line 3: reward_a is "much"; expected a number of at least 0'),
        ("reward_a\n-1\n-nan\n", 'line 3: reward_a is "-nan"; expected a number'),
        ("reward_a,predicted_arm\n1,0.5\n", 'line 2: predicted_arm is "0.5"; expected an integer'),
    ],
)
def test_what_is_no_table_of_rewards_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(InputError) as caught:
        opened(tmp_path, text)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_bundled_sample_is_what_its_readme_says():
    from traces import store

    trace = store.sample("links", "bandits", cache=False)
    assert trace["rewards"].shape == (4000, 5) and trace.tables["arms"][1] == "fibre"
    assert set(np.unique(trace["rewards"])) == {0, 1}
    means = trace["means"]
    assert means[0].tolist() == [0.35, 0.8, 0.55, 0.7, 0.5] and means[-1].tolist() == [0.35, 0.45, 0.6, 0.75, 0.5]
    assert np.argmax(means[:2000].sum(axis=0)) == 1 and np.argmax(means.sum(axis=0)) == 3
    error = np.abs(trace["rewards"].mean(axis=0) - means.mean(axis=0))
    assert np.all(error < 4 * np.sqrt(0.25 / 4000))
