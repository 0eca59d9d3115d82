"""Defences at *rank* and in trends: what is shown less. Nothing is taken down."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.platform.defences.base import Bools, Defence, DefenceView, PostView, classify_abuse, draw_by_identity
from sim.rng import stream
from sim.rules import parameter, share
from sim.state.accounts import F64, I64
from sim.state.posts import REPOST

_TOXIC = stream("defences/toxic")
_TOGETHER = stream("defences/together")
_REPEAT = stream("defences/repeat")


@dataclass(frozen=True, kw_only=True)
class DownRanking(Defence):
    """What a classifier takes for abuse loses `penalty` points of score."""

    penalty: float = parameter(4.0, unit="score", source="assumption: as much as a day of age", low=0.0, high=1000.0)
    hit: float = share(0.8, source="assumption: P(verdict | abusive)")
    false_alarm: float = share(0.02, source="assumption: P(verdict | civil)")

    def demote(self, rows: I64, view: DefenceView) -> F64:
        """Return the points that each of the posts `rows` loses."""
        acts = PostView._make(column[rows] for column in view.posts)
        s = self.strength
        return np.where(classify_abuse(acts, _TOXIC, view, s * self.hit, s * self.false_alarm), self.penalty, 0.0)


@dataclass(frozen=True, kw_only=True)
class CoordinationRanking(Defence):
    """What several accounts post within `window` seconds loses `penalty` points: copies of a text, and reposts.

    The original of what is so reposted loses them too, as long as it is reposted so: until it is ranked anew. Genuine
    people who share the same thing at once are hit as well; a platform can not tell.
    """

    penalty: float = parameter(4.0, unit="score", source="assumption: as much as a day of age", low=0.0, high=1000.0)
    window: int = parameter(60, unit="s", source="assumption: as co-action detectors", low=0, high=3600)

    def demote(self, rows: I64, view: DefenceView) -> F64:
        """Return the points that each of the posts `rows` loses."""
        new = view.find_rows(view.tick, view.tick + 1)
        fresh = PostView._make(column[new] for column in view.posts)
        hit = find_coordinated(fresh, self.window) & (draw_by_identity(fresh.key, _TOGETHER, view) < self.strength)
        marked = np.arange(new.start, new.stop)[hit]
        pushed = fresh.root[hit & (fresh.kind == REPOST)] - view.base
        return np.where(np.isin(rows, np.concatenate([marked, pushed])), self.penalty, 0.0)


@dataclass(frozen=True, kw_only=True)
class TrendDeduplication(Defence):
    """For trends an account counts once an hour on a topic, and so do a copied text and a reposted content.

    Of all repeats the share `strength` does not count.
    """

    def discount(self, rows: I64, view: DefenceView) -> I64:
        """Return those of the posts `rows` that do not count."""
        acts = PostView._make(column[rows] for column in view.posts)
        repeats = _is_repeat(_pack_pair(acts.author, acts.topic)) | (
            _is_repeat(number_contents(acts)) & _is_shared(acts)
        )
        return rows[repeats & (draw_by_identity(acts.key, _REPEAT, view) < self.strength)]


def number_contents(acts: PostView) -> I64:
    """Return a number for what each post repeats, int64 [n]: of a content, or (below -1) of a copied text."""
    return np.where(acts.kind == REPOST, acts.root, -2 - acts.template.astype(np.int64))


def find_coordinated(acts: PostView, window: int) -> Bools:
    """Return which posts repeat what another account posts at most `window` seconds before or after, bool [n].

    Neighbours in time are compared, so that of several posts in a row by one account the outer ones count.
    """
    order = np.lexsort((acts.time, number_contents(acts)))
    thing, author, time, shared = (
        column[order] for column in (number_contents(acts), acts.author, acts.time, _is_shared(acts))
    )
    near = (thing[1:] == thing[:-1]) & (author[1:] != author[:-1]) & (time[1:] - time[:-1] <= window)
    hit = np.zeros(len(order), np.bool_)
    hit[order[1:]] |= near & shared[1:]
    hit[order[:-1]] |= near & shared[:-1]
    return hit


def _is_shared(acts: PostView) -> Bools:
    """Tell which posts repeat anything at all."""
    return (acts.kind == REPOST) | (acts.template >= 0)


def _pack_pair(one: NDArray[np.integer], other: NDArray[np.integer]) -> I64:
    return one.astype(np.int64) << 16 | other.astype(np.int64)


def _is_repeat(thing: I64) -> Bools:
    """Tell of each of `thing` whether it has come before, bool [n]."""
    again = np.ones(len(thing), np.bool_)
    again[np.unique(thing, return_index=True)[1]] = False
    return again
