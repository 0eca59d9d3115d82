"""The reference as columns, to compare it with the engine."""

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.plain_platform import Post, compute_score
from sim.state.accounts import Accounts, make_blank_accounts
from sim.state.posts import Posts

if TYPE_CHECKING:
    from benchmarks.plain_mesa import PlainWorld

#: Columns of `Posts` that are references to objects here, and the attribute with the object's number.
_LINKS = {"author": "row", "original_author": "row", "target": "row", "parent": "serial", "root": "serial"}
_DTYPES = dict(zip(Posts._fields, (
    np.uint64, np.int32, np.int64, np.int8, np.int16, np.float64, np.float64, np.float64, np.float64, np.float64,
    np.int32, np.int64, np.int64, np.int32, np.int32, np.float64, np.bool_, np.int8, np.int64, np.int64, np.int32,
    np.int32, np.int32, np.bool_, np.float64,
), strict=True))  # fmt: skip


def get_column(posts: list[Post], name: str) -> Any:
    """Return one attribute of the posts as a column of the ledger, [len(posts)]."""
    values = [getattr(post, name) for post in posts]
    if name in _LINKS:
        values = [-1 if value is None else getattr(value, _LINKS[name]) for value in values]
    return np.array(values, _DTYPES[name])


def to_accounts(world: "PlainWorld") -> Accounts:
    """Return all accounts as columns."""
    columns = make_blank_accounts(len(world.everybody))
    for row, account in enumerate(world.everybody):
        for name in Accounts._fields:
            if not name.startswith("newest"):
                getattr(columns, name)[row] = getattr(account, name)
        columns.newest[row] = _find_last(account.posts)
        columns.newest_mention[row] = _find_last(account.mentions)
    return columns


def to_ledger(world: "PlainWorld") -> Posts:
    """Return the posts of the window as columns, oldest first."""
    previous, mention = {}, {}
    for account in world.everybody:
        previous.update(_build_chain(account.posts))
        mention.update(_build_chain(account.mentions))
    derived = ("previous", "previous_mention", "score")
    columns = {name: get_column(world.posts, name) for name in Posts._fields if name not in derived}
    columns["previous"] = np.array([previous[post] for post in world.posts], np.int64)
    columns["previous_mention"] = np.array([mention.get(post, -1) for post in world.posts], np.int64)
    feed = world.rules.feed
    scores = [compute_score(post.time, post.engagement(), feed.engagement, feed.recency) for post in world.posts]
    columns["score"] = np.array(scores, np.float64)
    return Posts(**columns)


def _find_last(posts: list[Post]) -> int:
    return posts[-1].serial if posts else -1


def _build_chain(posts: list[Post]) -> dict[Post, int]:
    """Return the serial of the post before each, -1 for the first."""
    return dict(zip(posts, [-1, *(post.serial for post in posts)], strict=False))
