"""News bots: accounts of outlets that post an agency's bulletins automatically. They are genuine.

The agency publishes bulletins around the clock; each outlet that uses one posts the same words within about a minute.
A share of bulletins is about the contested topic and takes no side.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch, PublicView, create_accounts, make_orders, make_orders_key, make_post_key
from sim.kernels import cached_njit
from sim.rng import draw, make_key, mix, stream
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import I64
from sim.state.posts import CONTESTED, make_drafts
from sim.state.records import Orders

_BULLETIN = stream("newsbots/bulletin")
_EXTRA, _TOPIC, _WHICH, _MINUTE = range(4)
_TAKES, _SECOND, _APPEAL = range(3)
FIRST_BULLETIN = 1_500_000_000  #: number of the first bulletin's words
MAX_BULLETINS = 64  #: bulletins in an hour


@dataclass(frozen=True, kw_only=True)
class NewsBots(Rule):
    """Number of outlets and bulletins."""

    role: ClassVar[str] = "newsbot"

    size: int = parameter(12, unit="accounts", source="assumption", low=0, high=10**8)
    bulletins: float = parameter(1.0, unit="bulletins/h", source="assumption", low=0.0, high=MAX_BULLETINS - 1)
    uptake: float = share(0.6, source="assumption: P(an outlet posts a bulletin)")
    contested: float = share(0.1, source="assumption: share of bulletins on the contested topic")
    topics: int = parameter(4, unit="topics", source="assumption: everyday topics with news", low=1, high=10**4)
    lag: float = parameter(30.0, unit="s", source="assumption: mean delay after the agency", low=0.0, high=3600.0)
    followers: float = parameter(60.0, unit="followers", source="assumption", low=0.0, high=1e9)

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the outlets' accounts, whose rows start at `first_row`."""
        return create_accounts("newsbots", self.size, self.followers, n_organic, first_row, seed)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "Agency":
        """Return the agency whose outlets are the accounts in `rows`."""
        return Agency(self, rows, keys, seed)


class Agency:
    """The news of one world."""

    def __init__(self, rule: NewsBots, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.rows, self.keys, self.seed = rule, rows, keys, seed

    def order(self, view: PublicView) -> Orders:
        """Return the outlets' posts in the hour of `view`; order and tactic are -1."""
        hour = make_key(self.seed, _BULLETIN, view.tick)
        number = int(self.rule.bulletins + draw(hour, _EXTRA))
        orders, inactive = make_orders_key(self.seed, view.tick), view.inactive[self.rows]
        new, written = make_drafts(number * len(self.rows)), 0
        if len(new.key):
            written = _fill(new, self.rows, self.keys, inactive, number, hour, orders, view.tick, get_values(self.rule))
        return make_orders(type(new)._make(column[:written] for column in new))


@cached_njit
def _fill(new, rows, keys, inactive, number, hour, orders, tick, p):
    """Fill in which outlet posts which bulletin; return the number of posts."""
    d = 0
    for bulletin in range(number):
        told = mix(hour, np.uint64(bulletin))
        about = CONTESTED
        if draw(told, _TOPIC) >= p.contested:
            about = 1 + int(draw(told, _WHICH) * p.topics)
        for m in range(len(rows)):
            post = make_post_key(orders, keys[m], bulletin)
            if inactive[m] or draw(post, _TAKES) >= p.uptake:
                continue
            new.key[d] = post
            new.author[d] = new.original_author[d] = rows[m]
            late = 3600.0 * draw(told, _MINUTE) - p.lag * math.log(draw(post, _SECOND))
            new.time[d] = 3600 * tick + int(late) % 3600
            new.topic[d] = about
            new.template[d] = FIRST_BULLETIN + MAX_BULLETINS * tick + bulletin
            new.appeal[d] = 0.5 * draw(post, _APPEAL)
            d += 1
    return d
