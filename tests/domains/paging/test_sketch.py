"""A sketch against exact counts."""

import numpy as np

from sim.domains.paging.sketch import Sketch


def test_the_sketch_never_counts_too_few_and_is_seldom_wrong():
    pages = np.random.default_rng(0).integers(0, 100, 2_000)
    sketch = Sketch(100, 100)
    for page in pages:
        sketch.add(page)
    counts = np.bincount(pages, minlength=100)
    estimates = np.array([sketch.estimate(page) for page in range(100)])
    assert np.all(estimates >= counts)
    assert np.mean(estimates == counts) > 0.9
    sketch.halve()
    assert [sketch.estimate(page) for page in range(100)] == (estimates // 2).tolist()
