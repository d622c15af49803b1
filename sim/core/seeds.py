"""Independent random streams, spawned from one integer by name."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Gives the generator that belongs to `names` under `seed`, e.g. `stream(7, "prediction")`.

    Streams of different names are independent; the same seed and names give the same draws in every process and on every
    machine, since names are hashed by SHA-256 and not by the interpreter.

    Args:
        seed: at least 0.
        names: what the stream is for, from the general to the particular.
    """
    text = "\x1f".join(str(name) for name in names)
    digest = hashlib.sha256(text.encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
