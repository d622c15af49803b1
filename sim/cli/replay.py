"""`augsim replay DOMAIN TRACE -p NAME ...`: one trace, some policies, a ranked table."""

from __future__ import annotations

import dataclasses
import shlex
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from sim.cli import files, options, output
from sim.cli.failure import exit_code
from sim.core.errors import AugsimError, PolicyError
from sim.core.result import Result
from sim.study import catalog, figures, ranking
from sim.study.experiment import Bench, Experiment, prediction_choices


class Domains(click.Group):
    """One subcommand per system, with an option for every field of its setting."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(catalog.domains())

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        catalog.domain_of(name)
        system = catalog.system(name)
        about = " ".join((system.__doc__ or "").partition("\n\n")[0].split()).replace("`", "")
        return click.Command(
            name,
            callback=lambda **given: replay(name, **given),
            params=[*COMMON[:2], *setting_options(system.Setting), *COMMON[2:]],
            short_help=about,
            help=f"Replay TRACE (a file, -, sample:NAME or workload:NAME,key=value) through policies.\n\n{about}",
        )


def setting_options(setting: type) -> list[click.Option]:
    """Options for the fields that are the user's; `True` or `False` by default gives a --no- form."""
    found = []
    for field in dataclasses.fields(setting):
        if field.metadata.get("derived"):
            continue
        name = field.name.replace("_", "-")
        text = field.metadata.get("help", "")
        about: dict[str, Any] = {"help": f"{text[:1].upper()}{text[1:]}."}
        if field.default is dataclasses.MISSING:
            about["required"] = True
        else:
            about |= {"default": field.default, "show_default": field.default is not None}
        if isinstance(field.default, bool):
            found.append(click.Option([f"--{name}/--no-{name}"], **{**about, "show_default": False}))
        else:
            found.append(click.Option([f"--{name}"], type=str, metavar="VALUE", **about))
    return found


COMMON: list[click.Parameter] = [
    click.Argument(["trace"]),
    click.Option(
        ["-p", "--policy", "policies"],
        multiple=True,
        required=True,
        metavar="NAME|FILE.py",
        help="Policy, with parameters: NAME,key=value; repeatable.",
    ),
    click.Option(
        ["--predict", "predictions"],
        multiple=True,
        metavar="NAME:key=value",
        help="Predictor that fills a channel; repeated: each in turn.",
    ),
    click.Option(
        ["--seed"],
        type=options.Whole(),
        default=0,
        show_default=True,
        help="Spawns the streams of workload, predictions and policies.",
    ),
    click.Option(
        ["--seeds"],
        type=options.Whole(1),
        default=1,
        show_default=True,
        help="Number of seeds, from --seed on; the table shows means.",
    ),
    click.Option(
        ["--mode"],
        type=click.Choice(["auto", "compiled", "interpreted"]),
        default="auto",
        show_default=True,
        help="As machine code where that is possible, always, or never.",
    ),
    click.Option(["--json", "json_wanted"], is_flag=True, help="Print the rows as JSON, nothing else."),
    click.Option(["--csv", "csv_wanted"], is_flag=True, help="Print the rows as CSV, nothing else."),
    click.Option(["--figure"], type=click.Path(dir_okay=False), help="Draw the rows into this PNG, PDF or SVG file."),
    click.Option(["--no-reference"], is_flag=True, help="Leave out the clairvoyant reference."),
    click.Option(
        ["--format", "file_format"], default="auto", metavar="NAME", help="Format of the file; auto: by its ending."
    ),
    click.Option(["-t", "--reader"], multiple=True, metavar="KEY=VALUE", help=options.READER_HELP),
    click.Option(
        ["-n", "--num-req", "n_requests"], type=options.Whole(1), metavar="N", help="Only the first N requests."
    ),
    click.Option(["--no-cache"], is_flag=True, help="Do not keep the parsed trace on disk."),
    click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
]


@click.command(cls=Domains, subcommand_metavar="DOMAIN TRACE -p NAME [-p NAME ...]")
def command() -> None:
    """Replay one trace through some policies; prints a table, best first, with the clairvoyant reference."""


