"""An actor whose members evade detection: its orders are changed before they are posted.

* Participation, rotation: members who rest appear inactive to the actor, so it gives them no work.
* Camouflage: a share of the posts becomes everyday talk; members also write everyday posts without orders.
* Jitter: posts come later. They are dropped if by then their parent is gone or their author is suspended.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Actor, PublicView, make_orders, number_items
from sim.actors.evasion import Evasion
from sim.kernels import cached_njit
from sim.rng import draw, draw_each, hash_pairs, keyed_hash, lognormals, make_key, mix, stream
from sim.state.accounts import I64
from sim.state.posts import CONTESTED, Drafts, fill_reply, fill_repost, make_drafts
from sim.state.records import Orders

REPOSTS, REPLIES = 0.5, 0.35  #: shares of everyday posts, as among people (fact 2, rounded)
RHYTHM, PEAK = 0.8, 20 * 3600.0  #: daily rhythm of everyday talk and of delays, as of people (assumption)
DAY = 24 * 3600

_REST = stream("evasion/rest")
_LATE = stream("evasion/late")
_SWAP = stream("evasion/swap")
_EVERYDAY = stream("evasion/everyday")
_RATE = stream("evasion/rate")
_COUNT, _SECOND, _KIND, _PICK, _APPEAL = range(5)


def add_evasion(rule: Evasion, actor: Actor, rows: I64, keys: NDArray[np.uint64], seed: int) -> Actor:
    """Return `actor` with evasion for the members in `rows`, who have these identities; `actor` itself without any."""
    evades = rule.jitter > 0.0 or rule.participation < 1.0 or rule.camouflage > 0.0 or rule.everyday > 0.0
    return EvadingActor(rule, actor, rows, keys, seed) if evades else actor


def unwrap_actor(actor: Actor) -> Actor:
    """Return the actor without its evasion."""
    return actor.actor if isinstance(actor, EvadingActor) else actor


class EvadingActor:
    """See the module.

    Args:
        rule: how members evade detection.
        actor: the actor that commands them.
        rows: int64 [size], rows of their accounts.
        keys: uint64 [size], their identities.
        seed: of the world.

    Attributes:
        waiting: delayed orders.
    """

    def __init__(self, rule: Evasion, actor: Actor, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.rule, self.actor, self.rows, self.keys, self.seed = rule, actor, rows, keys, seed
        self.rates = lognormals(rule.everyday / 24.0, 1.0, make_key(seed, _RATE), keys)
        self.waiting: list[Orders] = []

    def order(self, view: PublicView) -> Orders:
        """Return the posts of the hour of `view`."""
        orders = self.actor.order(view._replace(inactive=self._mark_inactive(view)))
        parts = [*self.waiting, self._delay_posts(self._camouflage(orders, view)), self._write_everyday(view)]
        end = 3600 * (view.tick + 1)
        self.waiting = [rest for part in parts if len((rest := part.select(part.drafts.time >= end)).order)]
        due = [part.select((part.drafts.time < end) & _mark_possible(part.drafts, view)) for part in parts]
        return orders.merge(due)

    def _mark_inactive(self, view: PublicView) -> NDArray[np.bool_]:
        """Return which accounts are inactive or rest, bool [A]."""
        inactive = view.inactive.copy()
        turn = keyed_hash(make_key(self.seed, _REST, view.tick // self.rule.rotation), self.keys)
        inactive[self.rows] |= draw_each(turn, 0) >= self.rule.participation
        return inactive

    def _delay_posts(self, orders: Orders) -> Orders:
        time = orders.drafts.time.copy()
        _delay(time, orders.drafts.key, make_key(self.seed, _LATE), 2.0 * self.rule.jitter, self.rule.diurnal)
        return orders._replace(drafts=orders.drafts._replace(time=time))

    def _camouflage(self, orders: Orders, view: PublicView) -> Orders:
        """Return `orders` with a share of the posts replaced by everyday talk of the same accounts at random times."""
        swapped = draw_each(keyed_hash(make_key(self.seed, _SWAP), orders.drafts.key), 0) < self.rule.camouflage
        old = orders.drafts
        time = 3600 * view.tick + (3600.0 * draw_each(old.key[swapped], _SECOND)).astype(np.int64)
        talk = self._talk(old.key[swapped], old.author[swapped], time, view)
        return orders.merge([orders.select(~swapped), talk])

    def _write_everyday(self, view: PublicView) -> Orders:
        hour = keyed_hash(make_key(self.seed, _EVERYDAY, view.tick), self.keys)
        rhythm = 1.0 + RHYTHM * math.cos(2.0 * math.pi * (3600.0 * view.tick - PEAK) / DAY)
        count = (self.rates * rhythm + draw_each(hour, _COUNT)).astype(np.int64)
        count[view.inactive[self.rows]] = 0
        member, ordinal = number_items(count)
        key = hash_pairs(hour[member], ordinal.astype(np.uint64))
        time = 3600 * view.tick + (3600.0 * draw_each(key, _SECOND)).astype(np.int64)
        return self._talk(key, self.rows[member], time, view)

    def _talk(self, key: NDArray[np.uint64], author: NDArray[np.integer], time: I64, view: PublicView) -> Orders:
        """Return everyday posts without an order; none if the last day has no everyday posts."""
        oldest = int(np.searchsorted(view.time, 3600 * view.tick - DAY))
        rows = oldest + np.flatnonzero((view.topic[oldest:] != CONTESTED) & ~view.removed[oldest:])
        new = make_drafts(len(key) if len(rows) else 0)
        if len(new.key):
            new.key[:], new.author[:], new.original_author[:], new.time[:] = (
                keyed_hash(_EVERYDAY, key),
                author,
                author,
                time,
            )
            _write(new, rows, view)
        return make_orders(new)


def _mark_possible(new: Drafts, view: PublicView) -> NDArray[np.bool_]:
    """Return which drafts can be posted, bool [D]: the author is active and the parent, if any, is still there."""
    row = new.parent - view.base
    possible: NDArray[np.bool_] = ((new.parent < 0) | (row >= 0)) & ~view.inactive[new.author]
    possible[row >= 0] &= ~view.removed[row[row >= 0]]
    return possible


@cached_njit
def _delay(time, keys, key, window, diurnal):
    """Add to each time a delay in 0 .. window (seconds): uniform, or with the density of the daily rhythm."""
    turn = 2.0 * math.pi / DAY
    for d in range(len(keys)):
        u = draw(mix(key, keys[d]), _SECOND)
        late = u * window
        if diurnal:
            begin = math.sin(turn * (time[d] - PEAK))
            wanted = u * (window + RHYTHM / turn * (math.sin(turn * (time[d] + window - PEAK)) - begin))
            low, high = 0.0, window
            while high - low > 0.5:
                late = 0.5 * (low + high)
                if late + RHYTHM / turn * (math.sin(turn * (time[d] + late - PEAK)) - begin) < wanted:
                    low = late
                else:
                    high = late
        time[d] += int(late)


@cached_njit
def _write(new, rows, view):
    """Fill drafts, whose key, author and time are set, from the day's everyday posts in `rows`.

    `rows` includes reposts, so content that is often reposted is often drawn.
    """
    for d in range(len(new.key)):
        post = new.key[d]
        u, j = draw(post, _KIND), rows[int(draw(post, _PICK) * len(rows))]
        other = view.original_author[j] != new.author[d]
        if u < REPOSTS and other:
            fill_repost(new, d, view, view.base, j)
            continue
        new.topic[d] = view.topic[j]
        new.appeal[d] = 1.0 - math.exp(math.log(1.0 - draw(post, _APPEAL)) / 5.0)
        if REPOSTS <= u < REPOSTS + REPLIES and other and view.root[j] >= view.base:
            fill_reply(new, d, view, j)
