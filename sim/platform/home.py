"""The home feed: the best of what followees wrote since the last visit, one item for each content.

Most followees wrote nothing, and the posts of the others are scattered in memory. So a reader first finds the followees
who wrote, prefetches their posts together, and then reads them.
"""

import threading
from typing import NamedTuple

import numpy as np

from sim.kernels import inline_kernel, prefetch
from sim.platform.timelines import AUTHOR, CONTENT, MARK, SCORE, START, STOP
from sim.rng import U64
from sim.state.accounts import F64
from sim.state.posts import I32

_PER_LINE = 16  # followees in a cache line
_LEAST = 64  # least number of entries of the table that a session uses
_SOON = 6  # items to read before the one that is prefetched now
_TRIES = 16  # attempts to find a score that exactly the wanted number of items exceeds


class Workspace(NamedTuple):
    """The posts that a session has chosen, then the candidates under consideration, and working memory.

    Data of earlier sessions are never read.
    """

    row: I32
    score: F64
    content: I32  #: as in `AuthorTimelines`; written for the home feed only
    slot: I32  #: place in `table` of each candidate's content
    table: I32  #: candidates by content; its length is a power of two
    writers: I32  #: followees who wrote since the last visit


_KEPT = threading.local()  # the workspace of each thread; a new one each hour would cost over a tenth of reading time


def get_workspace(room: int, posts: int, accounts: int) -> Workspace:
    """Return this thread's workspace, with room for `room` candidates of `posts` posts by `accounts` authors."""
    table = 1 << (2 * posts + _LEAST).bit_length()
    kept: Workspace | None = getattr(_KEPT, "workspace", None)
    if kept is None or len(kept.row) < room or len(kept.table) < table or len(kept.writers) <= accounts:
        row, content, slot = (np.empty(2 * room, np.int32) for _ in range(3))
        whom = np.empty(accounts + 1, np.int32)
        kept = _KEPT.workspace = Workspace(row, np.empty(2 * room), content, slot, np.empty(table, np.int32), whom)
    return kept


@inline_kernel
def prefetch_followees(following, i):
    """Prefetch the followees of `i`, the next reader."""
    for edge in range(following.start[i], following.stop[i], _PER_LINE):
        prefetch(following.item, edge)


@inline_kernel
def choose_home(workspace, count, most, following, fresh, crowd, i, timelines, shift, competes_for_slots):
    """Choose the best of what the followees wrote from row `fresh` on; return the number of chosen posts so far.

    When there are twice as many candidates as wanted, and again for each further such number, a floor is set that
    enough candidates exceed; posts that score no higher are skipped.
    """
    first, oldest = count, fresh + shift
    whom = _find_writers(workspace.writers, following, i, timelines, oldest) if first < most else 0
    mask = _LEAST - 1
    wanted = min(2 * _count_written(workspace.writers, whom, timelines), len(workspace.table))
    while mask + 1 < wanted:
        mask = 2 * mask + 1
    floor, full = -np.inf, first + 2 * (most - first)
    for k in range(whom):
        author = U64(workspace.writers[k])
        if competes_for_slots[author] != crowd:
            continue
        stop = U64(timelines.head[author, STOP])
        for back in range(U64(1), stop - U64(timelines.head[author, START]) + U64(1)):
            x = stop - back
            mark = timelines.item[x, MARK]
            prefetch(timelines.item, np.int64(x) - _SOON)
            if mark < oldest:
                break
            value = timelines.score[x, SCORE]
            if value <= floor or timelines.item[x, AUTHOR] == i:
                continue
            j, content = mark - shift, timelines.item[x, CONTENT]
            at = _find_place(workspace, first, count, content, content & mask, mask)
            if at < count and not _is_better(value, j, workspace.score[at], workspace.row[at]):
                continue
            workspace.row[at], workspace.score[at] = j, value
            if at == count:
                count += 1
                if count == full:
                    floor, full = _find_level(workspace.score, first, count, most - first)[0], full + most - first
    if count > most:
        _keep_best(workspace.row, workspace.score, first, count, most)
        count = most
    return count


