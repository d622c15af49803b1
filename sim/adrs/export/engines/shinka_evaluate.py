"""ShinkaEvolve's evaluation: what a program is worth is computed by augsim, see domain_eval.py; this writes it down."""

import argparse
import json
import os
import sys
from pathlib import Path

FOLDER = ""  # where domain_eval.py is: the engine copies this file elsewhere

sys.path.insert(0, FOLDER or str(Path(__file__).resolve().parent))
import domain_eval  # noqa: E402


def main(program_path, results_dir):
    """Writes metrics.json and correct.json, each whole."""
    result = domain_eval.score(program_path, "train")
    is_correct = result["status"] == "ok"
    metrics = {
        "combined_score": result["combined_score"],
        "public": {"status": result["status"]},
        "private": {"losses": result["losses"], "events": result["events"]},
        "text_feedback": result["feedback"],
    }
    write(Path(results_dir), "metrics.json", metrics)
    write(
        Path(results_dir), "correct.json", {"correct": is_correct, "error": None if is_correct else result["feedback"]}
    )


def write(folder, name, content):
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{name}"
    temporary.write_text(json.dumps(content))
    os.replace(temporary, folder / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    main(arguments.program_path, arguments.results_dir)
