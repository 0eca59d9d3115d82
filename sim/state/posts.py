"""The ledger of posts: append-only columns with per-author chains, bounded by a time window.

The *serial* of a post never changes; `serial - base` is its row while it is inside the window. Rows are in order of
time. Posts have no text, only numbers: stances, topic, toxicity, shock, the number of a copied text.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import inline_kernel, kernel
from sim.state.accounts import F64, I64, Accounts

ORIGINAL, REPOST, REPLY = 0, 1, 2
KINDS = ("original", "repost", "reply")
TOXIC_THRESHOLD = 0.5  #: a post of at least this toxicity is abuse (assumption)
CONTESTED = 0  #: the topic that the campaign is about; all others are everyday talk
FIRST_SLOGAN = 2**30  #: templates from here on are slogans of genuine people, one for each hour
THEMES = ("plain", "smear", "distress", "civic")
PLAIN, SMEAR, DISTRESS, CIVIC = range(len(THEMES))  #: what content does, apart from its stance

I8 = NDArray[np.int8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]


class Drafts(NamedTuple):
    """New posts of one tick before they are appended, columns [D]."""

    key: NDArray[np.uint64]  #: identity of the post: hash of (author, tick, ordinal)
    author: I32  #: account row
    time: I64  #: seconds since the start
    kind: I8  #: ORIGINAL | REPOST | REPLY
    topic: I16  #: CONTESTED or an everyday topic
    stance_principal: F64  #: of the content, [-1, 1]
    stance_extremist: F64  #: of the content, [-1, 1]
    toxicity: F64  #: [0, 1]
    shock: F64  #: [0, 1]
    appeal: F64  #: what makes it spread, [0, 1]
    template: I32  #: number of the text that it copies, -1 if it copies none
    parent: I64  #: serial of the post that is reposted or answered, -1 for none
    root: I64  #: serial of the reposted content, -1 for the post itself
    original_author: I32  #: account row of the content's author
    target: I32  #: account row that is answered (or smeared, see `theme`), -1 for none
    target_stance: F64  #: the answered post's stance towards the principal
    dissent: NDArray[np.bool_]  #: dissenting post by a person of the cohort of dissenters
    theme: I8  #: PLAIN | SMEAR (of `target`) | DISTRESS | CIVIC


class Posts(NamedTuple):
    """Columns of the ledger, [capacity]: those of `Drafts`, then columns that change after publication."""

    key: NDArray[np.uint64]
    author: I32
    time: I64
    kind: I8
    topic: I16
    stance_principal: F64
    stance_extremist: F64
    toxicity: F64
    shock: F64
    appeal: F64
    template: I32
    parent: I64
    root: I64
    original_author: I32
    target: I32
    target_stance: F64
    dissent: NDArray[np.bool_]
    theme: I8
    previous: I64  #: serial of the author's previous post, -1 for none
    previous_mention: I64  #: serial of the previous post that answers the same target, -1 for none
    reposts: I32  #: times it was reposted
    replies: I32  #: times it was answered
    reports: I32  #: times it was reported
    removed: NDArray[np.bool_]  #: taken down by moderation
    score: F64  #: feeds rank by it


class PublicPosts(NamedTuple):
    """The columns of posts that anybody can see, [W]: all but whether a dissenter has written it."""

    key: NDArray[np.uint64]
    author: I32
    time: I64
    kind: I8
    topic: I16
    stance_principal: F64
    stance_extremist: F64
    toxicity: F64
    shock: F64
    template: I32
    root: I64
    original_author: I32
    target: I32
    removed: NDArray[np.bool_]


_DTYPES = {
    "key": np.uint64,
    "author": np.int32,
    "time": np.int64,
    "kind": np.int8,
    "topic": np.int16,
    "template": np.int32,
    "parent": np.int64,
    "root": np.int64,
    "original_author": np.int32,
    "target": np.int32,
    "dissent": np.bool_,
    "theme": np.int8,
    "previous": np.int64,
    "previous_mention": np.int64,
    "reposts": np.int32,
    "replies": np.int32,
    "reports": np.int32,
    "removed": np.bool_,
}
_DRAFT_DTYPES = [np.dtype(_DTYPES.get(name, np.float64)) for name in Drafts._fields]


def make_drafts(n: int) -> Drafts:
    """Return `n` blank drafts: zeros, and -1 where a serial, a row or a template is absent."""
    new = Drafts._make(np.zeros(n, dtype) for dtype in _DRAFT_DTYPES)
    for column in (new.template, new.parent, new.root, new.target):
        column.fill(-1)
    return new


NO_DRAFTS = make_drafts(0)


def merge_drafts(parts: Sequence[Drafts]) -> Drafts:
    """Return the drafts of all parts, in order."""
    return Drafts._make(map(np.concatenate, zip(*parts, strict=True)))


def select_drafts(drafts: Drafts, which: NDArray[np.bool_]) -> Drafts:
    """Return the drafts that `which` (bool [D]) marks."""
    return Drafts._make(column[which] for column in drafts)


def split_drafts(drafts: Drafts, which: NDArray[np.bool_]) -> tuple[Drafts, Drafts]:
    """Return the drafts that `which` (bool [D]) marks, and the others."""
    if which.all():
        return drafts, NO_DRAFTS
    return (select_drafts(drafts, which), select_drafts(drafts, ~which)) if which.any() else (NO_DRAFTS, drafts)


class Ledger:
    """Owns the columns, their window and their growth.

    Args:
        window: seconds for which a post stays readable; older posts leave the memory.
        archive: called with the columns of the posts that leave (and, on `close`, with the rest).
        capacity: rows allocated at first; doubled when they are used up.

    Posts leave the window every tick, because of their time alone. Their rows are freed later, in bulk.
    """

    def __init__(self, window: int, archive: Callable[[int, Posts], None] | None = None, capacity: int = 4096) -> None:
        self.window, self.archive = window, archive
        self.base, self.size = 0, 0
        self._gone = 0  # rows at the start of the store that have left the window
        dtypes = (_DTYPES.get(name, np.float64) for name in Posts._fields)
        self._store = self.columns = Posts._make(np.zeros(capacity, dtype) for dtype in dtypes)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "columns"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._drop_oldest(0)  # columns are views of the store again

    @property
    def end(self) -> int:
        """Serial that the next post will get."""
        return self.base + self.size

    def get_rows(self) -> Posts:
        """Return views of the rows in the window, oldest first."""
        return Posts._make(column[: self.size] for column in self.columns)

    def append(self, parts: list[Drafts], accounts: Accounts) -> slice:
        """Append all drafts of a slice in order of (second, key); link chains, count reposts and replies.

        Existing rows do not move. Returns the new rows.
        """
        parts = [part for part in parts if len(part.key)]
        if not parts:
            return slice(self.size, self.size)
        order = np.lexsort((_concatenate_column(parts, "key"), _concatenate_column(parts, "time")))
        capacity = len(self._store.time)
        while self._gone + self.size + len(order) > capacity:
            capacity *= 2
        if capacity > len(self._store.time):
            self._store = Posts._make(_grow_column(column, capacity) for column in self._store)
            self._drop_oldest(0)
        filled = slice(self.size, self.size + len(order))
        rows = np.empty_like(order)
        rows[order] = np.arange(filled.start, filled.stop)
        written = 0
        for part in parts:
            _write(self.columns, self.base, rows[written : written + len(part.key)], part)
            written += len(part.key)
        _link(self.columns, self.base, filled.start, filled.stop, accounts)
        self.size = filled.stop
        return filled

    def expire(self, now: int) -> None:
        """Drop posts that are older than the window at `now` (seconds)."""
        expired = int(np.searchsorted(self.columns.time[: self.size], now - self.window))
        if expired:
            self._drop_oldest(expired)
        if self._gone > self.size:
            self._free()

    def close(self) -> None:
        """Pass the posts still in the window to the archive."""
        self._drop_oldest(self.size)
        self._free()

    def _drop_oldest(self, count: int) -> None:
        self._gone += count
        self.base += count
        self.size -= count
        self.columns = Posts._make(column[self._gone :] for column in self._store)

    def _free(self) -> None:
        if self._gone and self.archive is not None:
            self.archive(self.base - self._gone, Posts._make(column[: self._gone] for column in self._store))
        for column in self._store:
            column[: self.size] = column[self._gone : self._gone + self.size].copy()
        self._gone, self.columns = 0, self._store


def _grow_column(column: NDArray[Any], capacity: int) -> NDArray[Any]:
    grown = np.zeros(capacity, column.dtype)
    grown[: len(column)] = column
    return grown


def _concatenate_column(parts: list[Drafts], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])


@kernel
def _write(posts, base, rows, new):
    """Write the drafts `new` into these rows."""
    for d in range(len(rows)):
        row = rows[d]
        posts.key[row] = new.key[d]
        posts.author[row] = new.author[d]
        posts.time[row] = new.time[d]
        posts.kind[row] = new.kind[d]
        posts.topic[row] = new.topic[d]
        posts.stance_principal[row] = new.stance_principal[d]
        posts.stance_extremist[row] = new.stance_extremist[d]
        posts.toxicity[row] = new.toxicity[d]
        posts.shock[row] = new.shock[d]
        posts.appeal[row] = new.appeal[d]
        posts.template[row] = new.template[d]
        posts.parent[row] = new.parent[d]
        posts.root[row] = base + row if new.root[d] < 0 else new.root[d]
        posts.original_author[row] = new.original_author[d]
        posts.target[row] = new.target[d]
        posts.target_stance[row] = new.target_stance[d]
        posts.dissent[row] = new.dissent[d]
        posts.theme[row] = new.theme[d]


@kernel
def _link(posts, base, start, stop, accounts):
    """Link the new rows start .. stop - 1 to earlier posts, in order of time."""
    for row in range(start, stop):
        serial, author, target = base + row, posts.author[row], posts.target[row]
        posts.reposts[row], posts.replies[row], posts.reports[row] = 0, 0, 0
        posts.removed[row], posts.score[row] = False, 0.0
        posts.previous[row] = accounts.newest[author]
        accounts.newest[author] = serial
        accounts.written[author] += 1
        posts.previous_mention[row] = -1
        if target >= 0:
            posts.previous_mention[row] = accounts.newest_mention[target]
            accounts.newest_mention[target] = serial
            accounts.notices[target] += 1
        if posts.kind[row] == REPOST:
            accounts.notices[posts.original_author[row]] += 1
        _count_response(posts, base, posts.kind[row], posts.parent[row], posts.root[row])


@inline_kernel
def _count_response(posts, base, kind, parent, root):
    if kind == REPOST:
        if root >= base:
            posts.reposts[root - base] += 1
        if parent >= base and parent != root:
            posts.reposts[parent - base] += 1
    elif kind == REPLY and parent >= base:
        posts.replies[parent - base] += 1


@inline_kernel
def fill_repost(new, d, posts, base, j):
    """Make draft `d` a repost of row `j` of `posts` (any tuple of these columns): same content and original author."""
    new.kind[d] = REPOST
    new.topic[d] = posts.topic[j]
    new.stance_principal[d] = posts.stance_principal[j]
    new.stance_extremist[d] = posts.stance_extremist[j]
    new.toxicity[d] = posts.toxicity[j]
    new.shock[d] = posts.shock[j]
    new.appeal[d] = posts.appeal[j]
    new.template[d] = posts.template[j]
    new.theme[d] = posts.theme[j]
    new.parent[d] = base + j
    new.root[d] = posts.root[j]
    new.original_author[d] = posts.original_author[j]


@inline_kernel
def fill_reply(new, d, posts, j):
    """Make draft `d` a reply to the content of row `j` of `posts`."""
    new.kind[d] = REPLY
    new.topic[d] = posts.topic[j]
    new.parent[d] = posts.root[j]
    new.target[d] = posts.original_author[j]
    new.target_stance[d] = posts.stance_principal[j]
