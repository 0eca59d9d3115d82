"""What organised actors share: what they can see, and how they put posts into the world."""

from typing import NamedTuple, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.noise import draws, key_of, lognormals, mix, mixed, mixed_pairs, stream
from sim.state.accounts import F64, I64, Accounts, empty
from sim.state.posts import CONTESTED, I8, I32, Ledger, Posts
from sim.state.records import Orders
from sim.state.topics import Topics

_FOLLOWED = stream("actors/followed")
_TIES = stream("actors/ties")
_ORDERED = stream("actors/post")


NOBODY: I64 = np.zeros(0, np.int64)


class PublicView(NamedTuple):
    """What anybody can see of the platform from outside. Ledger columns are views of the window [W]."""

    tick: int
    base: int  #: serial of row 0
    author: I32
    time: I64
    kind: I8
    topic: NDArray[np.int16]
    stance_principal: F64  #: of the content: anybody can read it
    stance_extremist: F64
    toxicity: F64
    shock: F64
    appeal: F64
    template: I32
    root: I64
    voice: I32
    target: I32
    theme: I8
    reposts: I32
    replies: I32
    removed: NDArray[np.bool_]
    stream: I64  #: [n] serials of the contested topic's originals and replies, oldest first
    barred: NDArray[np.bool_]  #: [A] accounts that are suspended or have left
    unmasked: NDArray[np.bool_]  #: [A] accounts known to have served somebody
    turned_to: I64 = NOBODY  #: accounts to which people offered themselves in this hour, one item each
    heat: float = 1.0  #: factor on the volume of those whom outside events stir up


_COLUMNS = [name for name in PublicView._fields if name in Posts._fields]


def look(
    ledger: Ledger,
    topics: Topics,
    accounts: Accounts,
    tick: int,
    heat: float = 1.0,
    turned_to: I64 = NOBODY,
    tags: tuple[int, ...] = (CONTESTED,),
) -> PublicView:
    """Return the public view at the start of `tick`; nothing hidden of a person goes into it.

    Args:
        heat, turned_to: see `PublicView`.
        tags: topics whose streams together are the contested one.
    """
    streams = [topics.serials[tag, : topics.lengths[tag]] for tag in tags]
    stream_ = streams[0] if len(streams) == 1 else np.sort(np.concatenate(streams))
    public = {name: getattr(ledger.columns, name)[: ledger.size] for name in _COLUMNS}
    return PublicView(
        tick=tick,
        base=ledger.base,
        stream=stream_[np.searchsorted(stream_, ledger.base) :],
        barred=(accounts.suspended_until > tick) | accounts.left,
        unmasked=accounts.unmasked,
        turned_to=turned_to,
        heat=heat,
        **public,
    )


def recent(view: PublicView, hours: int) -> I64:
    """Return rows of the contested stream of the last `hours` that still stand, oldest first, int64."""
    oldest = np.searchsorted(view.time, (view.tick - hours) * 3600)
    rows = view.stream[np.searchsorted(view.stream, view.base + oldest) :] - view.base
    return rows[~view.removed[rows]]


class Actor(Protocol):
    """Somebody organised: looks at what anybody can see, returns orders."""

    def order(self, view: PublicView) -> Orders:
        """Return the posts of this actor's members in the hour of `view`."""
        ...


class Band(NamedTuple):
    """The accounts of one actor when they join: their columns and their ties."""

    accounts: Accounts
    source: I64  #: [T] who follows (row)
    target: I64  #: [T] who is followed (row)
    unopened: int = 0  #: how many of the accounts, the last ones, are opened later, each with its first post


def enlist(name: str, size: int, followers: float, n_organic: int, first_row: int, seed: int) -> Band:
    """Make `size` accounts of one actor, each with lognormal numbers of organic followers.

    Ties are keyed by the account, so that one more account changes nobody else's. Mean `followers`,
    sigma 1 (assumption). Followers are drawn uniformly; duplicates are dropped by the graph.
    """
    accounts = empty(size)
    accounts.key[:] = mixed(key_of(seed, stream(f"actors/{name}"), 0), np.arange(size, dtype=np.uint64))
    accounts.climate[:] = 0.5
    source, owner = followed(accounts.key, followers, n_organic, seed)
    return Band(accounts, source, first_row + owner)


def followed(keys: NDArray[np.uint64], followers: float, n_organic: int, seed: int) -> tuple[I64, I64]:
    """Draw organic followers, a lognormal number of mean `followers`, of each of these identities (uint64 [n]).

    Returns:
        Rows of followers, and by whom of the n each is drawn; both int64.
    """
    drawn = lognormals(followers, 1.0, key_of(seed, _FOLLOWED, 0), keys)
    counts = np.minimum(drawn.astype(np.int64), n_organic)
    owner = np.repeat(np.arange(len(keys)), counts)
    ordinal = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    ties = pairs(keys[owner], ordinal, key_of(seed, _TIES, 0))
    return (draws(ties, 0) * n_organic).astype(np.int64), owner


def pairs(keys: NDArray[np.uint64], ordinal: I64, key: np.uint64) -> NDArray[np.uint64]:
    """Return one identity (uint64 [n]) for each (account key, ordinal) under a stream key."""
    together: NDArray[np.uint64] = mixed_pairs(mixed(key, keys), ordinal.astype(np.uint64))
    return together


@njit(cache=True)
def ordered(key, member, ordinal):
    """Return the identity (uint64) of a member's post number `ordinal`; `key` is what `orders_of` returns."""
    return mix(mix(key, member), np.uint64(ordinal))


def orders_of(seed: int, tick: int) -> np.uint64:
    """Return the key of all organised posts of `tick`."""
    return key_of(seed, _ORDERED, tick)
