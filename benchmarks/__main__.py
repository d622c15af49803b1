"""`python -m benchmarks [QUESTION ...] [--quick]`: one table per question, also written to out/benchmarks/QUESTION.csv."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import platform
import sys
import time
from pathlib import Path

from benchmarks import questions
from benchmarks.table import write
from benchmarks.timing import CLOCK, KEEPS_MEMORY
from benchmarks.zipf import FULL, QUICK


def main() -> None:
    if not os.environ.keys() >= KEEPS_MEMORY.keys():
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], {**os.environ, **KEEPS_MEMORY})
    known = [module.name for module in pkgutil.iter_modules(questions.__path__)]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast is augsim?")
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"all of them, or some: {', '.join(known)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests, few rounds: a smoke test")
    parser.add_argument("-o", "--out", type=Path, default=Path("out/benchmarks"), help="folder for the CSV files")
    given = parser.parse_args()
    if unknown := [name for name in given.questions if name not in known]:
        parser.error(f'no question named "{unknown[0]}" (questions: {", ".join(known)})')
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}; {CLOCK}")
    for name in given.questions or known:
        before = time.perf_counter()
        table = importlib.import_module(f"benchmarks.questions.{name}").ask(QUICK if given.quick else FULL)
        print(f"\n{name}: {table}\n({time.perf_counter() - before:.0f} s)", flush=True)
        write(table, given.out / f"{name}.csv")


if __name__ == "__main__":
    main()
