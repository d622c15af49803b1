"""Files for ShinkaEvolve 0.0.7."""

from __future__ import annotations

import json
import shlex

from sim.adrs.export import HERE, Task

COMMAND = "sh run.sh 100"


def files(task: Task) -> dict[str, str]:
    """Name -> text.

    `evaluate.py` writes the engine's result files itself: the engine's own helper would run the program in its process. The
    job's limit is set, and ours comes first. Nothing embeds programs, so no second model is needed. The engine copies
    `evaluate.py` elsewhere, so the folder's path stands in it.
    """
    evaluate = (HERE / "engines" / "shinka_evaluate.py").read_text()
    models = json.dumps([f"local/{task.model}@{task.api_base}"])
    run = f"""\
#!/bin/sh
# Runs ShinkaEvolve here, for as many generations as the first argument says.
cd "$(dirname "$0")" || exit 1
exec shinka_run --task-dir "$PWD" --results_dir "$PWD/out" --num_generations "${{1:-100}}" \\
  --set {shlex.quote(f"evo.llm_models={models}")} \\
  --set evo.embedding_model=null \\
  --set job.time=00:05:00 \\
  --set evo.use_text_feedback=true \\
  --set "evo.task_sys_msg=$(cat task.txt)"
"""
    return {
        "initial.py": task.initial,
        "evaluate.py": evaluate.replace('FOLDER = ""', f"FOLDER = {str(task.folder)!r}"),
        "task.txt": task.text,
        "run.sh": run,
    }
