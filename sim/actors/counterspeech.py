"""Counter-speech: volunteers who support people who were abused, civilly and openly. Nobody pays them.

In each hour an active volunteer replies, in agreement, to the newest contested post of somebody who received an abusive
reply in the last hour. The reply works only by being read: it takes one of the few slots for mentions, it counts as an
ally for readers of that side, and it is a civil post on the topic. It has no direct effect on fear: Hangartner et al.
2021 measured the effect of empathy on authors of hate (-0.1 SD in four weeks), but ordered abuse comes from accounts
without feelings. Rates are assumptions.
"""

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
    find_recent,
    make_orders,
)
from sim.kernels import cached_njit
from sim.rng import draw, make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import I64
from sim.state.posts import TOXIC_THRESHOLD, fill_reply
from sim.state.records import Orders

_HOUR = stream("counterspeech/hour")
_PICK, _SECOND, _APPEAL = range(3)


@dataclass(frozen=True, kw_only=True)
class CounterSpeech(Rule):
    """How many volunteers there are, and how much they write."""

    role: ClassVar[str] = "volunteer"

    strength: float = share(1.0, source="1 = in every hour; 0 = never")
    size: int = parameter(20, unit="accounts", source="assumption: a third of the army", low=0, high=10**8)
    rate: float = parameter(1.0, unit="posts/h", source="assumption", low=0.0, high=1000.0)
    followers: float = parameter(30.0, unit="followers", source="assumption: as the army's", low=0.0, high=1e9)

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the volunteers' accounts, whose rows start at `first_row`."""
        return create_accounts("counterspeech", self.size, self.followers, n_organic, first_row, seed)

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> "Volunteers":
        """Return the volunteers with the accounts in `rows`."""
        return Volunteers(self, rows, keys, seed)


class Volunteers:
    """The volunteers of one world."""

    def __init__(self, rule: CounterSpeech, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.rows, self.keys, self.seed = rule, rows, keys, seed

    def order(self, view: PublicView) -> Orders:
        """Return their posts in the hour of `view`; order and tactic are -1."""
        bait = find_abused(view)
        rates = np.where(view.inactive[self.rows], 0.0, self.rule.rate) if len(bait) else np.zeros(len(self.rows))
        count = count_posts(rates, self.keys, make_key(self.seed, _HOUR, view.tick), self.rule.strength)
        new, *_ = draft_posts(self.rows, self.keys, count, self.seed, view.tick)
        _fill(new, bait, view)
        return make_orders(new)


def find_abused(view: PublicView) -> I64:
    """Return the newest contested rows of the last day of people who got an abusive reply in the last hour."""
    fresh = find_recent(view, 1)
    hurt = np.unique(view.target[fresh[(view.toxicity[fresh] >= TOXIC_THRESHOLD) & (view.target[fresh] >= 0)]])
    day = find_recent(view, DAY)
    newest = np.full(len(view.inactive), -1)
    newest[view.original_author[day]] = day  # rows ascend, so the newest remains
    found = newest[hurt]
    return np.asarray(found[found >= 0])


@cached_njit
def _fill(new, bait, view):
    for d in range(len(new.key)):
        post = new.key[d]
        j = bait[int(draw(post, _PICK) * len(bait))]
        new.time[d] = view.tick * 3600 + int(3600.0 * draw(post, _SECOND))
        new.stance_principal[d] = view.stance_principal[j]
        new.stance_extremist[d] = view.stance_extremist[j]
        new.appeal[d] = 0.5 * draw(post, _APPEAL)
        fill_reply(new, d, view, j)
