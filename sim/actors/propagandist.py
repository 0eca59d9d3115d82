"""Extremist propagandists: they post much, to look many, and raise the shock because audiences get used to it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch, PublicView, create_accounts, find_recent, make_orders_key, make_post_key
from sim.kernels import cached_njit
from sim.rng import draw, lognormals, make_key, mix, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import I64
from sim.state.posts import make_drafts
from sim.state.records import Orders

_HOUR = stream("extremists/hour")
_RATE = stream("extremists/rate")
_EXTRA, _APPEAL, _SECOND, _SHOCK = map(np.uint64, range(4))


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
    shock: float = share(0.3, source="assumption: level at the start")
    escalation_step: float = share(0.02, source="assumption: rise in a day if the echo does not grow")
    shocking_share: float = share(0.3, source="assumption: share of posts with shocking content")

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the propagandists' accounts, whose rows start at `first_row`."""
        return create_accounts("extremists", self.size, self.followers, n_organic, first_row, seed)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "Organisation":
        """Return the organisation whose propagandists are the accounts in `rows`."""
        return Organisation(self, rows, keys, seed)


class Organisation:
    """One extremist organisation in one world: it escalates if its echo does not grow."""

    def __init__(self, rule: Extremists, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.rows, self.keys, self.seed = rule, rows, keys, seed
        self.rates = lognormals(rule.posts_per_day / 24.0, rule.hyperactivity, make_key(seed, _RATE, 0), keys)
        self.shock = rule.shock
        self.engagement = 0.0

    def order(self, view: PublicView) -> Orders:
        """Return the propagandists' posts in the hour of `view`; check the echo once a day."""
        if view.tick % 24 == 0 and view.tick > 0:
            self._escalate(view)
        hour = make_key(self.seed, _HOUR, view.tick)
        count = _count_posts(self.rates * view.extremist_volume, self.keys, hour, view.inactive[self.rows])
        new = make_drafts(int(count.sum()))
        if len(new.key):
            key = make_orders_key(self.seed, view.tick)
            _write(new, self.rows, self.keys, count, key, view.tick * 3600, self.shock, self.rule.shocking_share)
        return Orders(new, np.full(len(new.key), view.tick, np.int64), np.full(len(new.key), -1, np.int8))

    def _escalate(self, view: PublicView) -> None:
        """Raise the shock unless the mean engagement of the organisation's posts has grown since yesterday."""
        rows = find_recent(view, 24)
        rows = rows[np.isin(view.original_author[rows], self.rows)]
        echo = float((view.reposts[rows] + view.replies[rows]).mean()) if rows.size else 0.0
        if echo <= self.engagement:
            self.shock = min(1.0, self.shock + self.rule.escalation_step)
        self.engagement = echo


@cached_njit
def _count_posts(rates, keys, hour, inactive):
    """Return how many posts each member writes in an hour, int64: the rate, rounded at random."""
    count = np.zeros(len(keys), np.int64)
    for m in range(len(keys)):
        if not inactive[m]:
            count[m] = int(rates[m] + draw(mix(hour, keys[m]), _EXTRA))
    return count


@cached_njit
def _write(new, rows, keys, count, orders, now, shock, shocking_share):
    d = 0
    for m in range(len(count)):
        for ordinal in range(count[m]):
            post = make_post_key(orders, keys[m], ordinal)
            new.key[d] = post
            new.author[d] = new.original_author[d] = rows[m]
            new.time[d] = now + int(3600.0 * draw(post, _SECOND))
            new.stance_principal[d], new.stance_extremist[d] = -1.0, 1.0
            new.appeal[d] = 0.5 * draw(post, _APPEAL)
            if draw(post, _SHOCK) < shocking_share:
                new.shock[d] = shock
            d += 1
