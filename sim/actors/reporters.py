"""False reports: members write nothing and report dissenters' posts, so that moderators take them down.

Each hour the most visible dissenters of the last day are the targets, as for the commander. In the hour after a
target's civil post, each member reports it with probability `rate` (assumption). The effect depends on moderation:
reviewers make errors, and they have less time for readers' reports.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import DAY, AccountBatch, PublicView, create_accounts, find_recent, make_orders
from sim.actors.operator_group import find_most_visible
from sim.kernels import cached_njit
from sim.rng import make_key, mix, stream, uniform
from sim.rules import Rule, parameter, share
from sim.state.accounts import I64
from sim.state.posts import TOXIC_THRESHOLD, make_drafts
from sim.state.records import Orders

_REPORT = stream("reporters/report")


@dataclass(frozen=True, kw_only=True)
class Reporters(Rule):
    """Number, targets and hours of the reporters."""

    role: ClassVar[str] = "troll"

    name: str = parameter("reporters", unit="name", source="one group; others need other names")
    size: int = parameter(20, unit="accounts", source="assumption", low=0, high=10**6)
    start: int = parameter(72, unit="h", source="of the scenario", low=0, high=10**9)
    hours: int = parameter(144, unit="h", source="of the scenario", low=0, high=10**9)
    rate: float = share(0.3, source="assumption: P(a member reports a post of a target)")
    targets: int = parameter(
        40, unit="accounts", source="assumption: as many as the campaign's targets", low=0, high=10**9
    )

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the members' accounts, which nobody follows."""
        return create_accounts(self.name, self.size, 0.0, n_organic, first_row, seed)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "ReporterGroup":
        """Return the group with the accounts in `rows`."""
        return ReporterGroup(self, rows, keys, seed)


class ReporterGroup:
    """The reporters of one world."""

    def __init__(self, rule: Reporters, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.rows, self.keys, self.seed = rule, rows, keys, seed

    def order(self, view: PublicView) -> Orders:
        """Return the members' reports in the hour of `view`, without posts."""
        nothing = make_orders(make_drafts(0))
        if not self.rule.start <= view.tick < self.rule.start + self.rule.hours:
            return nothing
        rows = find_recent(view, DAY)
        aims = find_most_visible(view, self.rows, "dissenters", self.rule.targets)
        fresh = rows[view.time[rows] >= (view.tick - 1) * 3600]
        civil = fresh[np.isin(view.original_author[fresh], aims) & (view.toxicity[fresh] < TOXIC_THRESHOLD)]
        able = self.keys[~view.inactive[self.rows]]
        reported = np.empty(len(civil) * len(able), np.int64)
        count = _draw_reports(reported, civil, view.root, able, make_key(self.seed, _REPORT), self.rule.rate)
        return nothing._replace(targets=aims, reported=reported[:count])


@cached_njit
def _draw_reports(reported, rows, root, keys, key, rate):
    """Fill in the reported rows; return their number. Draws are keyed by member and content."""
    n = 0
    for j in rows:
        for member in keys:
            if uniform(mix(key, np.uint64(root[j])), member) < rate:
                reported[n] = j
                n += 1
    return n
