"""What is searched on, chosen by and judged on: shares, order, and nothing twice."""

from itertools import combinations

import pytest

from sim.adrs import problem
from sim.adrs.instances import DRAWS, Instance, Splits, expanded, split
from sim.core.errors import InputError
from sim.study.experiment import Bench

PAGING = problem.find("paging")

SMALL = "workload:zipf,n_requests=200,n_pages=20"

NAMES = ("train", "validation", "holdout")


def splits_of(*traces, most_rows=100_000, seed=0, options=None, **others) -> tuple[Splits, list[str]]:
    options = {"capacity": "5", **(options or {})}
    return split(PAGING, Bench(), traces=traces, options=options, most_rows=most_rows, seed=seed, **others)


def written(folder, name, pages):
    """A trace file with these pages."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("page\n" + "".join(f"{page}\n" for page in pages))
    return str(folder / name)


def files(folder, n, rows=400):
    return [written(folder, f"{k}.csv", [(i * (k + 3)) % 37 for i in range(rows)]) for k in range(n)]


def test_a_workload_is_split_by_its_draws():
    splits, notices = splits_of(SMALL)
    assert {name: sorted(i.seed for i in splits.of(name)) for name in NAMES} == {
        "train": list(range(8)),
        "validation": list(range(8, 12)),
        "holdout": list(range(12, 20)),
    }
    assert all(i.stop == 0 and i.setting == (("capacity", 5),) for name in NAMES for i in splits.of(name))
    assert notices == ["of each workload 8 draws are searched on; others serve: 4 for validation and 8 for holdout"]


def test_a_workload_without_chance_has_one_draw_and_is_cut_in_time():
    splits, notices = splits_of("workload:loop,n_requests=400,n_pages=20")
    assert [(i.start, i.stop, i.seed) for name in NAMES for i in splits.of(name)] == [
        (0, 200, 0),
        (200, 280, 0),
        (280, 400, 0),
    ]
    assert "cut in time" in notices[0]
    abroad = splits_of(SMALL, foreign=("workload:loop,n_requests=400,n_pages=20",))[0].foreign
    assert len(abroad) == 1


def test_searches_of_different_seeds_share_no_draw():
    one, other = (splits_of(SMALL, seed=seed)[0] for seed in (0, 1))
    drawn = [{i.seed for name in NAMES for i in each.of(name)} for each in (one, other)]
    assert not drawn[0] & drawn[1] and len(drawn[0]) == len(drawn[1]) == 20


def test_five_traces_are_split_whole(tmp_path):
    splits, _ = splits_of(*files(tmp_path, 5))
    of = {name: {i.trace for i in splits.of(name)} for name in NAMES}
    assert [len(of[name]) for name in NAMES] == [2, 1, 2]  # a fifth and three tenths of five, rounded to even
    assert not any(one & other for one, other in combinations(of.values(), 2))
    assert all(i.stop == 0 for name in NAMES for i in splits.of(name))


def test_fewer_traces_are_each_cut_in_time(tmp_path):
    texts = files(tmp_path, 2)
    splits, notices = splits_of(*texts)
    for text in texts:
        rows = [(i.start, i.stop) for name in NAMES for i in splits.of(name) if i.trace == text]
        assert rows == [(0, 200), (200, 280), (280, 400)]
    assert "its first 50% are searched on" in notices[0]


def test_a_holdout_of_its_own_leaves_more_to_search_on(tmp_path):
    one, other = files(tmp_path, 2)
    splits, _ = splits_of(one, holdout=(other,))
    assert [(i.trace, i.start, i.stop) for name in NAMES for i in splits.of(name)] == [
        (one, 0, 285),  # .5 / .7 of 400
        (one, 285, 400),
        (other, 0, 0),
    ]


def test_long_parts_give_two_stretches_their_first_and_last_rows(tmp_path):
    (one,) = files(tmp_path, 1, rows=2000)
    splits, _ = splits_of(one, most_rows=300)
    assert sorted((i.start, i.stop) for i in splits.train) == [(0, 300), (700, 1000)]
    assert sorted((i.start, i.stop) for i in splits.holdout) == [(1400, 1700), (1700, 2000)]


def test_rows_of_two_splits_never_overlap(tmp_path):
    for seed, n_rows in enumerate((50, 333, 1201)):
        splits, _ = splits_of(*files(tmp_path, 3, rows=n_rows), most_rows=100, seed=seed)
        used = [{(i.trace, row) for i in splits.of(name) for row in range(i.start, i.stop or n_rows)} for name in NAMES]
        assert not any(one & other for one, other in combinations(used, 2))


def test_several_capacities_are_instances_of_their_own_and_the_first_few_are_mixed():
    splits, _ = splits_of(SMALL, SMALL.replace("n_pages=20", "n_pages=9"), options={"capacity": "2,4"})
    assert len(splits.train) == 2 * DRAWS["train"] * 2
    assert {dict(i.setting)["capacity"] for i in splits.train} == {2, 4}
    assert [splits.train[0].trace == i.trace for i in splits.train[:6]] == [True, False] * 3


def test_probes_are_first_rows_of_training_instances():
    (probe, *others), train = splits_of(SMALL, most_rows=100)[0].probes, splits_of(SMALL, most_rows=100)[0].train
    assert len(others) == 2 and probe.stop == min(probe.start + 2000, train[0].stop)
    assert (probe.trace, probe.seed, probe.start) == (train[0].trace, train[0].seed, train[0].start)


def test_the_same_call_makes_the_same_instances_and_another_seed_others():
    assert splits_of(SMALL, seed=3)[0] == splits_of(SMALL, seed=3)[0]
    assert splits_of(SMALL, seed=3)[0].digest() != splits_of(SMALL, seed=4)[0].digest()


def test_a_file_whose_content_has_changed_makes_other_splits(tmp_path):
    text = written(tmp_path, "a.csv", range(40))
    before = splits_of(text)[0].digest()
    assert splits_of(text)[0].digest() == before
    written(tmp_path, "a.csv", range(39, -1, -1))
    assert splits_of(text)[0].digest() != before


def test_what_was_searched_on_cannot_judge_whatever_its_name(tmp_path):
    one = written(tmp_path, "a.csv", range(40))
    copy = written(tmp_path, "b.csv", range(40))
    with pytest.raises(InputError, match=r"^a\.csv is among the holdout traces and among those of train"):
        splits_of(one, holdout=(one,))
    with pytest.raises(InputError, match=r"^b\.csv is among the holdout traces, with the content of a\.csv and among"):
        splits_of(one, holdout=(copy,))
    with pytest.raises(InputError, match=r"^b\.csv is among the foreign traces, with the content of a\.csv and among"):
        splits_of(one, foreign=(copy,))


def test_a_copy_is_no_second_trace(tmp_path):
    one, other = files(tmp_path, 2)
    copy = written(tmp_path, "b.csv", [(i * 3) % 37 for i in range(400)])
    with pytest.raises(InputError, match=r"^b\.csv is among the holdout traces twice, with the content of 0\.csv"):
        splits_of(other, holdout=(one, copy))


def test_two_files_of_one_name_are_refused_as_results_would_be_mixed_up(tmp_path):
    one, other = written(tmp_path / "x", "a.csv", range(40)), written(tmp_path / "y", "a.csv", range(50))
    with pytest.raises(InputError, match=r"^two traces are called a\.csv: .*/x/a\.csv and .*/y/a\.csv; rename one"):
        splits_of(one, holdout=(other,))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"capcity": "3"}, 'no setting of paging named "capcity"; did you mean "capacity"? (settings: capacity, '),
        ({"capacity": "0"}, "capacity must be at least 1 page"),
        ({"n_pages": "3"}, 'no setting of paging named "n_pages"'),
    ],
)
def test_options_that_the_system_does_not_have_are_named(options, expected):
    with pytest.raises(InputError) as refused:
        splits_of(SMALL, options=options)
    assert expected in str(refused.value)


def test_true_and_false_are_what_they_say():
    of = {
        text: dict(splits_of(SMALL, options={"ttl": text})[0].train[0].setting).get("ttl", True)
        for text in ("true", "false")
    }
    assert of == {"true": True, "false": False}


def test_what_is_missing_is_told(tmp_path):
    with pytest.raises(InputError, match="no trace to search on; name some with --trace"):
        splits_of()
    with pytest.raises(InputError, match=r"no file matches .*nothing\*\.csv"):
        splits_of(f"{tmp_path}/nothing*.csv")
    with pytest.raises(InputError, match=r"has 4 rows, too few to be split"):
        splits_of(written(tmp_path, "a.csv", range(4)))


def test_a_pattern_names_its_files_in_order_once(tmp_path):
    made = files(tmp_path, 3)
    assert expanded([f"{tmp_path}/*.csv", made[1]]) == made
    assert expanded(["workload:zipf,n_pages=[3]", "sample:sort"]) == ["workload:zipf,n_pages=[3]", "sample:sort"]


def test_an_instance_is_named_after_all_that_tells_it_apart():
    named = Instance("/tmp/a.csv.gz", 10, 20, (("capacity", 5),), 3, ("next",)).name
    assert named == "a.csv[10:20] capacity=5 next seed=3"
    assert Instance("workload:zipf,n_pages=9", 0, 0, (), 3).name == "zipf,n_pages=9 seed=3"


def test_predictors_that_are_named_replace_those_of_the_problem():
    dispatch = problem.find("dispatch")
    jobs = "workload:poisson,rate=3,mean_size=1,n_jobs=200"

    def predicted(*names):
        given = {"traces": (jobs,), "options": dispatch.setting, "predictions": names}
        splits, _ = split(dispatch, Bench(), **given, most_rows=1000, seed=0)
        return {i.predictions for name in NAMES for i in splits.of(name)}

    assert predicted() == {("size:lognormal=1",)}
    assert predicted("size:lognormal=0.2") == {("size:lognormal=0.2",)}
    assert predicted("none") == {()}


def test_a_predictor_that_only_code_can_read_is_said():
    splits, notices = splits_of(SMALL, predictions=("discard:flip=0.1",))
    assert splits.train[0].predictions == ("discard:flip=0.1",)
    assert notices[0] == "no formula of paging reads discard_bit, which discard:flip=0.1 fills; code may (ast, llm)"
