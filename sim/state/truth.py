"""The truth about the organised: who really runs an account, and which order made a post.

Only the world, the observers and the experiments may look here; people, platform and actors never do
(`tests/test_architecture.py`).
"""

import numpy as np
from numpy.typing import NDArray

ORGANIC, TROLL, EXTREMIST = 0, 1, 2
ROLES = ("organic", "troll", "extremist")


class Truth:
    """Roles of all accounts, and a log of the posts that were ordered.

    Attributes:
        role: int8 [A], ORGANIC | TROLL | EXTREMIST.
        officer: int32 [A], number of the officer above, -1 for none; officers have no accounts.
        n_organic: rows below this number are ordinary people.
    """

    def __init__(self, role: NDArray[np.int8], officer: NDArray[np.int32]) -> None:
        self.role, self.officer = role, officer
        self.n_organic = int(np.count_nonzero(role == ORGANIC))
        self._log: list[tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int8]]] = []

    def log(self, key: NDArray[np.uint64], order: NDArray[np.int64], tactic: NDArray[np.int8]) -> None:
        """Note which order and tactic made the posts with these keys (uint64, int64, int8, all [n])."""
        if len(key):
            self._log.append((key, order, tactic))

    def ordered_posts(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int8]]:
        """Return all (key, order, tactic) noted since the last call, and forget them."""
        logged, self._log = self._log, []
        if not logged:
            return np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int8)
        key, order, tactic = (np.concatenate(column) for column in zip(*logged, strict=True))
        return key, order, tactic