def replay(
    system_name: str,
    *,
    trace: str,
    policies: Sequence[str],
    predictions: Sequence[str],
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
    **setting: Any,
) -> int:
    domain = catalog.domain_of(system_name)
    system = catalog.system(system_name)
    bench = Bench(cache=not no_cache, reader=options.reader_arguments(reader, file_format), n_requests=n_requests)
    built = {text: catalog.policy(domain, text) for text in policies}
    for text in predictions:
        if text != "none":
            catalog.check_predictor(text, domain)
    if json_wanted and csv_wanted:
        raise click.UsageError("--json and --csv exclude each other; give one of them")
    if figure:
        files.check_not_read(figures.table_of(figure), trace)
        figures.check(figure)
    opened = bench.trace(trace, domain, seed)
    settings, notices = system.Setting.from_options(opened, **setting)
    for text in [*opened.origin.get("notices", ()), *notices]:
        output.notice(text)
    experiments = [
        Experiment(system_name, trace, text, choice, _fields(one), seed + k)
        for one in settings
        for text, policy in built.items()
        for choice in prediction_choices(domain, policy, predictions, one)
        for k in range(seeds if _is_random(policy, choice, trace, one) else 1)
    ]
    references = [] if no_reference else _references(system, system_name, trace, built, settings, predictions, seed)
    results, code = _run_all(bench, experiments, references, mode, debug)
    rows = [result.row() for result in results]
    if json_wanted:
        print(output.as_json(rows))
    elif csv_wanted and rows:
        print(output.as_csv(rows))
    elif not csv_wanted and results:
        for ranked in ranking.rankings(results, system.METRICS):
            output.table(ranked)
    if figure and results:
        labels = [ranking.policy_label(result) for result in results]
        rows = [{"label": label, **row} for label, row in zip(labels, rows, strict=True)]
        metric = ranking.main_metric(results, system.METRICS)
        beside = figures.save(figure, rows, metric, command=shlex.join(["augsim", *sys.argv[1:]]))
        output.notice(f"figure written to {figure}, its table to {beside}")
    return code


def _run_all(
    bench: Bench, asked: list[Experiment], references: list[Experiment], mode: Any, debug: bool
) -> tuple[list[Result], int]:
    """Runs one after the other. A failing run is said and does not sink the others; an interrupt keeps what is done.

    The references come last, and only where there is something to hold against them.
    """
    results: list[Result] = []
    progress = output.Progress()
    code = 0
    said: set[str] = set()
    for experiment in [*asked, *references]:
        if experiment in references and not results:
            break
        try:
            result = bench.run(experiment, mode=mode, progress=progress.of(experiment.policy))
        except KeyboardInterrupt:
            progress.clear()
            output.notice(
                f"interrupted in {experiment.policy}; {len(results)} of {len(asked) + len(references)} runs are done"
            )
            return results, 2
        except AugsimError as error:
            progress.clear()
            if debug:
                _show_traceback(bench, experiment, error)
            output.notice(str(error))
            code = max(code, exit_code(error))
            continue
        progress.clear()
        for text in result.notices:
            if text not in said:
                said.add(text)
                output.notice(text)
        results.append(result)
    return results, code


def _show_traceback(bench: Bench, experiment: Experiment, error: AugsimError) -> None:
    """The traceback of what went wrong; a compiled run is repeated interpreted, so that it shows the policy's own lines."""
    if isinstance(error, PolicyError):
        try:
            bench.run(experiment, mode="interpreted")
        except AugsimError as again:
            error = again
    traceback.print_exception(error.__cause__ or error, chain=False)


def _references(
    system: Any,
    system_name: str,
    trace: str,
    built: dict[str, Any],
    settings: list[Any],
    predictions: Sequence[str],
    seed: int,
) -> list[Experiment]:
    """The clairvoyant reference at each setting, where the domain has one and the user did not ask for it."""
    name = getattr(system, "REFERENCE", None)
    if name is None or any(type(policy) is catalog.policy_class(system.domain, name) for policy in built.values()):
        return []
    policy = catalog.policy(system.domain, name)
    return [
        Experiment(system_name, trace, name, choice, _fields(one), seed)
        for one in settings
        for choice in prediction_choices(system.domain, policy, predictions, one)
    ]


def _is_random(policy: Any, choice: Sequence[str], trace: str, setting: Any) -> bool:
    """Whether another seed can give another result: the policy or the system draws, or the input is drawn."""
    is_drawn = bool(choice) or trace.startswith("workload:")
    return catalog.draws(policy) or is_drawn or getattr(setting, "is_random", False)


def _fields(setting: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (field.name, getattr(setting, field.name))
        for field in dataclasses.fields(setting)
        if not field.metadata.get("derived")
    )
