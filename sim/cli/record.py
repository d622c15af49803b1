"""`augsim record`: a real program's page requests as a trace file, or what neighbourhoods give on a model as a table."""

from __future__ import annotations

from typing import Any

import click

from sim.cli import files, options, output
from sim.cli.replay import setting_options

TABLES = "bandits/lns"
"""The system whose outcomes are recorded, where it stands in the place of the options."""


class Recorder(click.Command):
    """Records a program; or, where its first word names a system, that system's outcomes."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> click.Context:
        if args[:1] == [TABLES]:
            return _outcomes().make_context(f"{info_name} {TABLES}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    "record",
    cls=Recorder,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog=f"augsim record {TABLES} MODEL -o FILE.lns.json records what neighbourhoods give on a model; --help shows how.",
)
@click.option("-o", "--output", "path", required=True, metavar="FILE", help="Its ending says format and compression.")
@click.option(
    "--accesses", default="all", show_default=True, metavar="all|instructions|data", help="Which are recorded."
)
@click.option("--page-bytes", default=4096, show_default=True, metavar="N", help="Page size; 64 records cache lines.")
@click.option(
    "--collapse",
    default=1,
    show_default=True,
    metavar="N",
    help="Leave out what a buffer of the last N pages would serve.",
)
@click.option("-n", "--num-req", "n_requests", type=int, metavar="N", help="Stop the program after N requests.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@options.debug_option
@click.argument("command_line", nargs=-1, required=True, metavar="-- COMMAND [ARGUMENT]...")
def command(
    path: str,
    accesses: str,
    page_bytes: int,
    collapse: int,
    n_requests: int | None,
    force: bool,
    debug: bool,
    command_line: tuple[str, ...],
) -> None:
    """Run COMMAND under valgrind and write the pages it touches, in order, to FILE.

    An interrupt ends the program; what was recorded until then is written.
    """
    from traces import sink
    from traces.record import record

    path = files.check_target(path, "auto", force)
    recording = record(command_line, accesses=accesses, page_bytes=page_bytes, collapse=collapse, n_requests=n_requests)
    notices = [*recording.trace.origin["notices"], *sink.save(recording.trace, path)]
    if recording.exit_code:
        notices.append(f"{command_line[0]} ended with exit code {recording.exit_code}")
    for text in [*notices, f"{path} is written"]:
        output.notice(text)


def _outcomes() -> click.Command:
    """The command that records a table of outcomes, with an option for every field of the system's setting."""
    from sim.study import catalog

    return click.Command(
        TABLES,
        callback=outcomes,
        help="Try all arms of a portfolio at the points that searches on MODEL come by, and write the outcomes to FILE.",
        params=[
            click.Argument(["model"]),
            click.Option(
                ["-o", "--output", "path"], required=True, metavar="FILE", help="It ends in .lns.json, or .gz."
            ),
            click.Option(
                ["--states"],
                type=options.Whole(1),
                default=20,
                show_default=True,
                help="Points at which arms are tried, at most.",
            ),
            click.Option(
                ["--draws"],
                type=options.Whole(1),
                default=3,
                show_default=True,
                help="Attempts of each arm at each point.",
            ),
            click.Option(["--seed"], type=options.Whole(), default=0, show_default=True, help="Draws the attempts."),
            *setting_options(catalog.system(TABLES).Setting),
            click.Option(["--force"], is_flag=True, help="Replace a file that is there."),
            click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
        ],
    )


def outcomes(
    model: str, path: str, states: int, draws: int, seed: int, force: bool, debug: bool, **setting: Any
) -> None:
    from sim.study import catalog
    from sim.study.experiment import Bench
    from traces import sink

    path = files.check_target(path, "auto", force)
    if not sink.writer(path).__name__.endswith(".lns"):
        raise click.UsageError(f"a table of outcomes ends in .lns.json, or .lns.json.gz, got {path}")
    system = catalog.system(TABLES)
    trace = Bench().trace(model, catalog.domain_of(TABLES), seed)
    settings, _ = system.Setting.from_options(trace, **setting)
    if len(settings) > 1:
        raise click.UsageError("a table is recorded with one setting; give each option one value")
    progress = output.Progress()
    record = catalog.module("sim.domains", "bandits", "lns", "record").record
    table = record(
        trace, settings[0], seed=seed, n_states=states, draws=draws, progress=progress.of(f"recording {trace.name}")
    )
    progress.clear()
    for text in settings[0].on(trace).dropped:
        output.notice(text)
    sink.save(table, path)
    n_tried = len(set(table["state"].tolist()))
    output.notice(
        f"{path} is written: {len(table):,} outcomes at {n_tried:,} of {len(table.tables['states']):,} points"
    )
