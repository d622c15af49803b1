"""Files for SkyDiscover 0.1.0."""

from __future__ import annotations

from sim.adrs.export import ENGINE_S, HERE, Task
from sim.adrs.export.yaml import block

COMMAND = "skydiscover-run initial_program.py evaluator.py -c config.yaml -s adaevolve -i 100 -o out"


def files(task: Task) -> dict[str, str]:
    """Name -> text.

    Traps that the configuration avoids: a time limit of the engine's would count half a point, so ours comes first; a model's
    opinion would replace the score; the monitor would listen on all interfaces; no cascade; a model without an address of its
    own would be looked for at a hosted service, whatever the address above it.
    """
    config = f"""\
max_iterations: 100
checkpoint_interval: 10
random_seed: 42
diff_based_generation: true
max_solution_length: 20000
llm:
  api_base: "{task.api_base}"
  api_key: "none"
  temperature: 0.7
  max_tokens: 4096
  models:
    - name: "{task.model}"
      api_base: "{task.api_base}"
      api_key: "none"
      weight: 1.0
prompt:
  system_message: |
{block(task.text, 4)}
search:
  type: "adaevolve"
evaluator:
  timeout: {ENGINE_S}
  max_retries: 0
  cascade_evaluation: false
  cascade_thresholds: [0.5]
  parallel_evaluations: 1
  use_llm_feedback: false
monitor:
  enabled: false
  host: "127.0.0.1"
"""
    return {
        "initial_program.py": task.initial,
        "evaluator.py": (HERE / "engines" / "skydiscover_evaluator.py").read_text(),
        "config.yaml": config,
    }
