"""Co-posting: accounts that post the same content at nearly the same time."""

import numpy as np
from numpy.typing import NDArray

from sim.state.accounts import I64
from sim.state.posts import REPOST

TOGETHER = 60  #: seconds within which two posts count as one moment
OFTEN = 2  #: such moments that make an account a co-poster

Whole = NDArray[np.integer]


def number_contents(kind: Whole, root: Whole, template: Whole) -> I64:
    """Return a number for what each post shares, int64 [n].

    It is that of the content which the post reposts, below -1 for the text that it copies, and -1 if it shares nothing.
    """
    return np.where(kind == REPOST, root, -2 - template.astype(np.int64))


def find_near_pairs(
    author: Whole, content: Whole, time: Whole, window: int = TOGETHER, reach: int | None = None
) -> tuple[I64, I64]:
    """Return (row, other row) of every two posts of one content by two accounts within `window` seconds.

    Args:
        author, content, time: [n], of the posts to compare; the same content is the same number.
        window: seconds.
        reach: posts of a content, in order of time, with which each is compared; None: with all.
    """
    order = np.lexsort((time, content))
    who, what, when = author[order], content[order], time[order]
    rows, others = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in range(1, len(who) if reach is None else min(len(who), reach + 1)):
        near = (what[step:] == what[:-step]) & (when[step:] - when[:-step] <= window)
        if not near.any():
            break
        pair = np.flatnonzero(near & (who[step:] != who[:-step]))
        rows.append(order[pair])
        others.append(order[pair + step])
    return np.concatenate(rows), np.concatenate(others)


def mark_matched(
    author: Whole, content: Whole, time: Whole, window: int = TOGETHER, reach: int | None = None
) -> NDArray[np.bool_]:
    """Return which posts another account matched, bool [n]; see `find_near_pairs`."""
    matched = np.zeros(len(author), np.bool_)
    for rows in find_near_pairs(author, content, time, window, reach):
        matched[rows] = True
    return matched


def find_co_posters(author: Whole, content: Whole, time: Whole) -> I64:
    """Return the accounts of which others matched `OFTEN` or more posts within `TOGETHER` seconds, ascending."""
    return np.flatnonzero(np.bincount(author[mark_matched(author, content, time)]) >= OFTEN)
