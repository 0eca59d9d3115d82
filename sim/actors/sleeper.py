"""Sleepers: paid accounts that appear as respected moderates, planted before the run or hired during it.

A planted sleeper exists from the first hour and has followers. A hired sleeper is a genuine person: at `hired_at` the
network hires the `hired` most visible dissenters of the day, who continue to act as before and also write to order.
Operations say what they do and when they wake: first civil engagement (`civic`, `protest`), then the campaign. Each
ordered post may unmask its author, with the operation's `risk`; an unmasked sleeper writes no more to order.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import DAY, AccountBatch, PublicView, create_accounts
from sim.actors.members import OperatingProfile
from sim.actors.operator_group import HiredForce, OperatorGroup, find_most_visible
from sim.rng import draw_each, keyed_hash, make_key, stream
from sim.rules import parameter, share
from sim.state.accounts import I64
from sim.state.records import Orders

_DUTY = stream("sleepers/duty")
_HIRED = stream("sleepers/hired")
MASTERS = ("army", "committee")


@dataclass(frozen=True, kw_only=True)
class Sleepers(HiredForce):
    """Number, principal and operating profile of sleepers."""

    role: ClassVar[str] = "sleeper"

    name: str = parameter("sleepers", unit="name", source="one network; others need other names")
    serves: str = parameter("army", unit="kind", source="essay", choices=MASTERS)
    size: int = parameter(5, unit="accounts", source="assumption: planted", low=0, high=10**6)
    hired: int = parameter(0, unit="accounts", source="of the scenario: genuine people", low=0, high=10**6)
    hired_at: int = parameter(72, unit="h", source="of the scenario", low=0, high=10**9)
    rate: float = parameter(1.0, unit="posts/h", source="assumption: as a busy person", low=0.0, high=1000.0)
    quota: int = parameter(12, unit="posts/day", source="assumption", low=0, high=10**6)
    duty: int = parameter(14, unit="h", source="assumption: each at their own hours", low=1, high=24)
    discipline: float = share(0.8, source="assumption")
    followers: float = parameter(150.0, unit="followers", source="assumption: respected", low=0.0, high=1e9)

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the planted accounts, whose rows start at `first_row`."""
        return create_accounts(self.name, self.size, self.followers, n_organic, first_row, seed)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "SleeperNetwork":
        """Return the network whose planted accounts are in `rows`."""
        return SleeperNetwork(self, rows, keys, seed)

    def group(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> OperatorGroup:
        """Return a group of sleepers: those of an army act in the same minutes, those of a committee do not."""
        group, first = (
            np.arange(len(rows)),
            (DAY * draw_each(keyed_hash(make_key(seed, _DUTY, 0), keys), 0)).astype(np.int64),
        )
        army = self.serves == "army"
        profile = OperatingProfile(
            rate=self.rate, quota=self.quota, discipline=self.discipline, reposts=0.0, copying=0.1 if army else 0.0,
            jitter=120.0 if army else 1800.0, group=0 * group if army else group, first=first, shift=self.duty,
            delay=0.0,
        )  # fmt: skip
        return OperatorGroup(self.operations, profile, rows, keys, seed, max_targets=10**6 if army else 1)


class SleeperNetwork:
    """Sleepers of one principal in one world: the planted, and later the hired."""

    def __init__(self, rule: Sleepers, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.planted, self.seed = rule, rows, seed
        self.group = rule.group(rows, keys, seed)

    def order(self, view: PublicView) -> Orders:
        """Return the sleepers' ordered posts in the hour of `view`; hire at `hired_at`."""
        if self.rule.hired and view.tick == self.rule.hired_at:
            self._hire(view)
        self.group.rows[: len(self.planted)] = self.planted  # they change when an operator changes the account
        return self.group.order(view)

    def _hire(self, view: PublicView) -> None:
        """Hire the most visible genuine dissenters of the day."""
        hired = np.sort(find_most_visible(view, self.group.rows, "dissenters", self.rule.hired))
        keys = keyed_hash(make_key(self.seed, _HIRED, 0), hired.astype(np.uint64))
        rows, keys = np.concatenate([self.group.rows, hired]), np.concatenate([self.group.keys, keys])
        former, self.group = self.group, self.rule.group(rows, keys, self.seed)
        self.group.targets, self.group.used[: len(former.used)] = former.targets, former.used
