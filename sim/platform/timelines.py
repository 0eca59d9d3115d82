"""Timelines: each author's standing posts side by side, so that home feeds leaf through them quickly.

They follow the ledger by what changes in an hour: new posts, new scores, removals. What is old stays at the front of
a timeline, where nobody leafs to, until all are laid out anew.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import aligned, kernel, piece
from sim.state.posts import I32, Posts


class Runs(NamedTuple):
    """The timelines as columns. A post is named by its *mark*: its serial, counted from `first`.

    Posts of author a are head[a, START] .. head[a, STOP] - 1, in order of time; N items in all.
    """

    first: int  #: serial of mark 0
    newest: I32  #: [A] mark of the author's newest post, -1 for none: most readers look no further
    head: I32  #: [A, 4]: START, STOP and END of each author, and nothing, so that no head lies across two cache lines
    item: I32  #: [N, 8]: MARK, VOICE and CONTENT of a post; its last two places hold the score
    score: NDArray[np.float64]  #: [N, 4]: the same memory; SCORE is the score of a post


START, STOP, END = 0, 1, 2  #: items in use, and where the room of the next author begins at the earliest
MARK, VOICE, CONTENT = 0, 1, 2  #: of the post, its content's author, and of its content, which may be negative
SCORE = 3  #: what the feed ranks the post by
LEAST = 4  #: items for which a timeline has room at least


class Timelines:
    """Keeps the timelines of `accounts` authors from hour to hour."""

    def __init__(self, accounts: int) -> None:
        self._place: I32 = np.empty(0, np.int32)  # of each mark, -1 for what is not laid out
        self._end = 0  # of the items in use
        self.runs = _blank(accounts, 0, 0)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "runs": self.runs._replace(score=self.runs.score[:0])}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        item, score = _table(len(self.runs.item))  # a copy by itself would hold the scores apart, and begin anywhere
        item[:] = self.runs.item
        self.runs = self.runs._replace(item=item, score=score)

    def take(self, posts: Posts, base: int, new: slice, removed: NDArray[np.int64], oldest: int) -> None:
        """Follow the ledger by one hour.

        Args:
            posts: its rows.
            base: serial of row 0.
            new: rows that were written in this hour; their parents and roots may have new scores.
            removed: rows that were taken down in this hour.
            oldest: first row that anybody can still find at home.
        """
        end = -1
        if base + new.stop - self.runs.first <= len(self._place):
            end = _append(self.runs, self._place, self._end, posts, base, new.start, new.stop)
        if end < 0:
            self.lay_out(posts, base, oldest)
            return
        self._end = end
        _score(self.runs, self._place, posts, base, new.start, new.stop)
        _remove(self.runs, self._place, removed, posts, base)

    def lay_out(self, posts: Posts, base: int, oldest: int) -> None:
        """Lay out all that stands from row `oldest` on anew, with room for as much again."""
        accounts, posts_now = len(self.runs.newest), len(posts.author) - oldest
        self._place = np.full(2 * posts_now + LEAST * accounts, -1, np.int32)
        self.runs = _blank(accounts, 3 * posts_now + 2 * LEAST * accounts, base + oldest)
        self._end = _make_room(self.runs, posts, oldest)
        _append(self.runs, self._place, self._end, posts, base, oldest, len(posts.author))


def _blank(accounts: int, items: int, first: int) -> Runs:
    newest, head = np.full(accounts, -1, np.int32), np.zeros((accounts, 4), np.int32)
    return Runs(first, newest, head, *_table(items))


def _table(items: int) -> tuple[I32, NDArray[np.float64]]:
    """Return room for so many items, as `item` and as `score`."""
    table = aligned(items, 32)
    return table.view(np.int32), table.view(np.float64)


@kernel
def _make_room(runs, posts, oldest):
    """Part the items among the authors, half as much again as each needs; return where the last one's end."""
    for j in range(oldest, len(posts.author)):
        runs.head[posts.author[j], END] += not posts.removed[j]
    end = 0
    for a in range(len(runs.head)):
        runs.head[a, START] = runs.head[a, STOP] = end
        end += runs.head[a, END] + runs.head[a, END] // 2 + LEAST
        runs.head[a, END] = end
    return end


@kernel
def _append(runs, place, end, posts, base, first, last):
    """Append rows first .. last - 1; return where the items in use end, -1 if there is no room."""
    for j in range(first, last):
        if posts.removed[j]:
            continue
        a = posts.author[j]
        if runs.head[a, STOP] == runs.head[a, END]:
            wanted = 2 * (runs.head[a, STOP] - runs.head[a, START])
            if end + wanted > len(runs.item):
                return -1
            _move(runs, place, a, end)
            end += wanted
            runs.head[a, END] = end
        at = runs.head[a, STOP]
        runs.head[a, STOP] += 1
        mark = base + j - runs.first
        runs.newest[a] = runs.item[at, MARK] = mark
        runs.item[at, VOICE], runs.score[at, SCORE] = posts.voice[j], posts.score[j]
        runs.item[at, CONTENT] = posts.root[j] - runs.first
        place[mark] = at
    return end


@piece
def _move(runs, place, a, to):
    """Move the timeline of `a` to the items from `to` on."""
    start = to
    for x in range(runs.head[a, START], runs.head[a, STOP]):
        runs.item[to, MARK], runs.item[to, VOICE] = runs.item[x, MARK], runs.item[x, VOICE]
        runs.item[to, CONTENT], runs.score[to, SCORE] = runs.item[x, CONTENT], runs.score[x, SCORE]
        place[runs.item[x, MARK]] = to
        to += 1
    runs.head[a, START], runs.head[a, STOP] = start, to


@kernel
def _score(runs, place, posts, base, first, last):
    """Take over the scores of what rows first .. last - 1 repost or answer."""
    for j in range(first, last):
        for serial in (posts.parent[j], posts.root[j]):
            mark = serial - runs.first
            if mark >= 0 and place[mark] >= 0 and serial >= base:
                runs.score[place[mark], SCORE] = posts.score[serial - base]


@kernel
def _remove(runs, place, rows, posts, base):
    """Take rows out of their timelines; later posts move up."""
    for j in rows:
        mark = base + j - runs.first
        if mark < 0 or place[mark] < 0:
            continue
        a = posts.author[j]
        for x in range(place[mark] + 1, runs.head[a, STOP]):
            runs.item[x - 1, MARK], runs.item[x - 1, VOICE] = runs.item[x, MARK], runs.item[x, VOICE]
            runs.item[x - 1, CONTENT], runs.score[x - 1, SCORE] = runs.item[x, CONTENT], runs.score[x, SCORE]
            place[runs.item[x, MARK]] = x - 1
        place[mark] = -1
        runs.head[a, STOP] -= 1
        runs.newest[a] = runs.item[runs.head[a, STOP] - 1, MARK] if runs.head[a, STOP] > runs.head[a, START] else -1
