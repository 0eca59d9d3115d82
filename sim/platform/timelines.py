"""Timelines: each author's standing posts side by side, so that home feeds leaf through them quickly.

They follow the ledger by what changes in an hour: new posts, new scores, removals. What is old stays at the front of
a timeline, where nobody leafs to, until all are laid out anew.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel, piece
from sim.state.posts import I32, Posts


class Runs(NamedTuple):
    """The timelines as columns. A post is named by its *mark*: its serial, counted from `first`.

    Posts of author a are start[a] .. stop[a] - 1, in order of time; the last four columns have an item a post.
    """

    first: int  #: serial of mark 0
    start: I32  #: [A]
    stop: I32  #: [A]
    room: I32  #: [A] where the next author's items begin at the earliest
    newest: I32  #: [A] mark of the author's newest post, -1 for none
    mark: I32
    voice: I32
    content: I32  #: mark of the content, which may be negative
    score: NDArray[np.float64]


LEAST = 4  #: items for which a timeline has room at least


class Timelines:
    """Keeps the timelines of `accounts` authors from hour to hour."""

    def __init__(self, accounts: int) -> None:
        self._place: I32 = np.empty(0, np.int32)  # of each mark, -1 for what is not laid out
        self._end = 0  # of the items in use
        self.runs = _blank(accounts, 0, 0)

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
        accounts, posts_now = len(self.runs.start), len(posts.author) - oldest
        self._place = np.full(2 * posts_now + LEAST * accounts, -1, np.int32)
        self.runs = _blank(accounts, 3 * posts_now + 2 * LEAST * accounts, base + oldest)
        self._end = _make_room(self.runs, posts, oldest)
        _append(self.runs, self._place, self._end, posts, base, oldest, len(posts.author))


def _blank(accounts: int, items: int, first: int) -> Runs:
    start, stop, room = np.zeros((3, accounts), np.int32)
    mark, voice, content = np.empty((3, items), np.int32)
    return Runs(first, start, stop, room, np.full(accounts, -1, np.int32), mark, voice, content, np.empty(items))


@kernel
def _make_room(runs, posts, oldest):
    """Part the items among the authors, half as much again as each needs; return where the last one's end."""
    for j in range(oldest, len(posts.author)):
        runs.room[posts.author[j]] += not posts.removed[j]
    end = 0
    for a in range(len(runs.start)):
        runs.start[a] = runs.stop[a] = end
        end += runs.room[a] + runs.room[a] // 2 + LEAST
        runs.room[a] = end
    return end


@kernel
def _append(runs, place, end, posts, base, first, last):
    """Append rows first .. last - 1; return where the items in use end, -1 if there is no room."""
    for j in range(first, last):
        if posts.removed[j]:
            continue
        a = posts.author[j]
        if runs.stop[a] == runs.room[a]:
            wanted = 2 * (runs.stop[a] - runs.start[a])
            if end + wanted > len(runs.mark):
                return -1
            _move(runs, place, a, end)
            end += wanted
            runs.room[a] = end
        at = runs.stop[a]
        runs.stop[a] += 1
        mark = base + j - runs.first
        runs.newest[a] = runs.mark[at] = mark
        runs.voice[at], runs.score[at] = posts.voice[j], posts.score[j]
        runs.content[at] = posts.root[j] - runs.first
        place[mark] = at
    return end


@piece
def _move(runs, place, a, to):
    """Move the timeline of `a` to the items from `to` on."""
    start = to
    for x in range(runs.start[a], runs.stop[a]):
        runs.mark[to], runs.voice[to] = runs.mark[x], runs.voice[x]
        runs.content[to], runs.score[to] = runs.content[x], runs.score[x]
        place[runs.mark[x]] = to
        to += 1
    runs.start[a], runs.stop[a] = start, to


@kernel
def _score(runs, place, posts, base, first, last):
    """Take over the scores of what rows first .. last - 1 repost or answer."""
    for j in range(first, last):
        for serial in (posts.parent[j], posts.root[j]):
            mark = serial - runs.first
            if mark >= 0 and place[mark] >= 0 and serial >= base:
                runs.score[place[mark]] = posts.score[serial - base]


@kernel
def _remove(runs, place, rows, posts, base):
    """Take rows out of their timelines; later posts move up."""
    for j in rows:
        mark = base + j - runs.first
        if mark < 0 or place[mark] < 0:
            continue
        a = posts.author[j]
        for x in range(place[mark] + 1, runs.stop[a]):
            runs.mark[x - 1], runs.voice[x - 1] = runs.mark[x], runs.voice[x]
            runs.content[x - 1], runs.score[x - 1] = runs.content[x], runs.score[x]
            place[runs.mark[x]] = x - 1
        place[mark] = -1
        runs.stop[a] -= 1
        runs.newest[a] = runs.mark[runs.stop[a] - 1] if runs.stop[a] > runs.start[a] else -1
