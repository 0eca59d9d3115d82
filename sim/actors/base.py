"""What organised actors share: what they can see, and how they put posts into the world."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.noise import draws, key_of, lognormals, mixed, mixed_pairs, stream
from sim.state.accounts import F64, I64, Accounts, empty
from sim.state.posts import CONTESTED, I8, I32, REPLY, REPOST, Drafts, Ledger, drafts
from sim.state.topics import Topics

_FOLLOWED = stream("actors/followed")
_TIES = stream("actors/ties")
_ORDERED = stream("actors/post")


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
    reposts: I32
    replies: I32
    removed: NDArray[np.bool_]
    stream: I64  #: [n] serials of the contested topic's originals and replies, oldest first
    barred: NDArray[np.bool_]  #: [A] accounts that are suspended now


def look(ledger: Ledger, topics: Topics, accounts: Accounts, tick: int) -> PublicView:
    """Return the public view at the start of `tick`; nothing hidden of a person goes into it."""
    rows = ledger.rows()
    stream_ = topics.serials[CONTESTED, : topics.lengths[CONTESTED]]
    public = {name: getattr(rows, name) for name in PublicView._fields if name in rows._fields}
    return PublicView(
        tick=tick,
        base=ledger.base,
        stream=stream_[np.searchsorted(stream_, ledger.base) :],
        barred=accounts.suspended_until > tick,
        **public,
    )


def recent(view: PublicView, hours: int) -> I64:
    """Return rows of the contested stream of the last `hours` that still stand, oldest first, int64."""
    rows = view.stream - view.base
    first = int(np.searchsorted(view.time[rows], (view.tick - hours) * 3600))
    rows = rows[first:]
    return rows[~view.removed[rows]]


class Band(NamedTuple):
    """The accounts of one actor when they join: their columns and their ties."""

    accounts: Accounts
    source: I64  #: [T] who follows (row)
    target: I64  #: [T] who is followed (row)


def enlist(name: str, size: int, followers: float, n_organic: int, first_row: int, seed: int) -> Band:
    """Make `size` accounts of one actor, each with lognormal numbers of organic followers.

    Ties are keyed by the account, so that one more account changes nobody else's. Mean `followers`,
    sigma 1 (assumption). Followers are drawn uniformly; duplicates are dropped by the graph.
    """
    accounts = empty(size)
    accounts.key[:] = mixed(key_of(seed, stream(f"actors/{name}"), 0), np.arange(size, dtype=np.uint64))
    accounts.climate[:] = 0.5
    drawn = lognormals(followers, 1.0, key_of(seed, _FOLLOWED, 0), accounts.key)
    counts = np.minimum(drawn.astype(np.int64), n_organic)
    owner = np.repeat(np.arange(size), counts)
    ordinal = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    ties = pairs(accounts.key[owner], ordinal, key_of(seed, _TIES, 0))
    source = (draws(ties, 0) * n_organic).astype(np.int64)
    return Band(accounts, source, first_row + owner)


def pairs(keys: NDArray[np.uint64], ordinal: I64, key: np.uint64) -> NDArray[np.uint64]:
    """Return one identity (uint64 [n]) for each (account key, ordinal) under a stream key."""
    together: NDArray[np.uint64] = mixed_pairs(mixed(key, keys), ordinal.astype(np.uint64))
    return together


def blank(rows: I64, keys: NDArray[np.uint64], ordinal: I64, seconds: F64, seed: int, tick: int) -> Drafts:
    """Return drafts by organised accounts (rows int64 [n]) at these seconds of the hour (float64 [n])."""
    new = drafts(len(rows))
    new.key[:] = pairs(keys, ordinal, key_of(seed, _ORDERED, tick))
    new.author[:] = rows
    new.voice[:] = rows
    new.time[:] = tick * 3600 + np.clip(seconds, 0.0, 3599.0).astype(np.int64)
    new.topic[:] = CONTESTED
    return new


def repost(new: Drafts, which: NDArray[np.bool_], view: PublicView, row: I64) -> None:
    """Make the drafts `which` reposts of the ledger rows `row` (one for each True)."""
    new.kind[which] = REPOST
    new.parent[which] = view.base + row
    for name in ("topic", "stance_principal", "stance_extremist", "toxicity", "shock", "appeal", "template", "root"):
        getattr(new, name)[which] = getattr(view, name)[row]
    new.voice[which] = view.voice[row]


def reply(new: Drafts, which: NDArray[np.bool_], view: PublicView, row: I64) -> None:
    """Make the drafts `which` answers to the content of the ledger rows `row` (one for each True)."""
    new.kind[which] = REPLY
    new.parent[which] = view.root[row]
    new.target[which] = view.voice[row]
    new.target_stance[which] = view.stance_principal[row]
