"""Suspensions, returns and changed ties, in worlds that have them."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.observers.base import StepRecord
from sim.state.accounts import DISSENTER, I64, LOYALIST
from sim.state.dynamic_graph import DynamicGraph
from sim.state.records import BLOCK, FOLLOW, MUTE, UNFOLLOW
from sim.state.truth import EXTREMIST, ORGANIC, TROLL


class OperatedAccounts(Protocol):
    """Which accounts operators run now; see `sim.actors.base.Operators`."""

    @property
    def account_rows(self) -> Sequence[I64]:
        """Rows of each actor."""
        ...


class Turnover:
    """Counts suspensions, returns and changed ties.

    Args:
        dynamic_graph: ties of the world.
        operators: the accounts that operators run now.
    """

    def __init__(self, dynamic_graph: DynamicGraph, operators: OperatedAccounts) -> None:
        self.dynamic_graph, self.operators, self._returned = dynamic_graph, operators, 0

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return suspensions, returns and changed ties of this hour, and mean followers of organised accounts.

        `organised_inactive` counts all organised accounts that are suspended now.
        """
        accounts, register, truth = step.accounts, step.register, step.truth
        suspended, cohort = step.removals.accounts, accounts.cohort
        people = suspended[truth.role[suspended] == ORGANIC]
        changes = np.bincount(step.edge_changes.action, minlength=4)
        run, returned = np.concatenate(self.operators.account_rows), np.flatnonzero(register.predecessor >= 0)
        before, self._returned = self._returned, len(returned)
        return {
            "suspended_organised": len(suspended) - len(people),
            "suspended_dissenters": int(np.count_nonzero(cohort[people] == DISSENTER)),
            "suspended_loyalists": int(np.count_nonzero(cohort[people] == LOYALIST)),
            "returned": len(returned) - before,
            "follows": int(changes[FOLLOW]),
            "unfollows": int(changes[UNFOLLOW]),
            "blocks": int(changes[BLOCK]),
            "mutes": int(changes[MUTE]),
            "organised_impressions": int(np.count_nonzero(truth.role[step.posts.author[step.seen.item]] != ORGANIC)),
            "organised_inactive": int(np.count_nonzero(accounts.suspended_until[run] > step.tick)),
            "army_followers": self._mean_followers(run[truth.role[run] == TROLL]),
            "extremist_followers": self._mean_followers(run[truth.role[run] == EXTREMIST]),
            "returned_followers": self._mean_followers(returned),
        }

    def _mean_followers(self, rows: I64) -> float:
        followers = self.dynamic_graph.followers
        counts: NDArray[np.int64] = followers.stop[rows] - followers.start[rows]
        return float(counts.mean()) if len(rows) else math.nan
