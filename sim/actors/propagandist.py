"""Extremist propagandists: they post much, to look many, and raise the shock because audiences get used to it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import (
    DAY,
    AccountBatch,
    PublicView,
    create_accounts,
    draft_posts,
    find_recent,
    make_orders,
    weigh_followers,
)
from sim.rng import draw_each, keyed_hash, lognormals, make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import F64, I64, Accounts
from sim.state.records import Orders

_HOUR = stream("extremists/hour")
_RATE = stream("extremists/rate")
_EXTRA, _APPEAL, _SECOND, _SHOCK = range(4)


@dataclass(frozen=True, kw_only=True)
class Extremists(Rule):
    """Number, volume and escalation of propagandists."""

    role: ClassVar[str] = "extremist"

    size: int = parameter(12, unit="accounts", source="assumption", low=0, high=10**8)
    posts_per_day: float = parameter(
        7.0, unit="posts/day", source="Berger & Morgan 2015 (second-hand)", low=0.0, high=1e4
    )
    hyperactivity: float = parameter(1.0, unit="log", source="assumption: a few write most posts", low=0.0, high=4.0)
    followers: float = parameter(40.0, unit="followers", source="assumption", low=0.0, high=1e9)
    affinity: float = parameter(
        3.0,
        unit="exponent",
        source="assumption: as of the army; 0 = everybody is as likely a follower",
        low=0.0,
        high=20.0,
    )
    shock: float = share(0.3, source="assumption: level at the start")
    escalation_step: float = share(0.02, source="assumption: rise in a day if the echo does not grow")
    shocking_share: float = share(0.3, source="assumption: share of posts with shocking content")

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the propagandists' accounts, whose rows start at `first_row`."""
        return create_accounts("extremists", self.size, self.followers, n_organic, first_row, seed)

    def weigh_followers(self, people: Accounts, following: I64) -> F64:
        """Return how likely each person is a follower, who follows that many accounts, int64 [n]."""
        return weigh_followers(self.affinity, people.stance_extremist, following)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "Organisation":
        """Return the organisation whose propagandists are the accounts in `rows`."""
        return Organisation(self, rows, keys, seed)


class Organisation:
    """One extremist organisation in one world: it escalates if its echo does not grow."""

    def __init__(self, rule: Extremists, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.rows, self.keys, self.seed = rule, rows, keys, seed
        self.rates = lognormals(rule.posts_per_day / DAY, rule.hyperactivity, make_key(seed, _RATE, 0), keys)
        self.shock = rule.shock
        self.engagement = 0.0

    def order(self, view: PublicView) -> Orders:
        """Return the propagandists' posts in the hour of `view`; check the echo once a day."""
        if view.tick % DAY == 0 and view.tick > 0:
            self._escalate(view)
        hour = keyed_hash(make_key(self.seed, _HOUR, view.tick), self.keys)
        count = (self.rates * view.extremist_volume + draw_each(hour, _EXTRA)).astype(np.int64)
        count[view.inactive[self.rows]] = 0
        new, *_ = draft_posts(self.rows, self.keys, count, self.seed, view.tick)
        new.time[:] = 3600 * view.tick + (3600.0 * draw_each(new.key, _SECOND)).astype(np.int64)
        new.stance_principal[:], new.stance_extremist[:] = -1.0, 1.0
        new.appeal[:] = 0.5 * draw_each(new.key, _APPEAL)
        new.shock[draw_each(new.key, _SHOCK) < self.rule.shocking_share] = self.shock
        return make_orders(new, view.tick)

    def _escalate(self, view: PublicView) -> None:
        """Raise the shock unless the mean engagement of the organisation's posts has grown since yesterday."""
        rows = find_recent(view, DAY)
        rows = rows[np.isin(view.original_author[rows], self.rows)]
        echo = float((view.reposts[rows] + view.replies[rows]).mean()) if rows.size else 0.0
        if echo <= self.engagement:
            self.shock = min(1.0, self.shock + self.rule.escalation_step)
        self.engagement = echo
