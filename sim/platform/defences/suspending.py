"""Defences at *moderate*: who may not act for a while, and whom people are spared together."""

from dataclasses import dataclass

import numpy as np

from sim.noise import stream
from sim.platform.defences.base import Acts, Bools, Defence, Site, blocks, chance, counted, taken_for_abuse
from sim.rules import parameter, share
from sim.state.accounts import I64
from sim.state.posts import REPLY, TOXIC
from sim.state.records import Moves

_VERDICT = stream("defences/verdict")
_SUBSCRIBES = stream("defences/subscribes")
DAY = 24


@dataclass(frozen=True, kw_only=True)
class Suspension(Defence):
    """Suspends for `hours` whom a classifier takes for abusive `least` times in 24 hours, `lag` hours later.

    Precision is an outcome: it follows from `false_alarm`, from `least` and from how much whom writes.
    """

    lag: int = parameter(6, unit="h", source="assumption: delay of detection", low=0, high=20)
    least: int = parameter(3, unit="verdicts/day", source="assumption", low=1, high=10**6)
    hit: float = share(0.8, source="assumption: P(verdict | abusive)")
    false_alarm: float = share(0.02, source="assumption: P(verdict | civil)")
    hours: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)

    def suspend(self, site: Site) -> tuple[I64, int]:
        """Return whom it suspends."""
        day = site.rows(site.tick - self.lag - DAY + 1, site.tick - self.lag + 1)
        acts = Acts._make(column[day] for column in site.acts)
        s = self.strength
        found = taken_for_abuse(acts, _VERDICT, site, s * self.hit, s * self.false_alarm)
        return np.flatnonzero(counted(acts.author[found], len(site.key)) >= self.least), self.hours


@dataclass(frozen=True, kw_only=True)
class BlockList(Defence):
    """The share `strength` of all accounts subscribe to a common list and block whoever comes onto it.

    Onto it comes who has answered others with abuse `least` times in 24 hours. It is for good.
    """

    least: int = parameter(3, unit="abusive replies/day", source="assumption", low=1, high=10**6)

    def listed(self, site: Site) -> Moves:
        """Return who blocks whom from now on."""
        before, now = (self._reached(site, tick) for tick in (site.tick - 1, site.tick))
        subscribers = np.flatnonzero(chance(site.key, _SUBSCRIBES, site) < self.strength)
        return blocks(subscribers, np.flatnonzero(now & ~before))

    def _reached(self, site: Site, tick: int) -> Bools:
        day = site.rows(tick - DAY + 1, tick + 1)
        abuse = (site.acts.kind[day] == REPLY) & (site.acts.toxicity[day] >= TOXIC)
        return np.asarray(counted(site.acts.author[day][abuse], len(site.key)) >= self.least)
