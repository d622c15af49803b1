"""`augsim record`: a real program's page requests as a trace file."""

from __future__ import annotations

import click

from sim.cli import options, output


@click.command("record", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
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
@options.debug_option
@click.argument("command_line", nargs=-1, required=True, metavar="-- COMMAND [ARGUMENT]...")
def command(
    path: str,
    accesses: str,
    page_bytes: int,
    collapse: int,
    n_requests: int | None,
    debug: bool,
    command_line: tuple[str, ...],
) -> None:
    """Run COMMAND under valgrind and write the pages it touches, in order, to FILE.

    An interrupt ends the program; what was recorded until then is written.
    """
    from traces import sink
    from traces.record import record

    sink.check(path)
    sink.writer(path)
    recording = record(command_line, accesses=accesses, page_bytes=page_bytes, collapse=collapse, n_requests=n_requests)
    notices = [*recording.trace.origin["notices"], *sink.save(recording.trace, path)]
    if recording.exit_code:
        notices.append(f"{command_line[0]} ended with exit code {recording.exit_code}")
    for text in [*notices, f"{path} is written"]:
        output.notice(text)
