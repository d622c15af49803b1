"""`augsim list`: what there is."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import click

from sim.cli import options, output
from sim.study import catalog
from sim.study.experiment import label
from sim.study.ranking import Ranking

KINDS = {
    "domain": "domains: augsim list DOMAIN shows what one has",
    "policy": "policies: -p NAME,key=value",
    "predictor": "predictors: --predict NAME:key=value",
    "sample": "samples: sample:NAME",
    "workload": "workloads: workload:NAME,key=value",
    "setting": "settings: options of replay, keys of a study's [system]",
    "metric": "metrics: keys of a result's row",
}
"""Kind of a thing -> the title of its table: what they are, and how one is named."""


@click.command("list")
@click.argument("domain", required=False)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON only.")
@options.debug_option
def command(domain: str | None, json_wanted: bool, debug: bool) -> None:
    """Show the domains, or all policies, predictors, traces, settings and metrics of one DOMAIN."""
    rows = _domains() if domain is None else _things(domain)
    if json_wanted:
        print(output.as_json(rows))
        return
    for kind in dict.fromkeys(row["kind"] for row in rows):
        lines = [[row["name"], _in_words(row)] for row in rows if row["kind"] == kind]
        output.table(Ranking(f"{len(lines)} {KINDS[kind]}", [("", "left"), ("", "left")], lines, ""))


def _domains() -> list[dict[str, Any]]:
    return [_row("domain", name, catalog.system(name)) for name in catalog.domains()]


def _things(domain: str) -> list[dict[str, Any]]:
    """All that the domain has, a row each."""
    from traces import store

    word, system = catalog.domain_of(domain), catalog.system(domain)
    rows = [_policy(word, name) for name in catalog.policies(word)]
    for name, function in catalog.predictors(word).items():
        rows.append(
            _row(
                "predictor",
                name,
                function,
                _keywords(function),
                f"fills {' or '.join(catalog.channels_filled(name, word))}",
            )
        )
    rows += [_plain("sample", name, path.name, "") for name, path in store.samples(word).items()]
    rows += [
        _row("workload", name, function, _keywords(function)) for name, function in catalog.workloads(word).items()
    ]
    for field in dataclasses.fields(system.Setting):
        if not field.metadata.get("derived"):
            usual = "must be given" if field.default is dataclasses.MISSING else f"{text(field.default)} unless given"
            rows.append(_plain("setting", field.name, field.metadata.get("help", ""), usual))
    for metric in system.METRICS:
        unit = f"in {metric.unit}" if metric.unit else ""
        better = f"{metric.better} is better" if metric.better else ""
        rows.append(_plain("metric", metric.name, metric.meaning, ", ".join(filter(None, (unit, better)))))
    return rows


def _policy(word: str, name: str) -> dict[str, Any]:
    cls = catalog.policy_class(word, name)
    also = [nickname for nickname, meant in catalog.NICKNAMES.get(word, {}).items() if meant == name]
    read = (*cls.channels, *getattr(cls, "asks", ()))
    notes = [
        "sees the future" if cls.clairvoyant else f"reads {' and '.join(read)}" if read else "",
        f"also {', '.join(also)}" if also else "",
    ]
    return _row("policy", name, cls, cls.parameters(), "; ".join(filter(None, notes)))


def _row(
    kind: str, name: str, thing: Any, parameters: Mapping[str, Any] | None = None, note: str = ""
) -> dict[str, Any]:
    typed = ",".join(f"{key}={text(value)}" for key, value in (parameters or {}).items())
    return {**_plain(kind, name, summary(thing), note), "parameters": typed}


def _plain(kind: str, name: str, meaning: str, note: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "meaning": meaning, "parameters": "", "note": note}


def _in_words(row: dict[str, Any]) -> str:
    """The meaning; below it, where there are any, parameters with their defaults, and the note."""
    parameters = re.sub(r",(?=\w+=)", ", ", row["parameters"])
    if row["kind"] in ("setting", "metric"):
        return f"{row['meaning']} ({row['note']})" if row["note"] else row["meaning"]
    below = "; ".join(filter(None, (parameters, row["note"])))
    return "\n".join(filter(None, (row["meaning"], f"  {below}" if below else "")))


def summary(thing: Any) -> str:
    """The first sentence of a docstring; "" where there is none, or only the one that a dataclass makes of its fields."""
    doc = inspect.getdoc(thing) or ""
    if doc.startswith(f"{getattr(thing, '__name__', '')}("):
        return ""
    paragraph = " ".join(doc.partition("\n\n")[0].split()).replace("`", "")
    return re.split(r"(?<=[a-z)]\.) (?=[A-Z])", paragraph)[0]


def text(value: Any) -> str:
    """A parameter's default as it is typed: none, true, [marker;lru]; "..." where it must be given."""
    if value is dataclasses.MISSING:
        return "..."
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(label(value))


def _keywords(function: Callable[..., Any]) -> dict[str, Any]:
    return {
        name: dataclasses.MISSING if parameter.default is parameter.empty else parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
