"""What a folder keeps of a run: all that figures and report need, and nothing that the holdout keeps back."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest

from sim.adrs import record, sandbox, wording
from sim.adrs.holdout import Answer
from sim.adrs.sandbox import Layers
from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.domains import paging
from tests.adrs.runs import COMMAND, WANTED, entry, found, holding, small


def test_a_record_is_read_as_it_was_written(tmp_path):
    assert not record.is_kept(tmp_path)
    record.write(small(), tmp_path)
    assert record.is_kept(tmp_path)
    back = record.read(tmp_path)
    assert replace(back, machine=small().machine) == small()


def test_a_best_that_is_not_known_yet_is_read_as_it_was_written(tmp_path):
    first, *others = small().runs
    unknown = replace(first, steps=(replace(first.steps[0], best=math.inf), *first.steps[1:]))
    record.write(replace(small(), runs=(unknown, *others)), tmp_path)
    assert json.loads((tmp_path / record.FILE).read_text())["runs"][0]["steps"][0]["best"] is None
    assert record.read(tmp_path).runs[0] == unknown


def test_every_candidate_of_the_search_is_there_with_its_mean_loss():
    search, entries = found().search, small().entries
    assert [each.id for each in entries] == [tested.candidate.id for tested in search.tried]
    assert entries[-1].number == search.evaluations == 40
    for each, tested in zip(entries, search.tried, strict=True):
        losses = [tested.losses[i.name] for i in found().splits.train if i.name in tested.losses]
        if each.is_ok:
            assert each.loss == pytest.approx(sum(losses) / len(losses)) and each.n_instances == len(losses)
        else:
            assert (each.loss, each.n_instances, each.status) == (None, 0, tested.status)


def test_a_generation_is_the_step_that_a_candidate_was_tried_in():
    seeds = [each for each in small().entries if each.proposer == "seed"]
    assert {each.generation for each in seeds} == {0}
    steps = small().runs[0].steps
    for each in small().entries:
        first = steps[each.generation - 1].evaluations if each.generation else 0
        assert first <= each.number <= steps[each.generation].evaluations


def test_the_ancestors_lead_from_the_winner_to_a_candidate_without_parents():
    line = small().ancestors()
    assert line[0] == small().winner and not line[-1].parents
    assert all(younger.parents[0] == older.id for younger, older in pairwise(line))
    assert set(small().sources) == {each.id for each in line}


def test_a_winner_that_is_simplified_to_its_own_seed_has_a_line_with_an_end():
    seed = entry("a", -0.1, proposer="seed", note="sampled: a")
    child = entry("b", -0.2, parents=("a",))
    winner = entry("a", -0.1, parents=("b",), note="simplified")
    made = holding(seed, child, before=child, winner=winner)
    assert made.ancestors() == [winner, child, seed]


def test_the_layers_of_the_jail_are_told_and_how_many_candidates_ran_in_it():
    assert small().layers == sandbox.standing(Layers(sandbox.ALL))
    assert [run.n_jailed for run in small().runs] == [0] * 5  # formulas and library policies
    few = replace(small(), layers=("rlimit", "seccomp", "landlock7"))
    assert wording.told(few)[-1].startswith("layers=rlimit,seccomp,landlock7 hold here; no candidate ran as code: ")
    first, *others = few.runs
    some = replace(few, runs=(replace(first, n_jailed=7), *others))
    assert wording.layers(some) == "layers=rlimit,seccomp,landlock7 held around the 7 candidates that ran as code"


def test_what_the_holdout_kept_back_is_not_kept():
    ending = found().ending
    assert set(record.of(found(), WANTED, COMMAND, 1.0).against) == set(ending.against)
    silent = replace(found(), ending=replace(ending, answer=Answer(2, False, -0.1, 8)))
    assert record.of(silent, WANTED, COMMAND, 1.0).against == {}


def test_a_folder_with_no_record_or_with_another_layout_is_refused_in_a_line(tmp_path):
    with pytest.raises(InputError, match=r"found\.json cannot be read: No such file"):
        record.read(tmp_path)
    for text in ("", "[]", '{"version": 1}', '{"version": 99}'):
        (tmp_path / record.FILE).write_text(text)
        with pytest.raises(InputError, match=r"found\.json is no record of a run as this version writes it"):
            record.read(tmp_path)


DAMAGES = {
    'no search of it is its champion, "nobody"': lambda told: told.update(champion="nobody"),
    "the candidate that became its winner, x, is none of ": lambda told: told["before"].update(id="x"),
    "the elite x is no candidate of the search with a score": lambda told: told["islands"][0][0].update(id="x"),
    "its table has no lines": lambda told: told.update(lines=[]),
    'no line of its table is its reference, "nobody"': lambda told: told.update(reference="nobody"),
    'no line of its table is "nobody", which': lambda told: told["against"].update(
        nobody=told["lines"][0]["effects"]["train"]
    ),
    "it lacks the file of ": lambda told: told.update(sources={}),
    "it has no training instances": lambda told: told["instances"].pop("train"),
}


@pytest.mark.parametrize("expected", DAMAGES)
def test_a_record_with_a_name_that_leads_nowhere_is_refused_in_a_line(tmp_path, expected):
    path = record.write(small(), tmp_path)
    told = json.loads(path.read_text())
    DAMAGES[expected](told)
    path.write_text(json.dumps(told))
    with pytest.raises(
        InputError, match=f"found.json is damaged: {expected}.*; the same augsim evolve again makes it anew"
    ):
        record.read(tmp_path)


def test_a_change_points_where_the_metric_does(monkeypatch):
    assert small().change(math.log(0.9)) == pytest.approx(-0.1)
    assert small().change_label == "change of misses against lru, lower is better"
    monkeypatch.setattr(paging.System, "METRICS", (Metric("misses", "", "higher", "what was earned"),))
    assert small().change(-math.log(1.25)) == pytest.approx(0.25)  # a loss below 0 is better: a quarter more
    assert small().change_label == "change of misses against lru, higher is better"
