"""Has a program judged by augsim, in a process that is killed before any engine's own limit. Not part of what evolves.

`score` never raises, and whatever goes wrong with a program is 0.0: no engine takes a failure for a good figure.
"""

import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIGEST = ""


def score(program_path, split="train", instance=None):
    """Judges a program's file.

    Args:
        program_path: of the program.
        split: "train" or "validation".
        instance: the number of one instance; None: all of the split.

    Returns:
        A dictionary: `combined_score` (0.0, or in [1, 2]; 1.5 is the baseline's), `status`, `losses` (instance -> logarithm of
        the ratio to the baseline's), `events`, `layers`, `feedback` (text for a prompt).
    """
    try:
        result = _asked(Path(program_path).resolve(), split, instance)
    except Exception as error:
        result = {"status": "crashed", "detail": f"the evaluation failed: {type(error).__name__}: {error}"}
    losses = result.get("losses") or {}
    is_ok = result.get("status") == "ok" and len(losses) > 0
    ratio = _mean_ratio(losses) if is_ok else None
    return {
        "combined_score": 1.0 + 1.0 / (1.0 + ratio) if is_ok else 0.0,
        "status": str(result.get("status")) if is_ok or result.get("status") != "ok" else "crashed",
        "losses": losses,
        "events": result.get("events", 0),
        "layers": result.get("layers", []),
        "feedback": _feedback(result, losses) if is_ok else f"{result.get('status')}: {result.get('detail', '')}",
    }


def instances(split):
    """Numbers of the instances of a split."""
    return list(range(len(_description()[split])))


def _description():
    text = (HERE / "domain.json").read_bytes()
    if hashlib.sha256(text).hexdigest() != DIGEST:
        raise RuntimeError("domain.json is not the one that was exported; export again")
    return json.loads(text)


def _asked(program, split, instance):
    told = _description()
    which = [] if instance is None else [str(instance)]
    command = [told["python"], "-m", "sim.adrs.export.score", str(HERE / "domain.json"), str(program), split, *which]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(
        command,
        cwd=told["root"],
        env={**kept, "PYTHONPATH": told["root"], "AUGSIM_CACHE": told["cache"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=told["kill_s"])
    except subprocess.TimeoutExpired:
        return {"status": "timeout", "detail": f"took more than {told['kill_s']} s"}
    finally:
        _kill(process)
    if process.returncode != 0:
        lines = err.decode(errors="replace").strip().splitlines()
        return {"status": "crashed", "detail": lines[-1] if lines else f"exit code {process.returncode}"}
    return json.loads(out)


def _kill(process):
    """Ends the process with all of its session; one that has ended is only waited for."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _mean_ratio(losses):
    """The geometric mean of the ratios to the baseline; 1 is as good as it, less is better."""
    from math import exp

    return exp(max(-50.0, min(50.0, sum(losses.values()) / len(losses))))


def _feedback(result, losses):
    """The metric's change on each instance, rounded, by number: no names of traces."""
    told = _description()
    sign = -1 if told["better"] == "higher" else 1
    changes = [100 * (2.718281828459045 ** (sign * loss) - 1) for loss in losses.values()]
    lines = [f"workload {i}: {change:+.1f} %" for i, change in enumerate(changes)]
    notes = [str(note) for note in result.get("notes", [])]
    return "\n".join([f"{told['metric']} relative to the baseline's ({told['better']} is better)", *lines, *notes])
