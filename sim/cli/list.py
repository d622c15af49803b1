"""`augsim list`: what there is."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import click

from sim.cli import options, output
from sim.study import catalog
from sim.study.ranking import Ranking


@click.command("list")
@click.argument("domain", required=False)
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON only.")
@options.debug_option
def command(domain: str | None, json_wanted: bool, debug: bool) -> None:
    """Show the domains, or all policies, workloads, predictors and metrics of one DOMAIN."""
    if domain is None:
        rows = [
            {"kind": "domain", "name": name, "meaning": _summary(catalog.system(name))} for name in catalog.domains()
        ]
    else:
        word = catalog.domain_of(domain)
        rows = [
            {"kind": "policy", "name": _with_parameters(name, cls.parameters()), "meaning": _summary(cls)}
            for name in catalog.policies(word)
            for cls in [catalog.policy_class(word, name)]
        ]
        rows += [_function_row("workload", name, function) for name, function in catalog.workloads(word).items()]
        rows += [_function_row("predictor", name, function) for name, function in catalog.predictors().items()]
        rows += [
            {"kind": "metric", "name": metric.label, "meaning": metric.meaning}
            for metric in catalog.system(domain).METRICS
        ]
    if json_wanted:
        print(output.as_json(rows))
        return
    for kind in dict.fromkeys(row["kind"] for row in rows):
        lines = [[row["name"], row["meaning"]] for row in rows if row["kind"] == kind]
        plural = kind[:-1] + "ies" if kind.endswith("y") else f"{kind}s"
        output.table(Ranking(f"{len(lines)} {plural}", [(kind, "left"), ("", "left")], lines, ""))


def _summary(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _with_parameters(name: str, parameters: dict[str, Any]) -> str:
    shown = [
        f"{key}={value}" if value is not dataclasses.MISSING else f"{key}=..." for key, value in parameters.items()
    ]
    return ",".join([name, *shown])


def _function_row(kind: str, name: str, function: Any) -> dict[str, str]:
    parameters = {
        key: dataclasses.MISSING if p.default is p.empty else p.default
        for key, p in inspect.signature(function).parameters.items()
        if p.kind is p.KEYWORD_ONLY
    }
    return {"kind": kind, "name": _with_parameters(name, parameters), "meaning": _summary(function)}
