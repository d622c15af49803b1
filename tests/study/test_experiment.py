"""One run as a value; a bench whose runs are comparable because they share traces and predictions."""

import dataclasses

import numpy as np
import pytest

from sim.core.errors import InputError, UnknownName
from sim.domains.paging import Setting
from sim.study import catalog
from sim.study.experiment import Bench, Experiment, first_rows, label, prediction_choices
from tests.worked import trace_of

ZIPF = "workload:zipf,n_requests=300,n_pages=40"
PAGES = "1\n2\n1\n3\n2\n1\n"


def experiment(policy="lru", trace=ZIPF, predictions=(), capacity=5, seed=0, system="paging") -> Experiment:
    return Experiment(system, trace, policy, tuple(predictions), (("capacity", capacity),), seed)


@pytest.fixture
def pages(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(PAGES)
    return str(path)


def metrics(bench, one):
    return dict(bench.run(one, mode="interpreted").metrics)


def test_the_key_is_that_of_all_parts_and_of_nothing_else():
    assert experiment().key() == experiment().key()
    changed = [
        experiment(policy="fifo"), experiment(trace="sample:sort"), experiment(predictions=["popu"]),
        experiment(capacity=6), experiment(seed=1), experiment(system="paging/timed"),
    ]  # fmt: skip
    assert len({one.key() for one in [experiment(), *changed]}) == 7


def test_a_run_is_the_same_on_every_bench():
    one = experiment("random", seed=3)
    assert metrics(Bench(), one) == metrics(Bench(), one)


def test_all_policies_see_the_same_trace_within_a_seed():
    bench = Bench()
    traces = [bench.trace(ZIPF, "paging", seed) for seed in (0, 0, 1)]
    assert traces[0] is traces[1]
    assert not np.array_equal(traces[0]["page"], traces[2]["page"])
    again = Bench().trace(ZIPF, "paging", 0)
    assert np.array_equal(traces[0]["page"], again["page"])


def test_a_recorded_trace_is_one_under_all_seeds(pages):
    bench = Bench()
    assert bench.trace(pages, "paging", 0) is bench.trace(pages, "paging", 1)


def test_all_policies_see_the_same_predictions_within_a_seed():
    bench, setting = Bench(), Setting(5)
    trace = bench.trace(ZIPF, "paging", 0)
    setting = setting.on(trace)
    one, same, other = (bench.predicted(trace, setting, ("discard:flip=0.3",), seed) for seed in (0, 0, 1))
    assert one is same
    assert not np.array_equal(one["discard_bit"], other["discard_bit"])
    assert np.array_equal(one["page"], other["page"])


def test_errors_measured_of_one_prediction_agree_for_all_that_read_it():
    bench = Bench()
    rows = [metrics(bench, experiment(name, predictions=["discard:flip=0.3"])) for name in ("mark0", "flush_all_zeros")]
    assert rows[0]["eta0"] == rows[1]["eta0"] > 0 and rows[0]["eta1"] == rows[1]["eta1"] > 0


def test_the_streams_of_a_seed_are_apart():
    """Another noise or another policy changes neither the trace nor what a policy draws."""
    bench = Bench()
    plain = metrics(bench, experiment("random"))
    assert metrics(bench, experiment("random", predictions=["discard:flip=0.5"])) == plain
    assert metrics(Bench(reference=False), experiment("random"))["misses"] == plain["misses"]


def test_each_capacity_has_predictions_of_its_own():
    bench = Bench()
    trace = bench.trace(ZIPF, "paging", 0)
    small, large = (bench.predicted(trace, Setting(k).on(trace), ("discard",), 0) for k in (2, 20))
    assert not np.array_equal(small["discard_bit"], large["discard_bit"])
    assert metrics(bench, experiment("mark0", predictions=["discard"], capacity=2))["ratio_to_opt"] == 1
    assert metrics(bench, experiment("mark0", predictions=["discard"], capacity=20))["ratio_to_opt"] == 1


def test_a_row_is_flat_and_names_what_was_run(pages):
    row = Bench().run(experiment("clock,n_bits=2", trace=pages, capacity=2, seed=7), mode="interpreted").row()
    begin = {
        "trace": "a.txt", "policy": "clock", "policy.n_bits": 2, "system.capacity": 2,
        "predictions": "none", "seed": 7, "clairvoyant": False, "engine": "interpreted",
    }  # fmt: skip
    assert {key: row[key] for key in begin} == begin
    assert not [value for value in row.values() if isinstance(value, dict | list | tuple)]


def test_a_nickname_is_the_same_policy_in_a_row(pages):
    rows = [Bench().run(experiment(name, trace=pages, capacity=2), mode="interpreted").row() for name in ("opt", "MIN")]
    assert [row["policy"] for row in rows] == ["belady", "belady"]


@pytest.mark.parametrize(
    ("policy", "given", "expected"),
    [
        ("lru", ["discard", "popu"], [()]),
        ("lru", [], [()]),
        ("mark0", ["discard:flip=0", "popu", "discard:flip=1"], [("discard:flip=0",), ("discard:flip=1",)]),
        ("mark0", ["none"], [()]),
        ("follow_pred", ["discard", "popu", "next"], [("popu",), ("next",)]),
        ("belady", ["next"], [()]),
        ("combiner,of=[mark0;follow_pred]", ["discard", "popu"], [("discard", "popu")]),
        (
            "combiner,of=[mark0;follow_pred]",
            ["discard:flip=0", "discard:flip=1", "popu", "next"],
            [
                ("discard:flip=0", "popu"), ("discard:flip=0", "next"),
                ("discard:flip=1", "popu"), ("discard:flip=1", "next"),
            ],
        ),
        ("combiner,of=[follow_pred;ftp]", ["popu"], [("popu",)]),
    ],
)  # fmt: skip
def test_a_policy_meets_every_predictor_that_fills_a_channel_it_reads(policy, given, expected):
    assert prediction_choices("paging", catalog.policy("paging", policy), given) == expected


def test_a_missing_prediction_names_the_option_that_supplies_it():
    with pytest.raises(InputError, match="Mark0 needs predictions of channel discard_bit: give --predict discard"):
        Bench().run(experiment("mark0"), mode="interpreted")


def test_reader_options_are_for_recorded_traces_alone(pages):
    bench = Bench(reader={"format": "txt"})
    assert len(bench.trace(pages, "paging")) == 6
    for text, why in ((ZIPF, "is invented"), ("sample:sort", "is read as it is")):
        with pytest.raises(InputError, match=rf"{text} {why}: reader options \(format\) do not apply"):
            bench.trace(text, "paging")


def test_unknown_workloads_and_parameters_are_refused():
    for text, message in (
        ("workload:zipff", 'no paging workload named "zipff"; did you mean "zipf"'),
        ("workload:zipf,alfa=1", 'no parameter of zipf named "alfa"; did you mean "alpha"'),
    ):
        with pytest.raises(UnknownName, match=message):
            Bench().trace(text, "paging")
    with pytest.raises(InputError, match="workload loop needs the parameter n_pages"):
        Bench().trace("workload:loop", "paging")


def test_parts_of_a_mixture_may_be_workloads_samples_and_files_and_draw_apart(pages):
    trace = Bench().trace(
        f"workload:mixture,of=[uniform,n_pages=9;uniform,n_pages=9;{pages}],interleaved=false", "paging"
    )
    first, second, third = (trace["page"][trace["tenant"] == part] for part in range(3))
    assert len(third) == 6
    assert not np.array_equal(first, second - second.min())


def test_the_first_rows_have_the_first_pages_alone():
    cut = first_rows(trace_of("a b a c d"), 3)
    assert len(cut) == 3 and cut.tables["pages"].tolist() == ["a", "b"]
    assert len(first_rows(trace_of("a b"), 10)) == 2
    with pytest.raises(InputError, match="the number of requests must be at least 1, got 0"):
        first_rows(trace_of("a b"), 0)


def test_only_so_many_requests_are_played(pages):
    bench = Bench(n_requests=4)
    assert metrics(bench, experiment(trace=pages, capacity=2))["requests"] == 4


def test_parameters_are_shown_as_they_are_typed():
    policy = catalog.policy("paging", "combiner,of=[lru;clock,n_bits=3]")
    assert label(policy.of) == "[lru;clock,n_bits=3]"
    assert label(0.5) == 0.5 and label(None) is None


def test_an_experiment_is_a_frozen_value():
    with pytest.raises(dataclasses.FrozenInstanceError):
        experiment().seed = 1  # type: ignore[misc]
