"""`augsim mrc DOMAIN TRACE -p NAME ...`: miss-ratio curves, exact or from a sample."""

from __future__ import annotations

import os
import shlex
import sys
import traceback
from typing import Any

import click

from sim.cli import files, options, output
from sim.cli.failure import WRONG_INPUT, exit_code
from sim.study import catalog
from sim.study.experiment import Bench


class Share(click.ParamType):
    """A share, as 0.01 or 1%."""

    name = "RATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = 0.0
        if not 0 < share <= 1:
            option = param.opts[0] if param else "this"
            raise click.UsageError(f'{option} must be a share above 0 and at most 1 (0.01 or 1%), got "{value}"', ctx)
        return share


@click.command()
@click.argument("domain")
@click.argument("trace")
@click.option(
    "-p",
    "--policy",
    "policies",
    multiple=True,
    default=("lru",),
    show_default=True,
    metavar="NAME|FILE.py",
    help="Policy, with parameters: NAME,key=value; repeatable.",
)
@click.option(
    "--predict", "predictions", multiple=True, metavar="NAME:key=value", help="Predictor that fills a channel."
)
@click.option(
    "--capacity",
    default="grid",
    show_default=True,
    help="As of replay, several by commas; grid: 20 from 0.1% to all of the pages; auto.",
)
@click.option("--sized/--no-sized", default=False, help="Count sizes; the capacity is in bytes.")
@click.option("--ttl/--no-ttl", default=True, help="Let pages expire and be deleted where the trace says so.")
@click.option("--metric", default="miss_ratio", show_default=True, help="Shown and drawn: miss_ratio, byte_miss_ratio.")
@click.option("--sample", "rate", type=Share(), help="Sample this share of the pages (0.01, 1%): faster, approximate.")
@click.option("--sample-pages", "n_kept", type=options.Whole(1), metavar="N", help="Sample at most N pages; for lru.")
@click.option("--compare", is_flag=True, help="Hold a sampled curve against the exact one.")
@click.option(
    "--method",
    type=click.Choice(["auto", "stack", "replay"]),
    default="auto",
    show_default=True,
    help="auto: stack distances where they are exact (lru, pages of equal size), else replays.",
)
@click.option("--threads", type=options.Whole(1), metavar="N", help="Replays at a time; as many as cores by default.")
@click.option(
    "--seed", type=options.Whole(), default=0, show_default=True, help="Of workload, sample, predictions, policy."
)
@click.option("--seeds", type=options.Whole(1), default=1, show_default=True, help="Number of seeds, from --seed on.")
@click.option(
    "--mode",
    type=click.Choice(["auto", "compiled", "interpreted"]),
    default="auto",
    show_default=True,
    help="How policies are replayed.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Print the points as JSON, nothing else.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print the points as CSV, nothing else.")
@click.option("--figure", type=click.Path(dir_okay=False), help="Draw the curves into this PNG, PDF or SVG file.")
@click.option("--no-reference", is_flag=True, help="Leave out the clairvoyant reference.")
@options.reader_options
@options.debug_option
def command(
    domain: str,
    trace: str,
    policies: tuple[str, ...],
    predictions: tuple[str, ...],
    capacity: str,
    sized: bool,
    ttl: bool,
    metric: str,
    rate: float | None,
    n_kept: int | None,
    compare: bool,
    method: Any,
    threads: int | None,
    seed: int,
    seeds: int,
    mode: Any,
    json_wanted: bool,
    csv_wanted: bool,
    figure: str | None,
    no_reference: bool,
    file_format: str,
    reader: tuple[str, ...],
    n_requests: int | None,
    no_cache: bool,
    debug: bool,
) -> int:
    """Miss-ratio curves of TRACE (a file, -, sample:NAME or workload:NAME,key=value): misses at every capacity.

    LRU's curve takes one pass over the trace, any other policy's one replay per capacity, side by side on all cores. --sample
    estimates either from a share of the pages (SHARDS, MiniSim).
    """
    from sim.study import curve_table, curves

    system = catalog.system(domain)
    shown = {one.name: one for one in system.METRICS if one.name in ("miss_ratio", "byte_miss_ratio")}
    if shown and metric not in shown:
        raise click.UsageError(f'no curve of "{metric}" (curves of: {", ".join(shown)})')
    for text in predictions:
        if text != "none":
            catalog.check_predictor(text, catalog.domain_of(domain))
    if figure:
        from sim.study import figures

        files.check_not_read(figures.table_of(figure), trace)
        figures.check(figure)
    if not no_reference and (reference := _reference(domain, system, policies, n_kept, method)):
        policies = (*policies, reference)
    question = curves.Question(
        domain,
        trace,
        policies,
        predictions,
        {"capacity": curves.GRID if capacity == "grid" else capacity, "sized": sized, "ttl": ttl},
        tuple(range(seed, seed + seeds)),
        rate,
        n_kept,
        method,
        compare,
        mode,
    )
    bench = Bench(cache=not no_cache, reader=options.reader_arguments(reader, file_format), n_requests=n_requests)
    progress = output.Progress()
    found = curves.answer(
        question, bench, threads=threads or os.cpu_count() or 1, progress=progress.of("miss-ratio curves")
    )
    progress.clear()
    for text in found.notices:
        output.notice(text)
    for error in found.failures:
        if debug:
            traceback.print_exception(error.__cause__ or error, chain=False)
        output.notice(str(error))
    rows = found.rows
    if not found.is_whole:
        output.notice(f"interrupted; {len(rows)} points are done")
    if rows and metric == "byte_miss_ratio" and rows[0][metric] is None:
        raise click.UsageError("byte miss ratios need sizes: give --sized or capacities in bytes (64mb)")
    if json_wanted:
        print(output.as_json(rows))
    elif csv_wanted and rows:
        print(output.as_csv(rows))
    elif not csv_wanted and rows:
        for table in curve_table.tables(rows, metric):
            output.table(table)
    if figure and rows:
        from sim.study.figures import miss_ratio_curve

        facts = [text for text in (curve_table.sampled(rows), "dashed: exact" if compare else None) if text]
        said = shlex.join(["augsim", *sys.argv[1:]])
        beside = figures.save(figure, rows, shown[metric], command=said, draw=miss_ratio_curve.draw, facts=facts)
        output.notice(f"figure written to {figure}, its table to {beside}")
    codes = [exit_code(error) for error in found.failures] + ([] if found.is_whole else [WRONG_INPUT])
    return max(codes, default=0)


def _reference(domain: str, system: Any, policies: tuple[str, ...], n_kept: int | None, method: str) -> str | None:
    """The clairvoyant reference, where the user did not ask for it and its curve can be had the same way."""
    name = getattr(system, "REFERENCE", None)
    if name is None or n_kept is not None or method == "stack":
        return None
    word = catalog.domain_of(domain)
    asked = {type(catalog.policy(word, text)) for text in policies}
    return None if catalog.policy_class(word, name) in asked else name
