"""A search as one page: the verdict, the evidence, what it took, and nothing from elsewhere."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

pytest.importorskip("jinja2", reason="Jinja is not installed")

from sim.adrs import telling, wording
from sim.adrs.holdout import Answer
from sim.adrs.record import Raced
from sim.adrs.report import page
from sim.adrs.shelf import Shelf
from sim.core.metric import Metric
from sim.domains import paging
from sim.study import catalog
from tests.adrs.runs import COMMAND, entry, found, holding, small
from tests.study.report.pages import parsed


@pytest.fixture(scope="module")
def document():
    return parsed(page.render(small(), "run"))


def section(document, name):
    return document.all("section", id=name)[0]


def rows(table):
    return [[cell.words() for cell in row.children] for row in table.all("tbody")[0].all("tr")]


def test_the_verdict_comes_first_in_words_then_what_the_holdout_was_asked(document):
    words = section(document, "verdict").words()
    verdict = small().verdict.replace("\u00a0", " ")
    assert words.replace("\u00a0", " ").lower().startswith(f"verdict {verdict}.".lower())
    assert "This was look 1 at these holdout traces, its figures were published, and 9 are left." in words
    assert f"Of the jail, layers={','.join(small().layers)} hold here; no candidate ran as code: " in words


def test_the_table_has_every_line_with_its_interval_on_the_holdout(document):
    table = section(document, "verdict").all("table")[0]
    shown = rows(table)
    names = [row[0].removesuffix(" *").removesuffix(", the winner") for row in shown]
    assert names == [line.name for line in small().lines]
    assert f"{small().champion}, the winner" in [row[0] for row in shown]
    headings = [cell.words() for cell in table.all("thead")[0].all("th")]
    assert headings == ["candidate", "policy", "evaluations", "train", "validation", "fresh", "holdout"]
    cell = shown[0][headings.index("holdout")]
    effect = small().lines[0].effects["holdout"]
    assert cell == wording.estimate(small(), effect) and re.fullmatch(r"[−+][\d.]+ % \([−+].* to [−+].*\)", cell)


def test_every_control_is_held_against_the_winner_by_paired_traces(document):
    shown = rows(section(document, "verdict").all("table")[1])
    assert len(shown) == len(small().against) == len(small().lines) - 2  # all but the winner and the bound
    assert all(row[1] == "holdout" and row[3].endswith(" of 8") for row in shown)


def test_ledgers_tell_rows_by_purpose_and_candidates_by_status(document):
    searches, ledger = section(document, "ledgers").all("table")
    assert [row[0] for row in rows(searches)] == [run.name for run in small().runs]
    assert rows(searches)[0][1] == f"{found().search.evaluations}"
    told = {row[0]: int(row[1].replace(",", "")) for row in rows(ledger)}
    assert told == found().ledger.events and sum(told.values()) == found().ledger.total


def test_the_winner_is_there_with_its_file_its_ancestry_and_the_command(document):
    winner = section(document, "winner")
    assert winner.all("code")[0].text.strip() == found().ending.winner.candidate.source.strip()
    assert [row[0] for row in rows(winner.all("table")[0])] == [each.id for each in small().ancestors()]
    commands = section(document, "again").all("code")[0].text
    assert commands.startswith(COMMAND) and "augsim replay paging TRACE -p run/best.py" in commands


def test_all_figures_are_in_the_page_the_best_so_far_first(document):
    figures = section(document, "figures").all("img")
    assert len(figures) == 4 and figures[0].attributes["alt"].startswith("The best so far")
    assert all(figure.attributes["src"].startswith("data:image/png;base64,iVBOR") for figure in figures)


def test_nothing_is_fetched_from_elsewhere():
    text = page.render(small(), "run")
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"", text)
    assert not re.search(r"https?:|@import|url\(", re.sub(r"base64,[^\"]*", "", text))
    assert "default-src 'none'" in text


def test_what_a_candidate_says_cannot_become_part_of_the_page():
    loud = entry("x", None, status="crashed", detail="<script>alert(1)</script>", note="<b>bold</b>", proposer="llm")
    document = parsed(page.render(holding(*small().entries, loud, champion=small().champion), "run"))
    (row,) = rows(section(document, "failures").all("table")[0])
    assert row == ["x", "llm: <b>bold</b>", "crashed", "<script>alert(1)</script>"]


def test_a_run_whose_holdout_kept_its_answer_back_says_so_and_shows_none_of_it():
    first, *others = small().lines
    silent = replace(first, effects={k: v for k, v in first.effects.items() if k != "holdout"})
    told = replace(small(), lines=(silent, *others), against={}, answer=Answer(10, False, -0.1, 0))
    document = parsed(page.render(told, "run"))
    verdict = section(document, "verdict")
    assert "This was look 10 at these holdout traces, its figures were kept back, and none is left." in verdict.words()
    assert rows(verdict.all("table")[0])[0][-1] == "kept back" and len(verdict.all("table")) == 1


def test_a_foreign_family_gets_its_sentence_and_its_rows():
    away = {name: replace(effect, mean=0.05, interval=(0.01, 0.09)) for name, effect in small().against.items()}
    told, effect = replace(small(), abroad=away), away["tuned"]
    assert told.reference == "tuned" and effect.n_better + effect.n_worse == 8
    assert wording.abroad(told) == (
        f"tuned here, judged there: on 8 traces of the foreign family the winner has 5.1 % more misses than the library tuned "
        f"(95 % interval: 1.0 % more misses to 9.4 % more misses; better on {effect.n_better} of 8; p {effect.p:.2g})"
    )
    assert [row[1] for row in wording.against(told).rows].count("foreign") == len(away)


def test_a_folder_is_told_of_a_run_record_figures_and_page(tmp_path):
    from sim.adrs import record

    said = list(telling.tell(small(), tmp_path))
    assert said == [f"{tmp_path}/report.html is the whole run as one page; {tmp_path}/figures has its figures"]
    assert len(list((tmp_path / "figures").glob("*.png"))) == len(list((tmp_path / "figures").glob("*.csv"))) == 4
    assert (tmp_path / "report.html").read_text() == page.render(record.read(tmp_path), tmp_path)


def test_a_line_that_failed_leaves_the_table_whole_and_kept_back_is_not_failed():
    *others, last = small().lines
    failed = replace(last, effects={})
    table = wording.judged(replace(small(), lines=(*others, failed)))
    assert [name for name, _ in table.columns] == [name for name, _ in wording.judged(small()).columns]
    assert table.rows[-1][-4:] == ["failed"] * 4 and table.rows[:-1] == wording.judged(small()).rows[:-1]


def test_what_differs_nowhere_is_told_to_be_the_same():
    (first, *others) = small().lines
    effects = {"holdout": replace(first.effects["holdout"], mean=0.0, interval=(0.0, 0.0))}
    table = wording.judged(replace(small(), lines=(replace(first, effects=effects), *others)))
    assert table.rows[0][-1] == "the same"
    effects = {"holdout": replace(first.effects["holdout"], mean=0.0, interval=(math.log(0.8), math.log(1.25)))}
    table = wording.judged(replace(small(), lines=(replace(first, effects=effects), *others)))
    assert table.rows[0][-1] == "+0.0 % (−20.0 % to +25.0 %)"


def test_a_library_policy_is_told_as_the_command_line_takes_it():
    (tuned,) = [run for run in small().runs if run.name == "tuned"]
    tried = next(each for name, each in found().controls if name == "tuned").tried
    problem, n_changed = small().problem, 0
    for each, tested in zip(tuned.entries, tried, strict=True):
        told = catalog.policy("paging", each.policy)
        assert repr(told) == repr(Shelf(problem.domain).read(tested.candidate.source))
        n_changed += "," in each.policy
    assert n_changed > 5 and not any("{" in row[1] for row in wording.judged(small()).rows)


def test_more_of_a_reward_is_a_change_above_zero(monkeypatch):
    (first, *others) = small().lines
    effects = {
        "holdout": replace(first.effects["holdout"], mean=math.log(0.8), interval=(math.log(0.5), math.log(1.25)))
    }
    told = replace(small(), lines=(replace(first, effects=effects), *others))
    assert wording.judged(told).rows[0][-1] == "−20.0 % (−50.0 % to +25.0 %)"
    monkeypatch.setattr(paging.System, "METRICS", (Metric("misses", "", "higher", ""),))
    assert wording.judged(told).rows[0][-1] == "+25.0 % (−20.0 % to +100.0 %)"


def test_how_the_winner_was_chosen_is_said_with_what_luck_does_there():
    told = replace(small(), race=Raced(5, 3, 16, 0.0123))
    assert wording.race(told) == (
        "of 5 finalists that were measured anew, on 16 traces, 2 were surely worse, and the best of the others was taken: that "
        "alone makes it look 1.2 % better there, about"
    )
    assert wording.race(replace(told, race=Raced(1, 1, 16, 0.0))) == "one finalist came through the race over 16 traces"


def test_of_an_interrupted_search_the_page_claims_nothing():
    lines = tuple(replace(line, effects={"train": line.effects["train"]}) for line in small().lines)
    claims = ("the search was interrupted (out of quota)",)
    told = replace(small(), lines=lines, against={}, answer=Answer(0, False, 0.0, 10), claims=claims)
    verdict = section(parsed(page.render(told, "run")), "verdict")
    assert "These holdout traces were not looked at; of the looks 10 are left." in verdict.words()
    assert "kept back" not in verdict.words() and "holdout" not in rows(verdict.all("table")[0])[0]
