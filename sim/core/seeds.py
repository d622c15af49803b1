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
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=_key(*names))))


def beside(rng: np.random.Generator, *names: str | int) -> np.random.Generator:
    """Gives a stream of its own beside that of `rng`, which stays as it is: its draws and the streams it spawns.

    Args:
        rng: a generator that `stream` gave.
        names: what the new stream is for; equal names give equal streams.
    """
    seeds = rng.bit_generator.seed_seq
    assert isinstance(seeds, np.random.SeedSequence)
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(seeds.entropy, spawn_key=(*seeds.spawn_key, *_key(*names))))
    )


def alike(rng: np.random.Generator, *names: str | int) -> np.random.Generator:
    """Gives the stream of these names under the seed that `stream` had for another."""
    seeds = rng.bit_generator.seed_seq
    assert isinstance(seeds, np.random.SeedSequence) and isinstance(seeds.entropy, int)
    return stream(seeds.entropy, *names)


def _key(*names: str | int) -> tuple[int, ...]:
    digest = hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()
    return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
