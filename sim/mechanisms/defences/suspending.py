"""Defences at *moderate*: suspensions and shared block lists."""

from dataclasses import dataclass

import numpy as np

from sim.mechanisms.defences.base import (
    Defence,
    DefenceView,
    PostView,
    classify_abuse,
    count_by_author,
    draw_by_identity,
    make_blocks,
)
from sim.mechanisms.views import Bools
from sim.rng import stream
from sim.rules import parameter, share
from sim.state.accounts import I64
from sim.state.posts import REPLY, TOXIC_THRESHOLD
from sim.state.records import EdgeChanges

_VERDICT = stream("defences/verdict")
_SUBSCRIBES = stream("defences/subscribes")
DAY = 24


@dataclass(frozen=True, kw_only=True)
class Suspension(Defence):
    """Suspends accounts for `hours` after `min_verdicts` verdicts of abuse in 24 hours, with a delay of `lag` hours.

    Precision is an outcome: it depends on `false_alarm`, `min_verdicts` and how much each account writes.
    """

    lag: int = parameter(6, unit="h", source="assumption: delay of detection", low=0, high=20)
    min_verdicts: int = parameter(3, unit="verdicts/day", source="assumption", low=1, high=10**6)
    hit: float = share(0.8, source="assumption: P(verdict | abusive)")
    false_alarm: float = share(0.02, source="assumption: P(verdict | civil)")
    hours: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)

    def suspend(self, view: DefenceView) -> tuple[I64, int]:
        """Return the accounts to suspend."""
        day = view.find_rows(view.tick - self.lag - DAY + 1, view.tick - self.lag + 1)
        posts = PostView._make(column[day] for column in view.posts)
        s = self.strength
        found = classify_abuse(posts, _VERDICT, view, s * self.hit, s * self.false_alarm)
        return np.flatnonzero(count_by_author(posts.author[found], len(view.key)) >= self.min_verdicts), self.hours


@dataclass(frozen=True, kw_only=True)
class BlockList(Defence):
    """A share `strength` of all accounts subscribes to a shared list and blocks every account on it.

    An account is listed after `min_replies` abusive replies in 24 hours, permanently.
    """

    min_replies: int = parameter(3, unit="abusive replies/day", source="assumption", low=1, high=10**6)

    def list_blocks(self, view: DefenceView) -> EdgeChanges:
        """Return who blocks whom from now on."""
        before, now = (self._find_reached(view, tick) for tick in (view.tick - 1, view.tick))
        subscribers = np.flatnonzero(draw_by_identity(view.key, _SUBSCRIBES, view) < self.strength)
        return make_blocks(subscribers, np.flatnonzero(now & ~before))

    def _find_reached(self, view: DefenceView, tick: int) -> Bools:
        day = view.find_rows(tick - DAY + 1, tick + 1)
        abuse = (view.posts.kind[day] == REPLY) & (view.posts.toxicity[day] >= TOXIC_THRESHOLD)
        return np.asarray(count_by_author(view.posts.author[day][abuse], len(view.key)) >= self.min_replies)
