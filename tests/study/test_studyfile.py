"""A study file: what it means, and what is said of one that cannot be run."""

import pytest

from sim.core.errors import InputError
from sim.study.studyfile import load
from tests.study.studies import written

LEAST = 'domain = "paging"\ntraces = ["sample:sort"]\npolicies = ["lru"]\nsystem.capacity = 10\n'


def loaded(tmp_path, text):
    return load(written(tmp_path, text))[0]


def refusal(tmp_path, text):
    with pytest.raises(InputError) as said:
        load(written(tmp_path, text))
    return str(said.value).removeprefix(f"{tmp_path}/")


def test_the_least_study_has_one_run_of_each_policy(tmp_path):
    sweep = loaded(tmp_path, LEAST)
    assert (sweep.traces, sweep.policies, sweep.seeds) == (("sample:sort",), ("lru",), (0,))
    assert sweep.settings == ({"capacity": (10,)},)


def test_a_table_stands_for_the_product_of_its_lists(tmp_path):
    text = LEAST.replace('["lru"]', '["lru", {name = "mark0", eager = [true, false]}]')
    sweep = loaded(tmp_path, 'predictions = ["none", {name = "discard", flip = [0, 0.5]}]\n' + text)
    assert sweep.policies == ("lru", "mark0,eager=true", "mark0,eager=false")
    assert sweep.predictions == ("none", "discard:flip=0", "discard:flip=0.5")


def test_several_tables_of_settings_are_several_combinations(tmp_path):
    text = LEAST.replace(
        "system.capacity = 10\n", "[[system]]\ncapacity = [10, 20]\n[[system]]\ncapacity = 30\nwarmup = 5\n"
    )
    assert loaded(tmp_path, text).settings == ({"capacity": (10, 20)}, {"capacity": (30,), "warmup": (5,)})


def test_seeds_are_a_number_or_a_list(tmp_path):
    assert loaded(tmp_path, "seeds = 3\n" + LEAST).seeds == (0, 1, 2)
    assert loaded(tmp_path, "seeds = [7, 5]\n" + LEAST).seeds == (7, 5)
    assert load(written(tmp_path, "seeds = 2\n" + LEAST), first_seed=10)[0].seeds == (10, 11)


def test_paths_are_relative_to_the_study_and_patterns_are_sorted(tmp_path):
    (tmp_path / "mine.py").write_text(
        (tmp_path / "b.txt").write_text("1\n")
        and "from policies.paging.lru import LRU\n\n\nclass Mine(LRU):\n    pass\n"
    )
    (tmp_path / "a.txt").write_text("1\n")
    text = LEAST.replace('"sample:sort"', '"*.txt"').replace('"lru"', '"./mine.py"')
    sweep = loaded(tmp_path, text)
    assert sweep.traces == (str(tmp_path / "a.txt"), str(tmp_path / "b.txt"))
    assert sweep.policies == (str(tmp_path / "mine.py"),)


def test_paths_among_the_parameters_are_relative_to_the_study_too(tmp_path):
    (tmp_path / "t.txt").write_text("1\n2\n")
    (tmp_path / "mine.py").write_text("from policies.paging.lru import LRU\n\n\nclass Mine(LRU):\n    pass\n")
    axes = LEAST.replace("sample:sort", "workload:mixture,of=[t.txt;scan]").replace(
        "lru", "combiner,of=[./mine.py;lru]"
    )
    sweep = loaded(tmp_path, axes)
    assert sweep.traces == (f"workload:mixture,of=[{tmp_path}/t.txt;scan]",)
    assert sweep.policies == (f"combiner,of=[{tmp_path}/mine.py;lru]",)
    assert {run.asked["label"] for run in sweep.plan()} == {"combiner,of=[mine.py;lru]", "belady"}
    assert {run.asked["trace"] for run in sweep.plan()} == {"mixture,of=[t.txt;scan]"}


