"""Trends: the topics whose traffic of the last hours stands out against their own week."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.rules import Rule, parameter
from sim.state.topics import HOURS


@dataclass(frozen=True, kw_only=True)
class Trending(Rule):
    """Trend score of a topic = (acts in the last `hours`) / (expected from its week + `floor`)."""

    slots: int = parameter(2, unit="topics", source="assumption", low=0, high=1000)
    hours: int = parameter(6, unit="h", source="assumption", low=1, high=HOURS)
    floor: float = parameter(
        20.0, unit="acts", source="assumption: damps topics with little traffic", low=0.001, high=1e9
    )

    def topics(self, counts: NDArray[np.int64], tick: int) -> NDArray[np.int64]:
        """Return the trending topics, best first, int64 [<= slots]; ties go to the lower number.

        Args:
            counts: int64 [topics, HOURS], acts by hour, a ring indexed by tick.
            tick: the hour that begins; counts up to tick - 1 are used.
        """
        elapsed = max(1, min(tick, HOURS))
        recent = counts[:, (tick - 1 - np.arange(min(self.hours, elapsed))) % HOURS].sum(axis=1)
        expected = counts.sum(axis=1) * (min(self.hours, elapsed) / elapsed)
        score = recent / (expected + self.floor)
        ranked = np.argsort(-score, kind="stable")[: self.slots]
        return ranked[recent[ranked] > 0].astype(np.int64)
