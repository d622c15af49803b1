"""`by_openevolve.py FOLDER`, run by the Python of OpenEvolve's own environment: programs come on standard input, a list as JSON,
and what its evaluator makes of each goes out. Of augsim it knows the exported folder."""

import asyncio
import json
import resource
import sys
from pathlib import Path

from openevolve.config import load_config
from openevolve.evaluator import Evaluator


async def evaluated(folder, programs):
    """Metrics and artifacts of each program, and the seconds of processor time it took, all processes together."""
    evaluator = Evaluator(load_config(folder / "config.yaml").evaluator, str(folder / "evaluator.py"))
    found = []
    for name, program in enumerate(map(str, programs)):
        before = used_s()
        metrics = await evaluator.evaluate_program(program, str(name))
        artifacts = evaluator.get_pending_artifacts(str(name))
        found.append({"seconds": used_s() - before, "metrics": metrics, "artifacts": artifacts})
    return found


def used_s():
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(evaluated(Path(sys.argv[1]), json.load(sys.stdin)))))
