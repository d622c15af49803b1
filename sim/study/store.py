"""Results on disk: one folder, one SQLite file, a row per run, written as it finishes.

A row is found by the hash of what was run, and is fresh while the hash of the code that ran it is today's; other rows stay where
they are, told apart as stale. One sweep at a time writes; readers may look at any time.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.core.errors import InputError
from sim.core.modules import write_whole
from sim.study import provenance
from sim.study.runs import DONE, Outcome, Planned

if TYPE_CHECKING:
    from sim.study.sweep import Sweep

FILE = "results.sqlite"

VERSION = 1
"""Layout of the tables. A store of another one is refused in words; none has been changed yet."""

TABLES = """
create table studies (number integer primary key, began text, command text, text text, about text, machine text);
create table plan (position integer primary key, key text not null, code text not null);
create table runs (
    key text not null, code text not null, status text not null, row text not null, error text, details text,
    timeline blob, experiment text not null, study integer references studies, seconds real, finished text,
    primary key (key, code)
) without rowid;
"""

WALL_CLOCK = ("engine", "seconds", "requests_per_s", "primal_integral_s")
"""Columns that may differ between two runs of the same experiment."""


class Store:
    """The results in one folder.

    Args:
        folder: made where it is missing, unless `must_exist`.
        command: the command that writes, for provenance; None: only read.
        text: the study file, for provenance.

    Raises:
        InputError: another sweep is writing here, the folder cannot be written, or what is in it is no store of this version.
    """

    def __init__(self, folder: Path | str, *, command: str | None = None, text: str = ""):
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self.command = command
        self.text = text
        self._lock: int | None = None
        self._study: int | None = None
        if command is not None:
            self._begin_writing()
        elif not self.path.exists():
            raise InputError(
                f"{self.folder} has no results ({FILE}); augsim sweep STUDY.toml -o {self.folder} makes them"
            )
        self._connection = self._opened()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _begin_writing(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / ".writing", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise InputError(f"results cannot be written to {self.folder}: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.read(self._lock, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._lock)
            raise InputError(
                f"another sweep (process {who}) is writing to {self.folder}; wait for it, or give another folder"
            ) from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            version = connection.execute("pragma user_version").fetchone()[0]
            is_new = version == 0 and not connection.execute("select 1 from sqlite_master").fetchone()
            if is_new and self._lock is not None:
                connection.execute("pragma journal_mode = wal")
                connection.executescript(f"begin; {TABLES} pragma user_version = {VERSION}; commit;")
            elif version != VERSION:
                raise InputError(
                    f"{self.path} is a store of version {version}, and this tool reads version {VERSION}; "
                    "give another folder, or read it with the tool that wrote it"
                )
            connection.execute("pragma synchronous = normal")
            if (found := connection.execute("pragma quick_check").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found.splitlines()[-1])
        except sqlite3.DatabaseError as error:
            connection.close()
            raise self._broken(error) from None
        except InputError:
            connection.close()
            raise
        return connection

    def _broken(self, error: sqlite3.Error) -> InputError:
        if "full" in str(error):
            return InputError(
                f"{self.path}: the disk is full; what was written before is kept, and a rerun goes on from there"
            )
        return InputError(
            f"{self.path} is damaged ({error}); {self.salvaged()} Move it away: the sweep then makes all of it anew"
        )

    def salvaged(self) -> str:
        """What can still be read of a damaged store, in words; it is written to a CSV file beside it."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for order in ("asc", "desc"):  # up to the damage from either side
            with suppress(sqlite3.DatabaseError):
                connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
                read = connection.execute(f"select key, code, status, row from runs order by key {order}, code {order}")
                for key, code, status, row in read:
                    found[key, code] = {"status": status, **json.loads(row)}
        rows = list(found.values())
        if not rows:
            return "no row of it can be read."
        path = self.folder / "salvaged.csv"
        pd.DataFrame(rows).to_csv(path, index=False)
        return f"{len(rows)} rows of it could be read and are in {path}."

    def begin(self, sweep: Sweep, planned: Sequence[Planned]) -> dict[str, Outcome]:
        """Notes that this sweep is what the folder is about from now on; gives those outcomes of its runs
        that are there already."""
        hashes = {run.asked["trace"]: run.sha256 for run in planned if run.sha256}
        labels = {run.experiment.policy: run.asked["label"] for run in planned}
        baseline = labels.get(sweep.baseline or "", sweep.baseline)
        about = {"system": sweep.system, "metric": sweep.metric, "baseline": baseline, "sha256": hashes}
        self._execute("begin immediate")
        cursor = self._execute(
            "insert into studies (began, command, text, about, machine) values (?, ?, ?, ?, ?)",
            (_now(), self.command, self.text, json.dumps(about), json.dumps(provenance.machine())),
        )
        self._study = cursor.lastrowid
        self._execute("delete from plan")
        for position, run in enumerate(planned):
            self._execute("insert into plan values (?, ?, ?)", (position, run.key, run.code))
        self._execute("commit")
        return self.outcomes(planned)

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise self._broken(error) from None

    def put(self, outcome: Outcome) -> None:
        """Keeps an outcome; it is on disk when this returns, or not at all."""
        planned = outcome.planned
        self._execute(
            "insert or replace into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                planned.key,
                planned.code,
                outcome.status,
                json.dumps(outcome.row),
                outcome.error,
                outcome.details,
                _packed(outcome.timeline),
                json.dumps(planned.experiment.__dict__),
                self._study,
                outcome.seconds,
                _now(),
            ),
        )

    def outcomes(self, planned: Iterable[Planned], *, also_failed: bool = False) -> dict[str, Outcome]:
        """The fresh outcomes of these runs, by key. Runs that failed are left out, so that a rerun tries them again."""
        wanted = {run.key: run for run in planned}
        found = {}
        for key, code, status, row, error, details, timeline, seconds in self._execute(
            "select key, code, status, row, error, details, timeline, seconds from runs"
        ):
            run = wanted.get(key)
            if run is not None and run.code == code and (status == DONE or also_failed):
                found[key] = Outcome(run, status, json.loads(row), error, details, _unpacked(timeline), seconds)
        return found

    def about(self) -> dict[str, Any]:
        """What the last sweep was: `system`, `metric`, `baseline`, `sha256` (of the files of traces, by their names; older
        stores lack it), `command`, `text`, `began`, `machine`."""
        found = self._execute(
            "select about, command, text, began, machine from studies order by number desc limit 1"
        ).fetchone()
        if found is None:
            raise InputError(f"{self.folder} holds no sweep yet")
        about, command, text, began, machine = found
        return {**json.loads(about), "command": command, "text": text, "began": began, "machine": json.loads(machine)}

    def counts(self) -> dict[str, int]:
        """Of the last sweep's runs: `planned`, `done`, `failed`, `missing`; and `stale`, rows of other code or other sweeps."""
        planned, found, done = self._execute(
            "select count(*), count(runs.key), sum(runs.status = ?) from plan left join runs using (key, code)", (DONE,)
        ).fetchone()
        rows = self._execute("select count(*) from runs").fetchone()[0]
        done = done or 0
        return {
            "planned": planned,
            "done": done,
            "failed": found - done,
            "missing": planned - found,
            "stale": rows - found,
        }

    def words(self) -> str:
        """The counts as a sentence."""
        counts = self.counts()
        parts = [f"{counts['done']:,} of {counts['planned']:,} runs are done"]
        parts += [f"{counts[what]:,} {what}" for what in ("failed", "missing") if counts[what]]
        parts += [f"{counts['stale']:,} older rows are kept apart"] if counts["stale"] else []
        return ", ".join(parts)

    def frame(self) -> pd.DataFrame:
        """The table of the last sweep, in the order of its plan; stale rows are left out, failed ones have no metrics."""
        rows = self._execute("select status, error, row from plan join runs using (key, code) order by position")
        return pd.DataFrame([{"status": status, "error": error, **json.loads(row)} for status, error, row in rows])

    def origins(self) -> pd.DataFrame:
        """Where each row of the last sweep came from, in the order of its plan: `label`, `trace`, `source` (the trace as the
        study named it), `code` (hash of all code that shaped the run), `seconds`, `finished`."""
        found = self._execute(
            "select row, experiment, code, seconds, finished from plan join runs using (key, code) order by position"
        )
        return pd.DataFrame(
            [
                {
                    **{name: json.loads(row).get(name) for name in ("label", "trace")},
                    "source": json.loads(experiment)["trace"],
                    "code": code,
                    "seconds": seconds,
                    "finished": finished,
                }
                for row, experiment, code, seconds, finished in found
            ]
        )

    def timelines(self) -> list[tuple[dict[str, Any], dict[str, np.ndarray]]]:
        """Row and timeline of each run of the last sweep that is done."""
        found = self._execute(
            "select row, timeline from plan join runs using (key, code) where status = ? order by position", (DONE,)
        )
        return [(json.loads(row), _unpacked(timeline)) for row, timeline in found]

    def export(self, path: Path) -> None:
        """Writes the table as .csv or .parquet, whole or not at all."""
        frame = self.frame()
        if path.suffix == ".csv":
            write_whole(path, frame.to_csv(index=False).encode())
        elif path.suffix == ".parquet":
            buffer = io.BytesIO()
            frame.to_parquet(buffer, index=False)
            write_whole(path, buffer.getvalue())
        else:
            raise InputError(f"{path}: the ending must be .csv or .parquet")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _packed(timeline: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps({name: np.asarray(column).tolist() for name, column in timeline.items()}).encode())


def _unpacked(packed: bytes) -> dict[str, np.ndarray]:
    return {name: np.array(column) for name, column in json.loads(zlib.decompress(packed)).items()}
