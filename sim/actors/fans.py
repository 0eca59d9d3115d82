"""Fans: genuine people who agree openly when to cheer. They are coordinated, and a detector must not flag them.

Once a day, in the hour of the rally, fans who take part post on their topic within minutes of each other: their own
words, a chant that many copy, and reposts of other fans' posts of the last day. At other hours they write some posts on
their topic. They take no side.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import (
    DAY,
    AccountBatch,
    PublicView,
    count_posts,
    create_accounts,
    draft_posts,
    make_orders,
)
from sim.kernels import cached_njit
from sim.rng import draw, make_key, stream
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import I64
from sim.state.posts import ORIGINAL, fill_repost, make_drafts
from sim.state.records import Orders

_HOUR = stream("fans/hour")
_PICK, _MIX, _CHANT, _SECOND, _APPEAL = range(5)
FIRST_CHANT = 1_000_000_000  #: number of the first chant, above those of other copied texts
MORNING, BEDTIME = 8, 24  #: hours of the day between which fans post (assumption)


@dataclass(frozen=True, kw_only=True)
class Fans(Rule):
    """Number and activity of fans."""

    role: ClassVar[str] = "fan"

    size: int = parameter(30, unit="accounts", source="assumption", low=0, high=10**8)
    topic: int = parameter(1, unit="topic", source="assumption: an everyday one", low=1, high=10**4)
    rally_hour: int = parameter(20, unit="h", source="assumption: hour of the day", low=0, high=23)
    turnout: float = share(0.7, source="assumption: P(a fan joins a rally)")
    cheers: float = parameter(4.0, unit="posts/rally", source="assumption", low=0.0, high=1000.0)
    rate: float = parameter(0.15, unit="posts/h", source="assumption: at other hours", low=0.0, high=1000.0)
    reposts: float = share(0.5, source="fact 2: share of reposts")
    chanting: float = share(0.3, source="assumption: share of cheers that repeat the day's chant")
    spread: float = parameter(600.0, unit="s", source="assumption: mean delay in the hour", low=0.0, high=3600.0)
    followers: float = parameter(30.0, unit="followers", source="assumption: as the army's", low=0.0, high=1e9)
    following: float = parameter(30.0, unit="followees", source="assumption: as many", low=0.0, high=1e9)

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the fans' accounts, whose rows start at `first_row`; they have followers and followees."""
        batch = create_accounts("fans", self.size, self.followers, n_organic, first_row, seed)
        theirs = create_accounts("fans/following", self.size, self.following, n_organic, first_row, seed)
        source = np.concatenate([batch.source, theirs.target])
        return batch._replace(source=source, target=np.concatenate([batch.target, theirs.source]))

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "FanClub":
        """Return the club whose members are the accounts in `rows`."""
        return FanClub(self, rows, keys, seed)


class FanClub:
    """The fans of one world."""

    def __init__(self, rule: Fans, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.rows, self.keys, self.seed = rule, rows, keys, seed

    def order(self, view: PublicView) -> Orders:
        """Return the fans' posts in the hour of `view`; order and tactic are -1."""
        clock, rule = view.tick % DAY, self.rule
        rallying = clock == rule.rally_hour
        if not (rallying or MORNING <= clock < BEDTIME):
            return make_orders(make_drafts(0))
        rates = np.where(view.inactive[self.rows], 0.0, rule.cheers if rallying else rule.rate)
        hour = make_key(self.seed, _HOUR, view.tick)
        count = count_posts(rates, self.keys, hour, rule.turnout if rallying else 1.0)
        new, *_ = draft_posts(self.rows, self.keys, count, self.seed, view.tick)
        if len(new.key):
            _fill(new, view, self._find_cheers(view), rallying, get_values(rule))
        return make_orders(new)

    def _find_cheers(self, view: PublicView) -> I64:
        """Return rows of the last 20 originals of fans on their topic in the last day that are not removed."""
        rows = np.arange(np.searchsorted(view.time, (view.tick - DAY) * 3600), len(view.time))
        own = (view.topic[rows] == self.rule.topic) & (view.kind[rows] == ORIGINAL) & ~view.removed[rows]
        rows = rows[own]
        return rows[np.isin(view.author[rows], self.rows)][-20:]


@cached_njit
def _fill(new, view, push, rallying, p):
    for d in range(len(new.key)):
        post = new.key[d]
        late = -p.spread * math.log(draw(post, _SECOND)) if rallying else 3600.0 * draw(post, _SECOND)
        new.time[d] = view.tick * 3600 + int(late) % 3600
        new.topic[d] = p.topic
        if rallying and len(push) > 0 and draw(post, _MIX) < p.reposts:
            fill_repost(new, d, view, view.base, push[int(draw(post, _PICK) * len(push))])
        else:
            new.appeal[d] = 0.5 * draw(post, _APPEAL)
            if rallying and draw(post, _CHANT) < p.chanting:
                new.template[d] = FIRST_CHANT + view.tick
