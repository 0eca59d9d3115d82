"""Defences at *rank* and in trends: some posts are shown less. Nothing is taken down."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.mechanisms.defences.base import Defence, DefenceView, PostView, classify_abuse, draw_by_identity
from sim.mechanisms.views import Bools
from sim.rng import stream
from sim.rules import parameter, share
from sim.state.accounts import F64, I64
from sim.state.co_posting import mark_matched, number_contents
from sim.state.posts import REPOST

_TOXIC = stream("defences/toxic")
_TOGETHER = stream("defences/together")
_REPEAT = stream("defences/repeat")


@dataclass(frozen=True, kw_only=True)
class DownRanking(Defence):
    """Lowers the score of posts that a classifier calls abuse, by `penalty`."""

    penalty: float = parameter(4.0, unit="score", source="assumption: as much as a day of age", low=0.0, high=1000.0)
    hit: float = share(0.8, source="assumption: P(verdict | abusive)")
    false_alarm: float = share(0.02, source="assumption: P(verdict | civil)")

    def demote(self, rows: I64, view: DefenceView) -> F64:
        """Return how much score each of the posts `rows` loses."""
        posts = PostView._make(column[rows] for column in view.posts)
        s = self.strength
        return np.where(classify_abuse(posts, _TOXIC, view, s * self.hit, s * self.false_alarm), self.penalty, 0.0)


@dataclass(frozen=True, kw_only=True)
class CoordinationRanking(Defence):
    """Lowers the score of copies of a text and of reposts that several accounts post within `window`, by `penalty`.

    The original of such reposts loses as much, until it is ranked again. Genuine people who share the same thing at
    once are affected too; a platform cannot tell the difference.
    """

    penalty: float = parameter(4.0, unit="score", source="assumption: as much as a day of age", low=0.0, high=1000.0)
    window: int = parameter(60, unit="s", source="assumption: as co-action detectors", low=0, high=3600)

    def demote(self, rows: I64, view: DefenceView) -> F64:
        """Return how much score each of the posts `rows` loses."""
        new = view.find_rows(view.tick, view.tick + 1)
        fresh = PostView._make(column[new] for column in view.posts)
        hit = find_coordinated(fresh, self.window) & (draw_by_identity(fresh.key, _TOGETHER, view) < self.strength)
        marked = np.arange(new.start, new.stop)[hit]
        pushed = fresh.root[hit & (fresh.kind == REPOST)] - view.base
        return np.where(np.isin(rows, np.concatenate([marked, pushed])), self.penalty, 0.0)


@dataclass(frozen=True, kw_only=True)
class TrendDeduplication(Defence):
    """Within an hour, each account counts once for a topic, and each copied text and reposted content counts once.

    A share `strength` of all repeats does not count.
    """

    def discount(self, rows: I64, view: DefenceView) -> I64:
        """Return the rows among `rows` that do not count."""
        posts = PostView._make(column[rows] for column in view.posts)
        content = number_contents(posts.kind, posts.root, posts.template)
        repeats = _is_repeat(_pack_pair(posts.author, posts.topic)) | (_is_repeat(content) & (content != -1))
        return rows[repeats & (draw_by_identity(posts.key, _REPEAT, view) < self.strength)]


def find_coordinated(posts: PostView, window: int) -> Bools:
    """Return which posts repeat a post of another account at most `window` seconds before or after, bool [n].

    Only neighbours in time are compared, so of several posts in a row by one account only the outer ones can count.
    """
    content = number_contents(posts.kind, posts.root, posts.template)
    return (content != -1) & mark_matched(posts.author, content, posts.time, window, reach=1)


def _pack_pair(one: NDArray[np.integer], other: NDArray[np.integer]) -> I64:
    return one.astype(np.int64) << 16 | other.astype(np.int64)


def _is_repeat(thing: I64) -> Bools:
    """Return which items of `thing` have occurred before, bool [n]."""
    again = np.ones(len(thing), np.bool_)
    again[np.unique(thing, return_index=True)[1]] = False
    return again
