"""The public view and the accounts that all organised actors share."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit
from sim.rng import draw, draw_each, hash_pairs, keyed_hash, lognormals, make_key, mix, stream
from sim.state.accounts import EMPTY_ROWS, F64, I64, Accounts, make_blank_accounts
from sim.state.posts import CONTESTED, I8, I32, Drafts, Ledger, Posts, make_drafts
from sim.state.records import Orders
from sim.state.topics import Topics

_FOLLOWED = stream("actors/followed")
_TIES = stream("actors/ties")
_ORDERED = stream("actors/post")
_COMES, _EXTRA = range(2)  # purposes of a member's draws in one hour

DAY = 24


class PublicView(NamedTuple):
    """The public part of the platform. Ledger columns are views of the window [W]."""

    tick: int
    base: int  #: serial of row 0
    author: I32
    time: I64
    kind: I8
    topic: NDArray[np.int16]
    stance_principal: F64  #: of the content, which is public
    stance_extremist: F64
    toxicity: F64
    shock: F64
    appeal: F64
    template: I32
    root: I64
    original_author: I32
    target: I32
    theme: I8
    reposts: I32
    replies: I32
    removed: NDArray[np.bool_]
    stream: I64  #: [n] serials of the contested topic's originals and replies, oldest first
    inactive: NDArray[np.bool_]  #: [A] accounts that are suspended or have left
    unmasked: NDArray[np.bool_]  #: [A] accounts known to have written to order
    turned_to: I64 = EMPTY_ROWS  #: accounts that new recruits turned to in this hour, one item for each recruit
    extremist_volume: float = 1.0  #: factor on the number of the extremists' posts, from outside events


_COLUMNS = [name for name in PublicView._fields if name in Posts._fields]


def make_public_view(ledger: Ledger, topics: Topics, accounts: Accounts, tick: int) -> PublicView:
    """Return the public view at the start of `tick`; it has no hidden state of people."""
    public = {name: getattr(ledger.columns, name)[: ledger.size] for name in _COLUMNS}
    return PublicView(
        tick=tick,
        base=ledger.base,
        stream=get_stream(topics, CONTESTED, ledger.base),
        inactive=(accounts.suspended_until > tick) | accounts.has_left,
        unmasked=accounts.unmasked,
        **public,
    )


def get_stream(topics: Topics, topic: int, base: int) -> I64:
    """Return the serials of a topic's originals and replies from `base` on, oldest first."""
    serials: I64 = topics.serials[topic, : topics.lengths[topic]]
    return serials[np.searchsorted(serials, base) :]


def find_recent(view: PublicView, hours: int) -> I64:
    """Return rows of the contested stream of the last `hours` that are not removed, oldest first, int64."""
    oldest = np.searchsorted(view.time, (view.tick - hours) * 3600)
    rows = view.stream[np.searchsorted(view.stream, view.base + oldest) :] - view.base
    return rows[~view.removed[rows]]


def rank_highest(values: NDArray[Any], most: int) -> I64:
    """Return the places of the `most` highest values, the highest first, equal ones in order; int64."""
    places = np.flatnonzero(values > values.min()) if len(values) else EMPTY_ROWS
    if len(places) < most:  # seldom: most posts have no echo, and sorting these alone is fast
        places = np.arange(len(values))
    return places[np.argsort(-values[places], kind="stable")][:most]


class Actor(Protocol):
    """An organised actor: reads the public view and returns orders."""

    def order(self, view: PublicView) -> Orders:
        """Return the posts of this actor's members in the hour of `view`."""
        ...


class Operators(NamedTuple):
    """Those who run the organised accounts of a world.

    Actors hold the same `account_rows`, which change in place when an operator changes the account.
    """

    account_rows: Sequence[I64]  #: one array for each actor: the accounts that its members run now
    keys: NDArray[np.uint64]  #: [O] identities of all operators, in the order of `account_rows`
    first_spare: int  #: row of the first reserve account


class AccountBatch(NamedTuple):
    """The accounts of one actor at the start: their columns and their ties."""

    accounts: Accounts
    source: I64  #: [T] who follows (row)
    target: I64  #: [T] who is followed (row)
    unopened_count: int = 0  #: number of accounts, the last ones, that are opened later, each with its first post


def create_accounts(name: str, size: int, followers: float, n_organic: int, first_row: int, seed: int) -> AccountBatch:
    """Make `size` accounts of one actor, each with a lognormal number of organic followers.

    The mean is `followers`, sigma is 1 (assumption). Ties are keyed by the account, so an additional account does not
    change the others. Followers are drawn uniformly; the graph drops duplicates.
    """
    accounts = make_blank_accounts(size)
    accounts.key[:] = keyed_hash(make_key(seed, stream(f"actors/{name}"), 0), np.arange(size, dtype=np.uint64))
    accounts.opinion_climate[:] = 0.5
    source, owner = draw_followers(accounts.key, followers, n_organic, seed)
    return AccountBatch(accounts, source, first_row + owner)


