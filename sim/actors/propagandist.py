"""Extremist propagandists: volume to look many, and shock that must rise because audiences get used to it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Band, PublicView, blank, enlist, recent
from sim.noise import draws, key_of, lognormals, mixed, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import I64
from sim.state.records import Orders

_HOUR = stream("extremists/hour")
_RATE = stream("extremists/rate")
_EXTRA, _APPEAL, _SECOND, _SHOCK = range(4)


@dataclass(frozen=True, kw_only=True)
class Extremists(Rule):
    """Number, volume and the rule of escalation."""

    size: int = parameter(12, unit="accounts", source="assumption", low=0, high=10**8)
    posts_per_day: float = parameter(
        7.0, unit="posts/day", source="Berger & Morgan 2015 (second-hand)", low=0.0, high=1e4
    )
    hyperactivity: float = parameter(1.0, unit="log", source="assumption: few write most", low=0.0, high=4.0)
    followers: float = parameter(40.0, unit="followers", source="assumption", low=0.0, high=1e9)
    shock: float = share(0.3, source="assumption: level at the start")
    step: float = share(0.02, source="assumption: escalation a day when the echo fades")
    content: float = share(0.3, source="assumption: share of posts with shocking content")

    def enlist(self, n_organic: int, first_row: int, seed: int) -> Band:
        """Make the propagandists' accounts, whose rows start at `first_row`."""
        return enlist("extremists", self.size, self.followers, n_organic, first_row, seed)


class Organisation:
    """One extremist organisation in one world: it watches its echo and escalates when it fades."""

    def __init__(self, rule: Extremists, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.rows, self.keys, self.seed = rule, rows, keys, seed
        self.rates = lognormals(rule.posts_per_day / 24.0, rule.hyperactivity, key_of(seed, _RATE, 0), keys)
        self.shock = rule.shock
        self.echo = 0.0

    def order(self, view: PublicView) -> Orders:
        """Return what the propagandists post in the hour of `view`; once a day, look at the echo."""
        if view.tick % 24 == 0 and view.tick > 0:
            self._escalate(view)
        hour = mixed(key_of(self.seed, _HOUR, view.tick), self.keys)
        count = np.floor(self.rates + draws(hour, _EXTRA)).astype(np.int64) * ~view.barred[self.rows]
        member = np.repeat(np.arange(len(count)), count)
        ordinal = np.arange(len(member)) - np.repeat(np.cumsum(count) - count, count)
        new = blank(self.rows[member], self.keys[member], ordinal, np.zeros(len(member)), self.seed, view.tick)
        new.time[:] += (3600.0 * draws(new.key, _SECOND)).astype(np.int64)
        new.stance_principal[:] = -1.0
        new.stance_extremist[:] = 1.0
        new.appeal[:] = 0.5 * draws(new.key, _APPEAL)
        new.shock[draws(new.key, _SHOCK) < self.rule.content] = self.shock
        return Orders(new, np.full(len(member), view.tick, np.int64), np.full(len(member), -1, np.int8))

    def _escalate(self, view: PublicView) -> None:
        """Raise the shock when reposts and replies per own post are no more than a day ago."""
        rows = recent(view, 24)
        rows = rows[np.isin(view.voice[rows], self.rows)]
        echo = float((view.reposts[rows] + view.replies[rows]).mean()) if rows.size else 0.0
        if echo <= self.echo:
            self.shock = min(1.0, self.shock + self.rule.step)
        self.echo = echo