@inline_kernel
def _find_writers(whom, following, i, timelines, oldest):
    """Collect the followees of `i` with a post of mark `oldest` or later; return their number."""
    found = 0
    for edge in range(U64(following.start[i]), U64(following.stop[i])):
        followee = U64(following.item[edge])
        whom[found] = followee
        found += timelines.newest[followee] >= oldest
    return found


@inline_kernel
def _count_written(whom, found, timelines):
    """Return the number of posts in the timelines of whom[:found], and prefetch the newest ones."""
    for k in range(found):
        prefetch(timelines.head, whom[k])
    posts = 0
    for k in range(found):
        stop = timelines.head[whom[k], STOP]
        prefetch(timelines.item, stop - 1)
        posts += stop - timelines.head[whom[k], START]
    return posts


@inline_kernel
def _find_place(workspace, first, count, content, slot, mask):
    """Return the candidate among first .. count - 1 with this content; if there is none, add it as candidate `count`.

    A hash table with open addressing. An entry counts only if the candidate points back to it (Briggs & Torczon 1993),
    so the table is not cleared between sessions.
    """
    at = -1
    while at < 0:
        entry = workspace.table[slot]
        if not first <= entry < count or workspace.slot[entry] != slot:
            workspace.table[slot] = at = count
            workspace.slot[at], workspace.content[at] = slot, content
        elif workspace.content[entry] == content:
            at = entry
        else:
            slot = (slot + 1) & mask
    return at


@inline_kernel
def _keep_best(row, score, first, count, most):
    """Move the best of items first .. count - 1 to the places first .. most - 1.

    If ties or near-ties leave no score that exactly the wanted number exceeds, use `_select`.
    """
    level, found = _find_level(score, first, count, most - first)
    if found == most - first:
        at = first
        for k in range(first, count):
            row[at] = row[k]
            at += score[k] > level
    else:
        _select(row, score, first, count, most)


@inline_kernel
def _find_level(score, first, count, wanted):
    """Return a score that at least `wanted` of items first .. count - 1 exceed, if possible exactly, and their number.

    Bisection and interpolation alternate. Counting is faster than sorting: a processor counts many items at once.
    """
    low, high = score[first], score[first]
    for k in range(U64(first), U64(count)):
        low, high = min(low, score[k]), max(high, score[k])
    above, below, tries = 0, count - first, 0
    level, found = -np.inf, count - first
    while found != wanted and tries < _TRIES:
        share = 0.5 if tries % 2 else (wanted - above) / (below - above)
        middle, beyond = high - (high - low) * share, 0
        for k in range(U64(first), U64(count)):
            beyond += score[k] > middle
        if beyond < wanted:
            high, above = middle, beyond
        else:
            low, below = middle, beyond
            level, found = middle, beyond
        tries += 1
    return level, found


@inline_kernel
def _select(row, score, first, count, most):
    """Move the best of items first .. count - 1 to the places first .. most - 1 (quickselect)."""
    low, end, last = (
        U64(first),
        U64(count),
        U64(most),
    )  # unsigned, which avoids a check for negative values at each access
    while end - low > U64(1):
        middle = (low + end) // U64(2)
        value, j = score[middle], row[middle]
        a, b = low, end
        while a < b:
            while _is_better(score[a], row[a], value, j):
                a += U64(1)
            while _is_better(value, j, score[b - U64(1)], row[b - U64(1)]):
                b -= U64(1)
            if a < b:
                b -= U64(1)
                row[a], row[b] = row[b], row[a]
                score[a], score[b] = score[b], score[a]
                a += U64(1)
        if last <= b:
            end = b
        elif last > a:
            low = a
        else:
            break


@inline_kernel
def _is_better(value, j, other, k):
    return value > other or (value == other and j > k)
