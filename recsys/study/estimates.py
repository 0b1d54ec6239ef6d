"""Every estimate of a study: intervals, comparisons with the reference, strata, and the worth of order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from recsys.baselines.rows import ROWS
from recsys.evaluation.metrics import METRICS
from recsys.study.statistics import Resamples, compare, estimate
from recsys.study.summary import (
    AS_PAPER,
    HEADLINE,
    HISTORY_SHUFFLED,
    PROMPTED,
    UNPROMPTED,
    WINDOW_SHUFFLED,
    Comparison,
    Estimate,
    RowSummary,
)

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.sequences.cases import Cases
    from recsys.study.material import Material
    from recsys.study.readings import Readings

# Lower bounds of the strata.
HISTORY: Final = (1, 5, 10, 20, 50, 100)
POPULARITY: Final = (0, 5, 10, 20, 50, 100)
_FEW: Final = 1000  # resamples of what no p value hangs on

Reading = tuple[str, str]  # unprompted or prompted, and the name of a row


class Estimates:
    """Every estimate of a study, by name of the row."""

    def __init__(self, found: Readings, reference: str) -> None:
        self.found, test = found, found.material.cases["test"]
        self.few = Resamples(test.climbers, _FEW, outcomes=found.keys)
        self.many = Resamples(test.climbers, outcomes=found.keys)
        self.n_climbers = self.few.n_climbers
        self.prompting = {
            how: {metric: self._estimates(f"test-{how}", metric) for metric in METRICS}
            for how in (UNPROMPTED, PROMPTED)
        }
        self.as_paper = {
            how: self._estimates(f"{AS_PAPER}-{how}", "accuracy") for how in (UNPROMPTED, PROMPTED)
        }
        headline = found.values(f"test-{UNPROMPTED}", HEADLINE)
        given = found.values(f"test-{PROMPTED}", HEADLINE)
        self.means: dict[Reading, float] = {}
        self._drawn: dict[Reading, Array] = {}
        for how, rows in ((UNPROMPTED, headline), (PROMPTED, given)):
            self.means |= {(how, name): float(each.mean()) for name, each in rows.items()}
            self._drawn |= {(how, name): each for name, each in self.many.means(rows).items()}
        self.references = {UNPROMPTED: reference, PROMPTED: _prompted_reference(reference, given)}
        self.comparisons = {how: self._against(self.references[how], how) for how in (UNPROMPTED, PROMPTED)}
        self.shuffled, self.order = self._order(headline, WINDOW_SHUFFLED)
        self.shuffled_history, self.order_history = self._order(headline, HISTORY_SHUFFLED)
        self.by_history = self._strata(headline, _history(test), HISTORY)
        self.by_popularity = self._strata(headline, _popularity(found.material), POPULARITY)
        self.training = {how: self._training(how) for how in (UNPROMPTED, PROMPTED)}

    def compare(self, pairs: Sequence[tuple[Reading, Reading]]) -> list[Comparison]:
        """The headline of the first of each pair less that of the second; all pairs are one family."""
        return compare(self.means, self._drawn, pairs, self.n_climbers)

    def _against(self, reference: str, how: str) -> dict[str, Comparison]:
        """Every row that was asked so, but the reference, less the reference."""
        names = [name for prompting, name in self.means if prompting == how and name != reference]
        if (how, reference) not in self.means:
            return {}
        pairs = [((how, name), (how, reference)) for name in names]
        return dict(zip(names, self.compare(pairs), strict=True))

    def row(self, name: str) -> RowSummary:
        """All that was found for a row."""
        row, found = ROWS[name], self.found
        prompting = {
            how: {metric: each[name] for metric, each in metrics.items() if name in each}
            for how, metrics in self.prompting.items()
        }
        return RowSummary(
            name=name,
            title=row.title,
            family=row.family,
            source=row.source,
            seeds=len(found.outcomes[name]),
            prompting={how: metrics for how, metrics in prompting.items() if metrics},
            training={how: each[name] for how, each in self.training.items() if name in each},
            lists=found.lists(name),
            shuffled=self.shuffled.get(name),
            order=self.order.get(name),
            shuffled_history=self.shuffled_history.get(name),
            order_history=self.order_history.get(name),
            comparison=self.comparisons[UNPROMPTED].get(name),
            prompted_comparison=self.comparisons[PROMPTED].get(name),
            by_history=self.by_history[name],
            by_popularity=self.by_popularity[name],
            settings=str(found.outcomes[name][0].facts["settings"]),
            parameters=int(found.fact(name, "parameters")),
            seconds=found.fact(name, "seconds"),
            peak_mib=found.fact(name, "peak_mib"),
        )

    def _estimates(self, reading: str, metric: str) -> dict[str, Estimate]:
        values = self.found.values(reading, metric)
        return self._estimated(values, self.few.means(values))

    def _estimated(self, values: dict[str, Array], drawn: dict[str, Array]) -> dict[str, Estimate]:
        return {
            name: estimate(float(each.mean()), drawn[name], self.n_climbers) for name, each in values.items()
        }

    def _training(self, how: str) -> dict[str, Estimate]:
        values = self.found.values(f"train-{how}", "accuracy")
        resamples = Resamples(self.found.material.cases["train"].climbers, _FEW, outcomes=self.found.keys)
        return self._estimated(values, resamples.means(values))

    def _order(self, headline: dict[str, Array], how: str) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
        """The headline with the order changed, and the share that is lost by it."""
        values = self.found.values(f"test-{how}", HEADLINE)
        drawn, ordered = self.few.means(values), self.few.means({name: headline[name] for name in values})
        lost = {}
        for name, each in values.items():
            if headline[name].mean() > 0:
                with np.errstate(invalid="ignore", divide="ignore"):
                    share = 1 - drawn[name] / ordered[name]
                lost[name] = estimate(1 - float(each.mean() / headline[name].mean()), share, self.n_climbers)
        return self._estimated(values, drawn), lost

    def _strata(
        self, headline: dict[str, Array], amounts: Array, bounds: tuple[int, ...]
    ) -> dict[str, dict[str, Estimate]]:
        """The headline of every row in each stratum that has cases: {row: {stratum: estimate}}."""
        found: dict[str, dict[str, Estimate]] = {name: {} for name in headline}
        for low, high in zip(bounds, (*bounds[1:], None), strict=True):
            inside = (amounts >= low) & (amounts < (np.inf if high is None else high))
            if not inside.any():
                continue
            n_climbers = len(np.unique(self.found.material.cases["test"].climbers[inside]))
            label = f"{low}+" if high is None else f"{low}-{high - 1}"
            drawn = self.few.means(headline, inside)
            for name, values in headline.items():
                value = float(values[:, inside].mean())
                found[name][f"{label} ({inside.sum():,})"] = estimate(value, drawn[name], n_climbers)
        return found


def _prompted_reference(reference: str, prompted: Collection[str]) -> str:
    """What prompted rows are compared with: the reference, or popularity by prompt if it takes no prompts."""
    return reference if reference in prompted else "prompted-popularity"


def _history(cases: Cases) -> Array:
    """Sends before each target."""
    sequences = cases.sequences
    return sequences.before(cases.sends) - sequences.offsets[cases.climbers]


def _popularity(material: Material) -> Array:
    """Training sends of each target's climb; 0 where it has none."""
    targets = material.cases["test"].targets
    return np.where(targets >= 0, material.counts[np.maximum(targets, 0)], 0)
