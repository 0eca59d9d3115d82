"""Timelines: the posts of each author side by side, so that home feeds read them quickly.

They follow the ledger hour by hour: new posts, new scores, removals. Old posts stay at the start of a timeline, where
nobody reads, until all timelines are rebuilt.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import empty_aligned, inline_kernel, kernel
from sim.state.posts import I32, Posts


class AuthorTimelines(NamedTuple):
    """The timelines as columns. The *mark* of a post is its serial minus `first`.

    Posts of author a are head[a, START] .. head[a, STOP] - 1, in order of time; N items in all.
    """

    first: int  #: serial of mark 0
    newest: I32  #: [A] mark of the author's newest post, -1 for none; most readers need no more
    head: I32  #: [A, 4]: START, STOP and END of each author; the fourth column aligns rows to cache lines
    item: I32  #: [N, 8]: MARK, AUTHOR and CONTENT of a post; its last two places hold the score
    score: NDArray[np.float64]  #: [N, 4]: the same memory; SCORE is the score of a post


START, STOP, END = 0, 1, 2  #: items in use, and the end of the author's room
MARK, AUTHOR, CONTENT = (
    0,
    1,
    2,
)  #: mark of the post, its original author, and mark of its content, which may be negative
SCORE = 3  #: score by which the feed ranks the post
MIN_ROOM = 4  #: least room of a timeline, items


class Timelines:
    """Keeps the timelines of `accounts` authors from hour to hour."""

    def __init__(self, accounts: int) -> None:
        self._place: I32 = np.empty(0, np.int32)  # item of each mark, -1 for none
        self._end = 0  # of the items in use
        self.columns = _make_blank(accounts, 0, 0)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "columns": self.columns._replace(score=self.columns.score[:0])}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        item, score = _allocate_table(
            len(self.columns.item)
        )  # a plain copy would not share memory between item and score, nor be aligned
        item[:] = self.columns.item
        self.columns = self.columns._replace(item=item, score=score)

    def update(self, posts: Posts, base: int, new: slice, oldest: int) -> None:
        """Update the timelines by new posts of the ledger.

        Args:
            posts: its rows.
            base: serial of row 0.
            new: rows that were written since; their parents and roots may have new scores.
            oldest: first row that home feeds can still show.
        """
        end = -1
        if base + new.stop - self.columns.first <= len(self._place):
            end = _append(self.columns, self._place, self._end, posts, base, new.start, new.stop)
        if end < 0:
            self.lay_out(posts, base, oldest)
            return
        self._end = end
        _score(self.columns, self._place, posts, base, new.start, new.stop)

    def remove(self, posts: Posts, base: int, removed: NDArray[np.int64]) -> None:
        """Take the rows `removed` (int64 [n]) of `posts`, row 0 of which has the serial `base`, out of them."""
        _remove(self.columns, self._place, removed, posts, base)

    def lay_out(self, posts: Posts, base: int, oldest: int) -> None:
        """Rebuild the timelines from row `oldest` on, with room for as many posts again."""
        accounts, posts_now = len(self.columns.newest), len(posts.author) - oldest
        self._place = np.full(2 * posts_now + MIN_ROOM * accounts, -1, np.int32)
        self.columns = _make_blank(accounts, 3 * posts_now + 2 * MIN_ROOM * accounts, base + oldest)
        self._end = _make_room(self.columns, posts, oldest)
        _append(self.columns, self._place, self._end, posts, base, oldest, len(posts.author))


def _make_blank(accounts: int, items: int, first: int) -> AuthorTimelines:
    newest, head = np.full(accounts, -1, np.int32), np.zeros((accounts, 4), np.int32)
    return AuthorTimelines(first, newest, head, *_allocate_table(items))


def _allocate_table(items: int) -> tuple[I32, NDArray[np.float64]]:
    """Return memory for this number of items, as `item` and as `score`."""
    table = empty_aligned(items, 32)
    return table.view(np.int32), table.view(np.float64)


@kernel
def _make_room(timelines, posts, oldest):
    """Divide the items among the authors, one and a half times what each needs; return the end of the last part."""
    for j in range(oldest, len(posts.author)):
        timelines.head[posts.author[j], END] += not posts.removed[j]
    end = 0
    for a in range(len(timelines.head)):
        timelines.head[a, START] = timelines.head[a, STOP] = end
        end += timelines.head[a, END] + timelines.head[a, END] // 2 + MIN_ROOM
        timelines.head[a, END] = end
    return end


@kernel
def _append(timelines, place, end, posts, base, first, last):
    """Append rows first .. last - 1; return the end of the items in use, -1 if there is no room."""
    for j in range(first, last):
        if posts.removed[j]:
            continue
        a = posts.author[j]
        if timelines.head[a, STOP] == timelines.head[a, END]:
            wanted = 2 * (timelines.head[a, STOP] - timelines.head[a, START])
            if end + wanted > len(timelines.item):
                return -1
            _move(timelines, place, a, end)
            end += wanted
            timelines.head[a, END] = end
        at = timelines.head[a, STOP]
        timelines.head[a, STOP] += 1
        mark = base + j - timelines.first
        timelines.newest[a] = timelines.item[at, MARK] = mark
        timelines.item[at, AUTHOR], timelines.score[at, SCORE] = posts.original_author[j], posts.score[j]
        timelines.item[at, CONTENT] = posts.root[j] - timelines.first
        place[mark] = at
    return end


@inline_kernel
def _move(timelines, place, a, to):
    """Move the timeline of `a` to the items from `to` on."""
    start = to
    for x in range(timelines.head[a, START], timelines.head[a, STOP]):
        timelines.item[to, MARK], timelines.item[to, AUTHOR] = timelines.item[x, MARK], timelines.item[x, AUTHOR]
        timelines.item[to, CONTENT], timelines.score[to, SCORE] = timelines.item[x, CONTENT], timelines.score[x, SCORE]
        place[timelines.item[x, MARK]] = to
        to += 1
    timelines.head[a, START], timelines.head[a, STOP] = start, to


@kernel
def _score(timelines, place, posts, base, first, last):
    """Copy the scores of the posts that rows first .. last - 1 repost or answer."""
    for j in range(first, last):
        for serial in (posts.parent[j], posts.root[j]):
            mark = serial - timelines.first
            if mark >= 0 and place[mark] >= 0 and serial >= base:
                timelines.score[place[mark], SCORE] = posts.score[serial - base]


@kernel
def _remove(timelines, place, rows, posts, base):
    """Remove rows from their timelines; later posts move up."""
    for j in rows:
        mark = base + j - timelines.first
        if mark < 0 or place[mark] < 0:
            continue
        a = posts.author[j]
        for x in range(place[mark] + 1, timelines.head[a, STOP]):
            timelines.item[x - 1, MARK], timelines.item[x - 1, AUTHOR] = (
                timelines.item[x, MARK],
                timelines.item[x, AUTHOR],
            )
            timelines.item[x - 1, CONTENT], timelines.score[x - 1, SCORE] = (
                timelines.item[x, CONTENT],
                timelines.score[x, SCORE],
            )
            place[timelines.item[x, MARK]] = x - 1
        place[mark] = -1
        timelines.head[a, STOP] -= 1
        timelines.newest[a] = (
            timelines.item[timelines.head[a, STOP] - 1, MARK]
            if timelines.head[a, STOP] > timelines.head[a, START]
            else -1
        )
