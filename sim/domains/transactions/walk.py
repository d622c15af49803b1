"""The walk of simulated annealing through orders."""

from __future__ import annotations

import math


def anneal(view, rng, steps, cost, hot, cold, relocations, near=0.0):
    """Changes the base at random, and keeps what costs more with a probability that falls.

    Args:
        view: a `Plan`; its base is whole, of two transactions or more, and costs `cost`.
        rng: draws moves, and whether they are kept.
        steps: moves tried, each a question.
        hot, cold: first and last temperature; between them it falls geometrically.
        relocations: share of the moves that move one transaction; the others exchange two.
        near: share of the moves whose places are at most a quarter of the order apart, most of them less; of the others
            all pairs of places are equally likely.
    """
    n = view.n
    cooling = math.exp(math.log(cold / hot) / max(steps - 1, 1))
    temperature = hot
    for _ in range(steps):
        most = cost - temperature * math.log(1.0 - rng.random())
        place = int(rng.random() * n)
        other = int(rng.random() * (n - 1))
        other += other >= place
        if rng.random() < near:
            share = rng.random()
            distance = 1 + int(share * share * (n // 4))
            other = place + distance if rng.random() < 0.5 else place - distance
            if other < 0 or other >= n:
                other = 2 * place - other
        if rng.random() < relocations:
            changed = view.relocation(place, other, most)
        else:
            changed = view.swap(place, other, most)
        if changed <= most:
            view.keep()
            cost = changed
        temperature *= cooling
