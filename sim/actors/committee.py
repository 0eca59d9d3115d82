"""Forces for operations beside the campaign: a committee of amateurs, or a brigade.

A committee is small and has no hierarchy: members work at hours of their own, write few posts, barely coordinate, and
have one target at a time. A brigade works as the army does, with shifts, quotas, officers and discipline, on operations
with their own hours. Costs make the two comparable: a budget decides how many members the principal can pay.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.army import CommandedForce
from sim.actors.base import DAY, AccountBatch, create_accounts
from sim.actors.members import OperatingProfile
from sim.actors.operator_group import HiredForce, OperatorGroup
from sim.rng import draw_each, keyed_hash, make_key, stream
from sim.rules import parameter, share
from sim.state.accounts import I64

_DUTY = stream("committee/duty")


@dataclass(frozen=True, kw_only=True)
class Committee(HiredForce):
    """A few amateurs with one narrow target."""

    role: ClassVar[str] = "committee"

    name: str = parameter("committee", unit="name", source="one committee; others need other names")
    size: int = parameter(6, unit="accounts", source="assumption: few", low=0, high=10**6)
    rate: float = parameter(4.0, unit="posts/h", source="assumption: amateurs", low=0.0, high=1000.0)
    quota: int = parameter(40, unit="posts/day", source="assumption", low=0, high=10**6)
    duty: int = parameter(8, unit="h", source="assumption: each at their own hours", low=1, high=24)
    discipline: float = share(0.5, source="assumption: irregular")
    reposts: float = share(0.3, source="assumption")
    copying: float = share(0.1, source="assumption: sloppy")
    jitter: float = parameter(1800.0, unit="s", source="assumption: sloppy", low=0.0, high=1e5)
    followers: float = parameter(30.0, unit="followers", source="assumption", low=0.0, high=1e9)
    cost: float = parameter(
        0.4, unit="money/member-month", source="assumption: relative to a member of a brigade", low=0.0, high=1e9
    )

    @property
    def members(self) -> int:
        """Number of members: as many as the principal's budget pays for, or `size` without a budget."""
        budget = self.principal.budget
        return int(budget / self.cost) if budget and self.cost else self.size

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the members' accounts, whose rows start at `first_row`."""
        return create_accounts(self.name, self.members, self.followers, n_organic, first_row, seed)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> OperatorGroup:
        """Return the committee in `rows`; each member is a separate group with hours of their own."""
        first = (DAY * draw_each(keyed_hash(make_key(seed, _DUTY, 0), keys), 0)).astype(np.int64)
        profile = OperatingProfile(
            rate=self.rate, quota=self.quota, discipline=self.discipline, reposts=self.reposts, copying=self.copying,
            jitter=self.jitter, group=np.arange(len(rows)), first=first, shift=self.duty, delay=0.0,
        )  # fmt: skip
        return OperatorGroup(self.operations, profile, rows, keys, seed, max_targets=1)


@dataclass(frozen=True, kw_only=True)
class Brigade(CommandedForce, HiredForce):
    """A force like the army, with operations of its own."""

    role: ClassVar[str] = "troll"

    name: str = parameter("brigade", unit="name", source="one brigade; others need other names")
    cost: float = parameter(1.0, unit="money/member-month", source="unit of money: a member's month", low=0.0, high=1e9)
    overhead: float = parameter(4.0, unit="money/month", source="assumption: command and premises", low=0.0, high=1e9)

    @property
    def members(self) -> int:
        """Number of members: as many as the budget pays for, with one officer for `span` members; else `size`."""
        budget = self.principal.budget
        if not (budget and self.cost):
            return self.size
        return max(0, math.floor((budget - self.overhead) / self.cost * self.span / (self.span + 1)))

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the members' accounts, whose rows start at `first_row`."""
        return create_accounts(self.name, self.members, self.followers, n_organic, first_row, seed)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> OperatorGroup:
        """Return the brigade in `rows`: one group for each officer, in shifts from 8 o'clock on."""
        officer = np.arange(len(rows)) // self.span
        return OperatorGroup(self.operations, self.make_profile(officer, officer), rows, keys, seed)
