"""Runs GEPA on this folder: `python run_gepa.py --max-metric-calls 200 [--output out] [--api-base URL] [--model NAME]`.

What a program is worth is computed by augsim, see domain_eval.py. The model is asked by the standard library; a key, where the
endpoint wants one, comes from the variable OPENAI_API_KEY.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import urllib.request
from pathlib import Path

from gepa.optimize_anything import EngineConfig, GEPAConfig, ReflectionConfig, optimize_anything

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import domain_eval  # noqa: E402


def evaluator(candidate, example):
    """(score, information for reflection) of a program on one instance; whatever fails is 0.0."""
    split, number = example["split"], example["instance"]
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(program(candidate))
        file.flush()
        result = domain_eval.score(file.name, split, number)
    return result["combined_score"], {"status": result["status"], "Feedback": result["feedback"]}


def program(text):
    """The program within a reply's fences, or the text itself."""
    found = re.search(r"```(?:python)?\n(.*?)```", text, re.DOTALL)
    return found[1] if found else text


def model(api_base, name):
    """A function from a prompt to a reply, by an OpenAI-compatible endpoint."""

    def ask(prompt):
        messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
        body = json.dumps({"model": name, "messages": messages, "temperature": 0.7, "max_tokens": 4096}).encode()
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', 'none')}",
        }
        request = urllib.request.Request(f"{api_base.rstrip('/')}/chat/completions", body, headers)
        with urllib.request.urlopen(request, timeout=600) as reply:
            return json.load(reply)["choices"][0]["message"]["content"] or ""

    return ask


def main():
    told = json.loads((HERE / "gepa.json").read_text())
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-metric-calls", type=int, default=200)
    parser.add_argument("--output", default=str(HERE / "out"))
    parser.add_argument("--api-base", default=told["api_base"])
    parser.add_argument("--model", default=told["model"])
    arguments = parser.parse_args()
    examples = {
        split: [{"split": split, "instance": number} for number in domain_eval.instances(split)]
        for split in ("train", "validation")
    }
    engine = EngineConfig(
        max_metric_calls=arguments.max_metric_calls,
        seed=0,
        run_dir=arguments.output,
        cache_evaluation=True,
        parallel=False,
    )
    result = optimize_anything(
        seed_candidate=(HERE / "initial_program.py").read_text(),
        evaluator=evaluator,
        dataset=examples["train"],
        valset=examples["validation"],
        objective="Improve the policy; the score is in [1, 2], 1.5 is as good as the baseline, 0 is a failure.",
        background=told["background"],
        config=GEPAConfig(
            engine=engine, reflection=ReflectionConfig(reflection_lm=model(arguments.api_base, arguments.model))
        ),
    )
    best = program(result.best_candidate)
    Path(arguments.output).mkdir(parents=True, exist_ok=True)
    (Path(arguments.output) / "best_program.py").write_text(best)
    print(f"best score {max(result.val_aggregate_scores):.4f}, program in {arguments.output}/best_program.py")


if __name__ == "__main__":
    main()
