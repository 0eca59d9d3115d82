"""Trends: the topics with most posts in the last hours, relative to their own week."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit
from sim.rules import Rule, get_values, parameter
from sim.state.topics import HOURS


@dataclass(frozen=True, kw_only=True)
class Trending(Rule):
    """Trend score of a topic = (posts in the last `hours`) / (number expected from its week + `floor`)."""

    slots: int = parameter(2, unit="topics", source="assumption", low=0, high=1000)
    hours: int = parameter(6, unit="h", source="assumption", low=1, high=HOURS)
    floor: float = parameter(20.0, unit="posts", source="assumption: damps topics with few posts", low=0.001, high=1e9)

    def find_trending(self, counts: NDArray[np.int64], tick: int) -> NDArray[np.int64]:
        """Return the trending topics, best first, int64 [<= slots]; ties go to the lower number.

        Args:
            counts: int64 [topics, HOURS], posts by hour, a ring indexed by tick.
            tick: the hour that begins; counts up to tick - 1 are used.
        """
        return _find_trending(counts, tick, get_values(self))


@cached_njit
def _find_trending(counts, tick, p):
    elapsed = max(1, min(tick, HOURS))
    span = min(p.hours, elapsed)
    topics = counts.shape[0]
    score = np.zeros(topics)
    for topic in range(topics):
        recent, week = 0, 0
        for hour in range(HOURS):
            week += counts[topic, hour]
        for back in range(1, span + 1):
            recent += counts[topic, (tick - back) % HOURS]
        score[topic] = recent / (week * (span / elapsed) + p.floor)
    best = np.empty(min(p.slots, topics), np.int64)
    found = 0
    while found < len(best):
        top = np.argmax(score)
        if score[top] <= 0.0:
            break
        best[found] = top
        score[top] = 0.0
        found += 1
    return best[:found]
