"""Files for OpenEvolve 0.4.0."""

from __future__ import annotations

from sim.adrs.export import ENGINE_S, HERE, Task
from sim.adrs.export.yaml import block

COMMAND = "openevolve-run initial_program.py evaluator.py --config config.yaml --output out --iterations 100"


def files(task: Task) -> dict[str, str]:
    """Name -> text.

    Traps that the configuration avoids: a deterministic failure is not tried again; no cascade, whose thresholds filter other
    units; what changes is the marked block alone; its time limit only stops waiting, so ours comes first.
    """
    config = f"""\
max_iterations: 100
checkpoint_interval: 10
random_seed: 42
diff_based_evolution: true
enforce_evolve_blocks: true
max_code_length: 20000
llm:
  api_base: "{task.api_base}"
  api_key: "none"
  temperature: 0.7
  max_tokens: 4096
  models:
    - name: "{task.model}"
      weight: 1.0
prompt:
  include_artifacts: true
  system_message: |
{block(task.text, 4)}
database:
  in_memory: true
  random_seed: 42
evaluator:
  timeout: {ENGINE_S}
  max_retries: 0
  cascade_evaluation: false
  cascade_thresholds: [0.5]
  parallel_evaluations: 1
  use_llm_feedback: false
"""
    return {
        "initial_program.py": task.initial,
        "evaluator.py": (HERE / "engines" / "openevolve_evaluator.py").read_text(),
        "config.yaml": config,
    }
