"""The truth about organised accounts: who really runs an account, and which order made a post.

Only the world, the observers and the experiments may read it; people, platform and actors never do
(`tests/test_architecture.py`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ORGANIC, TROLL, EXTREMIST, COMMITTEE, SLEEPER, FAN, NEWSBOT, VOLUNTEER = range(8)
ROLES = ("organic", "troll", "extremist", "committee", "sleeper", "fan", "newsbot", "volunteer")
GENUINE = (ORGANIC, FAN, NEWSBOT, VOLUNTEER)  #: roles that are not organised by anybody who hides it


class OrderLog(NamedTuple):
    """Ordered posts, [n]."""

    key: NDArray[np.uint64]  #: identity of the post
    order: NDArray[np.int64]  #: number of the order, -1 for none
    tactic: NDArray[np.int8]  #: tactic code, -1 for none


_EMPTY_LOG = OrderLog(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int8))


class Truth:
    """Roles of all accounts, and a log of ordered posts.

    Args:
        role: int8 [A], index into ROLES.
        officer: int32 [A], number of the member's officer, -1 for none; officers have no accounts.
        logging: whether ordered posts are logged; the caller must then call `pop_orders`, or the log grows without end.

    Attributes:
        n_organic: rows below this number are ordinary people.
        propagandists: int64, rows of the extremists' propagandists.
        hired_since: {row of an ordinary person: first tick in which the person wrote to order}.
    """

    def __init__(self, role: NDArray[np.int8], officer: NDArray[np.int32], logging: bool = False) -> None:
        self.role, self.officer, self.logging = role, officer, logging
        self.n_organic = int(np.count_nonzero(role == ORGANIC))
        self.propagandists = np.flatnonzero(role == EXTREMIST)
        self.hired_since: dict[int, int] = {}
        self._log = [_EMPTY_LOG]

    @property
    def log_length(self) -> int:
        """Number of ordered posts in the log."""
        return sum(len(part.key) for part in self._log)

    def record_hired(self, author: NDArray[np.int32], tick: int) -> None:
        """Note `tick` for ordinary people among these authors who write to order for the first time."""
        if len(author) and author.min() < self.n_organic:
            for row in np.unique(author[author < self.n_organic]).tolist():
                self.hired_since.setdefault(row, tick)

    def is_propagandist(self, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return which of these accounts are the extremists' propagandists."""
        return self.role[rows] == EXTREMIST

    def find_sleepers(self) -> NDArray[np.int64]:
        """Return the rows of all sleepers, planted and hired, ascending."""
        return np.union1d(np.flatnonzero(self.role == SLEEPER), np.array([*self.hired_since], np.int64))

    def log(self, key: NDArray[np.uint64], order: NDArray[np.int64], tactic: NDArray[np.int8]) -> None:
        """Log the order and tactic of the posts with these keys (uint64, int64, int8, all [n])."""
        if self.logging and len(key):
            self._log.append(OrderLog(key, order, tactic))

    def pop_orders(self, key: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return order and tactic (int64, int8 [n]) of the posts with these keys (uint64 [n]); drop them from the log.

        Both are -1 for a post that was not ordered.
        """
        log = OrderLog._make(map(np.concatenate, zip(*self._log, strict=True)))
        by_key = np.argsort(key)
        place = np.searchsorted(key, log.key, sorter=by_key)
        found = place < len(key)
        found[found] = key[by_key[place[found]]] == log.key[found]
        row = by_key[place[found]]
        order, tactic = np.full(len(key), -1, np.int64), np.full(len(key), -1, np.int8)
        order[row], tactic[row] = log.order[found], log.tactic[found]
        self._log = [OrderLog._make(column[~found] for column in log)]
        return order, tactic
