"""All that a stored sweep says: comparisons, worth of predictions, bounds, as values, tables and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sim.core.errors import InputError
from sim.core.metric import Metric
from sim.study import catalog, provenance, stats, wording
from sim.study.ranking import Ranking
from sim.study.stats import Study
from sim.study.store import Store
from sim.study.worth import BoundCheck, Worth, check_bounds, worth


@dataclass(frozen=True, eq=False)
class Analysis:
    """What the last sweep of a store says.

    Args:
        frame: its table.
        about: its provenance; see `Store.about`.
        metrics: of its system, the main one first.
        studies: comparisons per metric and group of settings.
        worths: what predictions were worth, by the main metric.
        bounds: the proven bounds, checked.
        missing: which runs failed or are missing, in words; empty where all are done.
    """

    frame: pd.DataFrame
    about: Mapping[str, Any]
    metrics: Sequence[Metric]
    studies: Sequence[Study]
    worths: Sequence[Worth]
    bounds: Sequence[BoundCheck]
    missing: str

    @classmethod
    def of(
        cls,
        store: Store,
        *,
        baseline: str | None = None,
        metric: str | None = None,
        all_metrics: bool = False,
        counterpart: str | None = None,
    ) -> Analysis:
        """Analyses the last sweep of a store.

        Args:
            store: open.
            baseline: label of the policy the others are held against; None: the study's, else its first without predictions.
            metric: the main one; None: the study's, else the domain's.
            all_metrics: compare by every metric that ranks, not by the main one alone.
            counterpart: label of the policy without predictions that those with are held against; None: the best.

        Raises:
            InputError: no run is done, or a name is not known.
        """
        about, frame, counts = store.about(), store.frame(), store.counts()
        if not counts["done"]:
            raise InputError(
                f"{store.folder}: no run is done ({store.words()}); augsim sweep would run what is missing"
            )
        system = catalog.system(about["system"])
        metrics = _main_first(system.METRICS, metric or about["metric"])
        named = baseline or (about["baseline"] and provenance.file_label(about["baseline"]))
        seed = int(frame["seed"].min())
        compared = metrics if all_metrics else metrics[:1]
        return cls(
            frame,
            about,
            metrics,
            stats.compare(frame, compared, baseline=named, main=metrics[0].name, seed=seed),
            worth(frame, metrics[0], counterpart=counterpart, per=system.LENGTH, seed=seed),
            check_bounds(frame, system.BOUNDED),
            store.words() if counts["failed"] or counts["missing"] else "",
        )

    def tables(self) -> list[Ranking]:
        """Per metric and group of settings the comparison and the ranks, then what predictions were worth."""
        found = []
        for study in self.studies:
            found.append(wording.table(study))
            if study.ranks is not None:
                found.append(wording.ranks(study.ranks, study.metric))
        return found + [wording.worth_table(group) for group in self._worth_groups()]

    def _worth_groups(self) -> list[list[Worth]]:
        groups: dict[str, list[Worth]] = {}
        for one in self.worths:
            groups.setdefault(repr(one.asked), []).append(one)
        return list(groups.values())

    def words(self) -> dict[str, list[str]]:
        """The same as sentences, under a heading each; headings without a sentence are left out."""
        said = {
            "In words": wording.sentences(self.studies),
            "What predictions were worth": [wording.worth_sentence(one) for one in self.worths],
            "Proven bounds": wording.bounds(self.bounds),
        }
        return {heading: lines for heading, lines in said.items() if lines}


def _main_first(metrics: Sequence[Metric], name: str | None) -> list[Metric]:
    known = {metric.name: metric for metric in metrics if metric.better}
    if name is None:
        return list(known.values())
    if name not in known:
        raise InputError(f"{catalog.unknown_word('metric', name, known)} (metrics: {', '.join(known)})")
    return [known[name], *(metric for metric in known.values() if metric.name != name)]
