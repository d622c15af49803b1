"""The page of a report: what it says, and that it needs nothing but itself."""

from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("bokeh", reason="Bokeh is not installed")

from sim.core.errors import InputError
from sim.study.analysis import Analysis
from sim.study.figures import gallery
from sim.study.report import charts, drawing, page, template
from tests.study.report import stores
from tests.study.report.pages import parsed
from tests.study.tables import table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of eight traces, two capacities and three errors."""
    path = tmp_path_factory.mktemp("study")
    stores.written(path, stores.study()).close()
    return path


@pytest.fixture(scope="module")
def text(folder):
    with stores.Store(folder) as store:
        return page.render(store)


@pytest.fixture(scope="module")
def document(text):
    return parsed(text)


def rendered(path, rows, **options):
    with stores.written(path, rows, **options) as store:
        return parsed(page.render(store))


def section(document, name):
    return document.all("section", id=name)[0]


def test_every_reference_within_the_page_finds_its_target(document):
    ids = [
        one.attributes["id"]
        for tag in ("section", "h2", "div", "figcaption", "script")
        for one in document.all(tag)
        if "id" in one.attributes
    ]
    assert len(ids) == len(set(ids))
    links = [one.attributes["href"] for one in document.all("a")]
    named = [one.attributes["aria-labelledby"] for tag in ("section", "figure") for one in document.all(tag)]
    assert links and named
    assert {link.removeprefix("#") for link in links} | set(named) <= set(ids)


def test_the_page_asks_no_network_for_anything(document, text):
    sources = [
        value
        for tag in ("link", "img", "script", "iframe", "object", "a", "source", "use", "form", "style")
        for one in document.all(tag)
        for name, value in one.attributes.items()
        if name in ("src", "href", "action", "data", "srcset", "xlink:href")
    ]
    assert [source for source in sources if not source.startswith(("#", "data:"))] == []
    style = document.all("style")[0].text
    assert "url(" not in style and "@import" not in style
    (rules,) = [one.attributes["content"] for one in document.all("meta") if one.attributes.get("http-equiv")]
    assert "default-src 'none'" in rules and "http" not in rules
    assert len(text) < 3_000_000


def test_the_title_and_what_was_asked_come_in_words(document):
    assert document.all("h1")[0].words() == "Misses of 3 policies on 8 traces"
    asked = {row.all("dt")[0].words(): row.all("dd")[0].words() for row in section(document, "asked").all("div")}
    assert asked["Policies"] == "lru; belady; follow"
    assert asked["Predictions"] == "none; discard:flip=0; discard:flip=0.1; discard:flip=0.5"
    assert asked["Capacity"] == "1%; 10%"
    assert asked["Held against"] == "lru"
    assert asked["Metric"].startswith("misses (requests): ") and asked["Metric"].endswith("lower is better")


def test_the_summary_names_the_winner_with_its_interval_and_what_is_not_shown(document):
    said = section(document, "summary").words()
    assert re.search(
        r"At capacity 1% follow with discard:flip=0 has 4\d\.\d+ % fewer misses than lru, 95 % interval", said
    )
    assert "on 8 of 8 traces: better, p = 0.023 after Holm" in said
    assert "Without predictions, none is shown to be better than lru." not in said  # there is no other one
    assert "Of 3 contenders held against lru: 2 shown to be better, 1 worse, for 0 no difference is shown" in said


def test_that_no_winner_can_be_named_is_said_before_any_figure(tmp_path):
    summary = section(rendered(tmp_path, stores.study(3)), "summary")
    first = next(one for one in summary.children if one.tag != "h2")
    assert first.attributes["class"] == "warning"
    assert first.words().startswith("No policy can be called the winner on 3 paired traces")
    assert "As measured, without a claim: follow with discard:flip=0 has" in summary.words()
    assert "better, p" not in summary.words()


def test_every_cell_of_the_analysis_stands_in_the_tables(document, folder):
    with stores.Store(folder) as store:
        wanted = Analysis.of(store).tables()
    shown = {one.attributes["aria-label"]: one for one in section(document, "tables").all("table")}
    for ranking in wanted:
        found = shown[template.opened(ranking.title)]
        rows = [[cell.words() for cell in row.children] for row in found.all("tbody")[0].all("tr")]
        assert rows == [[" ".join(cell.split()) for cell in row] for row in ranking.rows]
        headings = [heading.all("button")[0].words() for heading in found.all("thead")[0].all("th")]
        assert headings == [heading for heading, _ in ranking.columns]


def test_all_metrics_stand_in_one_table_with_their_means(document):
    (found,) = [one for one in document.all("table") if one.attributes["aria-label"] == "All metrics, capacity 1%"]
    headings = [one.words() for one in found.all("button")]
    rows = {row.children[0].words(): [cell.words() for cell in row.children] for row in found.all("tr")[1:]}
    assert rows["lru"][headings.index("misses (requests)")] == "203.5"
    assert rows["lru"][headings.index("miss ratio")] == "0.2035"
    assert "belady *" in rows


def test_the_figures_draw_the_tables_that_plot_draws(document, folder):
    with stores.Store(folder) as store:
        material = gallery.Material.of(store)
        sheets = [sheet for name in charts.DRAWN for sheet in gallery.find([name])[name].sheets(material)]
    figures = section(document, "figures")
    titles = [one.words() for one in figures.all("h3")]
    assert titles == [template.opened(sheet.title) for sheet in sheets] and len(titles) == 7
    items = json.loads(document.all("script", id="items")[0].text)
    places = [one.attributes["id"] for one in figures.all("div", class_="plot")]
    assert [item["target_id"] for item in items] == places
    drawn = json.dumps(items)
    (robust,) = [sheet for sheet in sheets if sheet.title.endswith("prediction error, capacity 1%")]
    for row in robust.table().to_dict("records"):
        assert drawing.digits(row["value"]) in drawn
        assert any(drawing.digits(row["value"]) in one.words() for one in figures.all("table"))


def test_a_policy_has_the_colour_that_the_figures_on_paper_give_it(document, folder):
    with stores.Store(folder) as store:
        looks = gallery.Material.of(store).looks
    for button in section(document, "figures").all("button"):
        if button.attributes.get("data-policy") in ("lru", "follow"):
            shade = button.all("svg")[0].attributes["data-colour"]
            assert shade == looks[button.attributes["data-policy"]].color
        if button.attributes.get("data-policy") == "belady":
            assert button.all("svg")[0].attributes["data-colour"] == drawing.INK


def test_names_and_errors_are_text_whatever_they_hold(tmp_path):
    name, trace, why = "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "it broke </script><b>'&amp;"
    values = {policy: {f"{trace}{i}": 10.0 + i for i in range(8)} for policy in ("lru", name)}
    values[name][f"{trace}0"] = None
    rows = table(values, requests=10, **{"asked.capacity": "$$x$$"})
    rows.loc[rows["status"] == "failed", "error"] = why
    document = rendered(tmp_path, rows)
    assert document.all("img") == [] and document.all("b") == []
    assert len(document.all("script")) == 3
    assert name in section(document, "asked").words() and trace + "1" in section(document, "asked").words()
    assert why in section(document, "failures").words()
    assert [
        one.attributes["data-policy"] for one in document.all("button") if one.attributes.get("data-policy") == name
    ]
    items = json.loads(document.all("script", id="items")[0].text)
    assert name in json.dumps(items)


def test_formulas_in_names_are_shown_as_they_are_typed():
    assert "$$" not in drawing.plain("a $$x$$ b") and drawing.plain("a $$x$$ b").replace("\u200b", "") == "a $$x$$ b"
    assert drawing.plain("combiner,of=[lru;fifo]") == "combiner,of=[lru;fifo]"


def test_failed_and_missing_runs_are_told_at_the_top_and_one_by_one(tmp_path):
    rows = table({"lru": {"a": [1.0, 2.0], "b": [2.0, 2.0]}, "mark0": {"a": [1.0, None], "b": [2.0, 3.0]}}, requests=10)
    document = rendered(tmp_path, rows, n_missing=2)
    assert "7 of 10 runs are done, 1 failed, 2 missing" in document.all("header")[0].words()
    assert "Not all runs of this study gave a result" in section(document, "summary").words()
    (failed,) = section(document, "failures").all("tbody")[0].all("tr")
    assert [cell.words() for cell in failed.children] == ["mark0", "", "a", "", "1", "failed", "it broke"]


def test_a_study_whose_runs_are_all_done_has_no_section_on_failures(document):
    assert document.all("section", id="failures") == []
    assert "Not all runs" not in document.words()


def test_the_page_says_where_it_comes_from_and_how_to_make_it_again(document, folder):
    origin, again = section(document, "origin").words(), section(document, "again")
    assert "code of follow" in origin and "data/t3.gz" in origin and "hash of t3" in origin
    for name in ("Host", "Python", "Augsim", "Begun", "All runs together"):
        assert name in origin
    study, commands = (one.text.replace("\0", "") or one.words() for one in again.all("code"))
    assert study == stores.STUDY
    assert commands.splitlines() == [
        stores.COMMAND,
        *(f"augsim {what} {folder}" for what in ("compare", "plot", "report")),
    ]


def test_another_metric_and_baseline_stand_in_the_commands(folder):
    with stores.Store(folder) as store:
        document = parsed(page.render(store, metric="miss_ratio", baseline="belady"))
    assert document.all("h1")[0].words().startswith("Miss ratio of 3 policies")
    assert f"augsim report {folder} --metric miss_ratio --baseline belady" in section(document, "again").words()
    assert "belady sees the future" in section(document, "summary").words()


def test_an_unknown_metric_is_refused_by_name(folder):
    with stores.Store(folder) as store, pytest.raises(InputError, match='"mises"; did you mean "misses"'):
        page.render(store, metric="mises")


CELLS = {
    "−29.8 %": -29.8,
    "1,234": 1234.0,
    "1.140 (1.069 to 1.183)": 1.14,
    "3/0/0": 3.0,
    "9 of 10": 9.0,
    "+0.08 %": 0.08,
    "2.1e-05": 2.1e-05,
}


def test_a_metric_that_no_run_has_is_refused_with_those_that_there_are(folder):
    message = r"no run of this study has a byte_miss_ratio; give another metric \(miss_ratio, misses\)"
    with stores.Store(folder) as store, pytest.raises(InputError, match=message):
        page.render(store, metric="byte_miss_ratio")


def test_a_study_with_one_policy_or_one_trace_has_its_page_too(tmp_path):
    alone = rendered(tmp_path / "alone", table({"lru": {"a": 1.0}}, requests=10))
    assert "There is nothing to hold against another." in section(alone, "summary").words()
    one_trace = rendered(tmp_path / "trace", table({"lru": {"a": 1.0}, "fifo": {"a": 2.0}}, requests=10))
    assert "No policy can be called the winner on 1 paired trace" in section(one_trace, "summary").words()


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_sorted_by_its_first_number(cell):
    assert float(template.sort_key(cell)) == CELLS[cell]


def test_cells_in_words_are_sorted_among_the_numbers():
    rising = ["never better", "below 0.0001", "0.0001", "0.5", "above 0.5"]
    keys = [float(template.sort_key(cell)) for cell in rising]
    assert keys == sorted(set(keys))
    assert template.sort_key("") == template.sort_key("none") == ""
