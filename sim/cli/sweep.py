"""`augsim sweep STUDY.toml -o DIR`: runs what a study asks for and DIR does not have yet."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import click

from sim.cli import options, output
from sim.study import paired, wording
from sim.study.runs import DONE, Outcome
from sim.study.store import Store
from sim.study.studyfile import load


@click.command()
@click.argument("study", type=click.Path(dir_okay=False))
@click.option(
    "-o", "--output", "folder", type=click.Path(file_okay=False), help="Folder of the results.  [default: STUDY]"
)
@options.backend_options
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="First seed, if the study says how many.",
)
@click.option(
    "--json", "json_wanted", is_flag=True, help="Print the whole table as JSON, stored rows included, nothing else."
)
@click.option(
    "--csv", "csv_wanted", is_flag=True, help="Print the whole table as CSV, stored rows included, nothing else."
)
@click.option(
    "--export", type=click.Path(dir_okay=False), multiple=True, help="Write the table to this .csv or .parquet file."
)
@click.option("--no-cache", is_flag=True, help="Do not keep parsed traces on disk.")
@options.debug_option
def command(
    study: str,
    folder: str | None,
    backend: str,
    n_workers: int | None,
    scheduler: str | None,
    seed: int,
    json_wanted: bool,
    csv_wanted: bool,
    export: tuple[str, ...],
    no_cache: bool,
    debug: bool,
) -> None:
    """Run the study in STUDY.toml. Interrupt it at will: the same command goes on where it stopped."""
    module, given = options.backend(backend, n_workers, scheduler)
    sweep, file = load(study, first_seed=seed)
    if no_cache:
        sweep = dataclasses.replace(sweep, inputs=dataclasses.replace(sweep.inputs, cache=False))
    place = Path(folder or Path(study).with_suffix("").name)
    written = shlex.join(["augsim", *sys.argv[1:]])
    with file.located():
        planned = sweep.plan()
    if (warning := wording.beforehand(*paired.foreseen(planned))) is not None:
        output.notice(warning)
    with Store(place, command=written, text=file.text) as store:
        progress = _Progress()
        try:
            frame = sweep.run(store, partial(module.map, **given), progress, planned)
        except KeyboardInterrupt:
            progress.stop()
            output.notice(f"interrupted; {store.words()}. The same command goes on from there")
            sys.exit(2)
        finally:
            progress.stop()
        for path in export:
            store.export(Path(path))
        output.notice(f"{place}: {store.words()}")
        for error, n in progress.errors.most_common(5):
            output.notice(f"failed {n} times: {error}" if n > 1 else f"failed: {error}")
        if json_wanted or csv_wanted:
            rows: Any = frame.astype(object).where(frame.notna(), None).to_dict("records")
            print(output.as_json(rows) if json_wanted else output.as_csv(rows))
        else:
            output.notice(
                f"augsim compare {place} says who is better; augsim plot {place} and augsim report {place} draw it"
            )
        if (frame["status"] != DONE).any():
            sys.exit(1)


class _Progress:
    """A bar with rate, remaining time and failures; silent where standard error is no terminal."""

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        self._bar: Any = None

    def __call__(self, outcome: Outcome | None, n_done: int, n_runs: int) -> None:
        if outcome is None:
            self._start(n_runs)
        elif outcome.error:
            self.errors[outcome.error] += 1
        if self._bar is not None:
            failed = f"{self.errors.total()} failed" if self.errors else ""
            rate = n_done / elapsed if (elapsed := self._bar.tasks[0].elapsed) else 0.0
            self._bar.update(self._bar.task_ids[0], completed=n_done, rate=f"{rate:.1f} runs/s", failed=failed)

    def _start(self, n_runs: int) -> None:
        if not sys.stderr.isatty() or not n_runs:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("[red]{task.fields[failed]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.add_task("", total=n_runs, rate="", failed="")
        self._bar.start()

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