def draw_followers(keys: NDArray[np.uint64], followers: float, n_organic: int, seed: int) -> tuple[I64, I64]:
    """Draw organic followers, a lognormal number of mean `followers`, for each of these identities (uint64 [n]).

    Returns:
        Rows of followers, and the index of the followed identity; both int64.
    """
    drawn = lognormals(followers, 1.0, make_key(seed, _FOLLOWED, 0), keys)
    counts = np.minimum(drawn.astype(np.int64), n_organic)
    owner, ordinal = number_items(counts)
    ties = make_pair_keys(keys[owner], ordinal, make_key(seed, _TIES, 0))
    return (draw_each(ties, 0) * n_organic).astype(np.int64), owner


def weigh_followers(affinity: float, stance: F64, following: I64) -> F64:
    """Return the weight of each person as a follower of a force whose side is stance 1; no affinity: all alike.

    (accounts followed * e^stance)^affinity, an assumption. So most followers agree and follow many.
    """
    return np.asarray((following * np.exp(stance)) ** affinity)


def draw_followers_again(batch: AccountBatch, first_row: int, weight: F64, seed: int) -> AccountBatch:
    """Return the batch with as many followers as before, drawn by the `weight` (float64 [n_organic]) of each person.

    The draws are the same: at equal weights so are the followers.
    """
    owner = batch.target - first_row
    ordinal = np.arange(len(owner)) - np.searchsorted(owner, owner)
    ties = make_pair_keys(batch.accounts.key[owner], ordinal, make_key(seed, _TIES, 0))
    cumulative = np.cumsum(weight)
    source = np.searchsorted(cumulative, draw_each(ties, 0) * cumulative[-1], side="right")
    return batch._replace(source=np.minimum(source, len(weight) - 1))


def number_items(counts: I64) -> tuple[I64, I64]:
    """Return the owner of each of `counts` items that every owner has, and its number among the owner's, from 0."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


def make_pair_keys(keys: NDArray[np.uint64], ordinal: I64, key: np.uint64) -> NDArray[np.uint64]:
    """Return one identity (uint64 [n]) for each (account key, ordinal) under a stream key."""
    together: NDArray[np.uint64] = hash_pairs(keyed_hash(key, keys), ordinal.astype(np.uint64))
    return together


@cached_njit
def count_posts(rates, keys, hour, attendance):
    """Return how many posts each member writes in an hour, int64 [M].

    With the probability `attendance` it is the rate (posts/h), rounded at random, otherwise 0.
    """
    count = np.zeros(len(keys), np.int64)
    for m in range(len(keys)):
        member = mix(hour, keys[m])
        if rates[m] > 0.0 and draw(member, _COMES) < attendance:
            count[m] = int(rates[m] + draw(member, _EXTRA))
    return count


@cached_njit
def make_post_key(key, member, ordinal):
    """Return the identity (uint64) of a member's post number `ordinal`; `key` comes from `make_orders_key`."""
    return mix(mix(key, member), np.uint64(ordinal))


def make_orders_key(seed: int, tick: int) -> np.uint64:
    """Return the key of all organised posts of `tick`."""
    return make_key(seed, _ORDERED, tick)


def draft_posts(rows: I64, keys: NDArray[np.uint64], count: I64, seed: int, tick: int) -> tuple[Drafts, I64, I64]:
    """Return drafts of `count` posts of each member, with key and author, and the member and the ordinal of each."""
    new = make_drafts(int(count.sum()))
    key = make_orders_key(seed, tick)
    return new, *_sign(new.key, new.author, new.original_author, rows, keys, count, key)


@cached_njit
def _sign(post, author, original_author, rows, keys, count, key):
    """Fill in the columns of the posts of all members; return the member and the ordinal of each post."""
    member, ordinal, d = np.empty(len(post), np.int64), np.empty(len(post), np.int64), 0
    for m in range(len(count)):
        for number in range(count[m]):
            post[d], member[d], ordinal[d] = make_post_key(key, keys[m], number), m, number
            author[d] = original_author[d] = rows[m]
            d += 1
    return member, ordinal


def make_orders(drafts: Drafts, order: I64 | int = -1, tactic: I64 | int = -1) -> Orders:
    """Return orders for these drafts, with one number and tactic for all or for each; -1 for none."""
    n = len(drafts.key)
    return Orders(drafts, np.full(n, order, np.int64), np.full(n, tactic, np.int8))
