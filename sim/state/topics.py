"""Topic streams: the newest posts of every topic in order of time, and counts for each hour."""

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.kernels import cached_njit
from sim.state.posts import REPOST, Ledger

HOURS = 168  #: hours of counts kept: one week


class Topics:
    """The data of search and trends: streams without reposts, and counts with reposts.

    Attributes:
        serials: int64 [topics, capacity], serials of originals and replies in order of time.
        lengths: int64 [topics], how many of them are filled.
        counts: int64 [topics, HOURS], posts by hour of the last week (a ring indexed by tick).
    """

    def __init__(self, topics: int, capacity: int = 1024) -> None:
        self.serials = np.zeros((topics, capacity), np.int64)
        self.lengths = np.zeros(topics, np.int64)
        self.counts = np.zeros((topics, HOURS), np.int64)

    def append(self, ledger: Ledger, filled: slice, tick: int, topic: NDArray[np.integer], first: bool = True) -> None:
        """Add the ledger's rows `filled`, written in `tick`, each under its `topic`; the `first` ones of it or more.

        Raises:
            InputError: the topic of a post does not exist.
        """
        kind = ledger.columns.kind[filled]
        if (highest := int(topic.max(initial=0))) >= len(self.lengths):
            known = f"topics are 0 to {len(self.lengths) - 1}"
            raise InputError(f"a post is on topic {highest}, but {known}: set expression.topics={highest + 1} or more")
        longest = int(self.lengths.max()) + len(topic)
        if longest > self.serials.shape[1]:
            self._make_room(ledger.base, len(topic))
        if first:
            self.counts[:, tick % HOURS] = 0
        _append(self.serials, self.lengths, self.counts[:, tick % HOURS], topic, kind, ledger.base + filled.start)

    def _make_room(self, oldest: int, needed: int) -> None:
        """Leave out serials below `oldest`, in a new array: a public view of this hour has the former one."""
        kept = [
            filled[np.searchsorted(filled, oldest) :]
            for filled in (self.serials[topic, :length] for topic, length in enumerate(self.lengths))
        ]
        capacity = self.serials.shape[1]
        while max(map(len, kept)) + needed > 0.75 * capacity:
            capacity *= 2
        self.serials = np.zeros((len(kept), capacity), np.int64)
        self.lengths = np.array([len(filled) for filled in kept])
        for row, filled in zip(self.serials, kept, strict=True):
            row[: len(filled)] = filled


@cached_njit
def _append(serials, lengths, counts, topic, kind, first):
    for d in range(len(topic)):
        t = topic[d]
        counts[t] += 1
        if kind[d] != REPOST:
            serials[t, lengths[t]] = first + d
            lengths[t] += 1