def test_an_error_about_a_trace_with_brackets_names_its_line(tmp_path):
    sweep, file = load(written(tmp_path, LEAST.replace("sample:sort", "workload:mixture,of=[none.txt;scan]")))
    with pytest.raises(InputError, match=r"study\.toml, line 2: traces: no trace file none\.txt"), file.located():
        sweep.plan()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LEAST + "[budgt]\n", 'study.toml, line 5: no key named "budgt"; did you mean "budget"? (keys: domain, '),
        ("polices = []\n" + LEAST, 'study.toml, line 1: no key named "polices"; did you mean "policies"?'),
        (LEAST.replace('["lru"]', "[]"), "study.toml, line 3: policies is empty; an axis needs at least one value"),
        (
            LEAST.replace("= 10", "= []"),
            "study.toml, line 4: system: capacity has no values; an axis needs at least one",
        ),
        (
            LEAST.replace("capacity", "capcity"),
            'line 4: system: no setting of paging named "capcity"; did you mean "capacity"?',
        ),
        (LEAST.replace("system.capacity = 10\n", ""), "study.toml: system: capacity is missing; paging needs it: "),
        (
            LEAST.replace('"lru"', '"lruu"'),
            'study.toml, line 3: policies: no paging policy named "lruu"; did you mean "lru"?',
        ),
        (
            LEAST.replace('"lru"', '"mark0"'),
            "line 3: policies: mark0 reads predictions of channel discard_bit, and predictions names",
        ),
        (
            LEAST.replace("paging", "pageing"),
            'study.toml, line 1: domain: no domain named "pageing"; did you mean "paging"?',
        ),
        (LEAST.replace("domain", "domain = 'paging'\nmetric"), 'line 2: metric: no metric named "paging"'),
        (LEAST.replace('"sample:sort"', '"none/*.csv"'), "study.toml, line 2: traces: no file matches none/*.csv"),
        (LEAST.replace('"sample:sort"', '"-"'), "line 2: traces: standard input can be read once only"),
        (LEAST.replace('["sample:sort"]', "[3]"), "line 2: traces holds 3; expected a text, or a table such as"),
        ("seeds = 0\n" + LEAST, "study.toml, line 1: seeds must be how many (at least 1) or a list of integers"),
        ("seeds = [1.5]\n" + LEAST, "line 1: seeds must be how many (at least 1) or a list of integers"),
        ("seeds = true\n" + LEAST, "line 1: seeds must be how many (at least 1) or a list of integers"),
        ("reference = 1\n" + LEAST, "line 1: reference must be true or false, got 1"),
        ("n_requests = true\n" + LEAST, "line 1: n_requests must be an integer, got True"),
        (
            LEAST + "[budget]\nseconds = 1\n",
            'line 6: budget: no limit named "seconds"; did you mean "seconds_per_run"?',
        ),
        (LEAST + "[budget]\nseconds_per_run = -1\n", "line 5: budget.seconds_per_run must be above 0, got -1"),
        (LEAST + "[budget]\nseconds_per_run = '1'\n", "line 6: budget.seconds_per_run must be a number, got '1'"),
        (
            'baseline = "fifo"\n' + LEAST,
            'line 1: baseline: no policy of this study named "fifo" (policies: lru, belady)',
        ),
        (
            'predictions = ["discrd"]\n' + LEAST,
            'line 1: predictions: no predictor named "discrd"; did you mean "discard"?',
        ),
        ("x = = 1\n", "study.toml is no TOML: Invalid value (at line 1, column 5)"),
        ("", "study.toml: the key domain is missing"),
    ],
)
def test_a_study_that_cannot_be_run_is_refused_in_one_line_that_names_the_place(tmp_path, text, said):
    found = refusal(tmp_path, text)
    assert said in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("domain", "trace", "policy", "predictions", "said"),
    [
        ("paging", "sample:sort", "mark0", "discard:flip=3", "discard: flip must be between 0 and 1, got 3"),
        (
            "dispatch",
            "sample:bursts",
            "guarded_work",
            "size:useless=2",
            "size: useless must be a share between 0 and 1",
        ),
        ("bandits", "sample:links", "follow_pred", "best_arm:flip=2", "best_arm: flip must be a probability in"),
        ("transactions", "sample:tpcc", "r_smf", "hints:told=cold", "hints: told must be one of"),
    ],
)
def test_predictions_that_no_trace_suits_are_refused_before_anything_runs(
    tmp_path, domain, trace, policy, predictions, said
):
    axes = f'domain = "{domain}"\ntraces = ["{trace}"]\npolicies = ["{policy}"]\n'
    needed = {"paging": "system.capacity = 10\n", "dispatch": "system.servers = 4\n"}.get(domain, "")
    sweep, file = load(written(tmp_path, f'{axes}predictions = ["{predictions}"]\n{needed}'))
    with pytest.raises(InputError, match=rf"study\.toml, line 4: predictions: {said}"), file.located():
        sweep.plan()
    kind, _, _ = predictions.partition(":")
    assert load(written(tmp_path, f'{axes}predictions = ["{kind}"]\n{needed}'))[0].plan()


def test_a_missing_study_file_is_said(tmp_path):
    with pytest.raises(InputError, match=r"^no study file .*nothing\.toml$"):
        load(tmp_path / "nothing.toml")
