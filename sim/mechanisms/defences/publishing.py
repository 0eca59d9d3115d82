"""Defences at *publish*: limits on posts, and prompts to authors.

None of them knows who is organised. No effect sizes were found for limits and friction: they are experiments.
"""

from dataclasses import dataclass

import numpy as np

from sim.kernels import kernel
from sim.mechanisms.defences.base import (
    Defence,
    DefenceView,
    PostView,
    PromptOutcome,
    count_by_author,
    draw_by_identity,
)
from sim.mechanisms.views import Bools
from sim.rng import stream
from sim.rules import parameter, share
from sim.state.accounts import I64
from sim.state.dynamic_graph import contains
from sim.state.posts import REPLY, TOXIC_THRESHOLD

_LIMIT = stream("defences/limit")
_AGE = stream("defences/age")
_CIRCLE = stream("defences/circle")
_PROMPT = stream("defences/prompt")
DAY = 24


@dataclass(frozen=True, kw_only=True)
class RateLimit(Defence):
    """Limits accounts to `max_posts` in 24 hours: a share `strength` of further posts is rejected."""

    max_posts: int = parameter(40, unit="posts/day", source="assumption", low=0, high=10**6)

    def admit(self, new: PostView, view: DefenceView) -> Bools:
        """Return which drafts are posted, in order of time."""
        return limit_posts(
            new, view, np.full(len(view.key), self.max_posts), draw_by_identity(new.key, _LIMIT, view) < self.strength
        )


@dataclass(frozen=True, kw_only=True)
class AccountAge(Defence):
    """Limits accounts younger than `young` to `max_posts` in 24 hours.

    Only accounts opened during the run are young.
    """

    max_posts: int = parameter(5, unit="posts/day", source="assumption", low=0, high=10**6)
    young: int = parameter(168, unit="h", source="assumption: one week", low=0, high=10**6)

    def admit(self, new: PostView, view: DefenceView) -> Bools:
        """Return which drafts are posted, in order of time."""
        fresh = (view.opened_at > 0) & (view.tick - view.opened_at < self.young)
        most = np.where(fresh, self.max_posts, np.iinfo(np.int64).max)
        return limit_posts(new, view, most, draw_by_identity(new.key, _AGE, view) < self.strength)


@dataclass(frozen=True, kw_only=True)
class ReplyLimit(Defence):
    """A share `strength` of all accounts accepts replies only from accounts that they follow."""

    def admit(self, new: PostView, view: DefenceView) -> Bools:
        """Return which drafts are posted."""
        closed = draw_by_identity(view.key, _CIRCLE, view) < self.strength
        kept = np.ones(len(new.key), np.bool_)
        _mark_answerable(kept, new, closed, view.following)
        return kept


@dataclass(frozen=True, kw_only=True)
class Prompt(Defence):
    """Asks people who are about to post abuse to reconsider: most post it, some revise it, some give it up.

    Katsaros, Yang & Fratamico 2022: of 100 prompted posts 69 were sent, 22 revised and 9 cancelled. That revised posts
    are civil is an assumption.
    """

    hit: float = share(0.8, source="assumption: P(prompt | abusive)")
    revised: float = share(0.22, source="Katsaros 2022")
    cancelled: float = share(0.09, source="Katsaros 2022")

    def ask(self, new: PostView, view: DefenceView) -> PromptOutcome:
        """Return the outcomes of the drafts."""
        shown = (new.toxicity >= TOXIC_THRESHOLD) & (
            draw_by_identity(new.key, _PROMPT, view) < self.strength * self.hit
        )
        u = draw_by_identity(new.key, _PROMPT, view, 1)
        dropped = shown & (u < self.cancelled)
        return PromptOutcome(shown, shown & ~dropped & (u < self.cancelled + self.revised), dropped)


def limit_posts(new: PostView, view: DefenceView, most: I64, enforced: Bools) -> Bools:
    """Return which drafts are within the limit `most` (int64 [A]) of their author, or not `enforced`; bool [D].

    Drafts of one author are taken in order of time; rejected drafts do not count.
    """
    day = view.find_rows(view.tick - DAY + 1, view.tick + 1)
    count = count_by_author(view.posts.author[day], len(view.key))
    kept = np.ones(len(new.key), np.bool_)
    _limit_posts(kept, count, most, enforced, new.author, np.lexsort((new.key, new.time)))
    return kept


@kernel
def _limit_posts(kept, count, most, enforced, author, order):
    for d in order:
        a = author[d]
        if count[a] >= most[a] and enforced[d]:
            kept[d] = False
        else:
            count[a] += 1


@kernel
def _mark_answerable(kept, new, closed, following):
    for d in range(len(kept)):
        target, author = new.target[d], new.author[d]
        if new.kind[d] == REPLY and target >= 0 and target != author and closed[target]:
            kept[d] = contains(following, target, author)
