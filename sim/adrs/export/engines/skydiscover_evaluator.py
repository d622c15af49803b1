"""SkyDiscover's evaluator: what a program is worth is computed by augsim, see domain_eval.py."""

import sys
from pathlib import Path

from skydiscover.evaluation.evaluation_result import EvaluationResult

sys.path.insert(0, str(Path(__file__).resolve().parent))
import domain_eval


def evaluate(program_path):
    """The score of a program, always a number: 0.0 where it failed."""
    result = domain_eval.score(program_path, "train")
    metrics = {"combined_score": result["combined_score"]}
    return EvaluationResult(metrics=metrics, artifacts={"status": result["status"], "feedback": result["feedback"]})
