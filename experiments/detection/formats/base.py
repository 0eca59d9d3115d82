"""Posts and accounts as text: what the formats have in common."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from experiments.detection.surface import GENERAL, I64, SNOWFLAKE, join_names, zipf
from sim.rng import draw_each, keyed_hash, stream

_NAME = stream("surface/name")
MOST_WORDS = 6  #: words of a profile's description


class Format:
    """Writes one format piece by piece.

    Args:
        folder: to write into; it is there.
        people: the accounts.
    """

    def __init__(self, folder: Path, people: "AccountTexts") -> None:
        self.folder, self.people = folder, people

    def write_posts(self, posts: "PostTexts") -> None:
        """Write posts, which follow those before in order of ids."""

    def write_follows(self, follows: pa.Table) -> None:
        """Write who follows whom: columns source and target, int64."""

    def close(self, truth: pa.Table) -> None:
        """End the files; only a format that has labels looks at the truth about the accounts."""


class AccountTexts:
    """Accounts by row, in order of their ids, with what a profile says; all of it is drawn from the id alone.

    Args:
        accounts: columns of `PlatformView.accounts`, sorted.
    """

    def __init__(self, accounts: pa.Table) -> None:
        self.id: I64 = accounts["account_id"].to_numpy()
        self.created: I64 = accounts["created_at"].to_numpy()
        self.followers: I64 = accounts["followers"].to_numpy()
        self.following: I64 = accounts["following"].to_numpy()
        self.ids = format_ids(pa.array(self.id))
        drawn = keyed_hash(_NAME, self.id.astype(np.uint64))
        self.name = pa.array([f"u{number >> 16:012x}" for number in drawn.tolist()])
        words = np.column_stack([zipf(draw_each(drawn, place), GENERAL) for place in range(MOST_WORDS)])
        count = (draw_each(drawn, MOST_WORDS) * (MOST_WORDS + 1)).astype(np.int64)
        self.description = join_names(words, count, "w{:04d}".format)

    def find_rows(self, ids: I64) -> I64:
        """Return the rows of accounts with these ids."""
        return np.searchsorted(self.id, ids)


class PostTexts(NamedTuple):
    """Posts that stand, [n]; texts that are absent are empty, rows of accounts that are absent -1."""

    id: pa.Array
    author: I64  #: row of the account
    account: pa.Array  #: its id
    name: pa.Array  #: its name
    time: I64  #: seconds since 1970
    moment: pa.Array  #: the same as a timestamp
    kind: pa.Array
    repost_of: pa.Array
    reply_to: pa.Array
    other: I64  #: row of who is answered or reposted
    other_id: pa.Array
    other_name: pa.Array
    original: pa.Array  #: when the reposted or answered post was written, timestamp
    hashtags: pa.Array  #: joined by spaces, as urls
    urls: pa.Array
    text: pa.Array
    reposts: pa.Array
    replies: pa.Array


def format_standing(table: pa.Table, people: AccountTexts) -> PostTexts:
    """Return the posts of a piece that are not deleted."""
    table = table.filter(pc.invert(table["deleted"])).combine_chunks()
    column = {name: _combine_chunks(table[name]) for name in table.column_names}
    author, time = people.find_rows(column["account_id"].to_numpy()), column["time"].to_numpy()
    named = column["mentions"]
    other_ids = pc.cast(pc.if_else(pc.equal(named, ""), "-1", named), pa.int64()).to_numpy()
    other = np.where(other_ids >= 0, people.find_rows(other_ids), -1)
    refers = np.maximum(column["repost_of"].to_numpy(), column["reply_to"].to_numpy())
    return PostTexts(
        id=format_ids(column["post_id"]),
        author=author,
        account=people.ids.take(pa.array(author)),
        name=people.name.take(pa.array(author)),
        time=time,
        moment=pa.array(time, pa.timestamp("s")),
        kind=column["kind"],
        repost_of=format_ids(column["repost_of"]),
        reply_to=format_ids(column["reply_to"]),
        other=other,
        other_id=named,
        other_name=people.name.take(pa.array(other, mask=other < 0)).fill_null(""),
        original=pa.array(decode_seconds(refers), pa.timestamp("s")),
        hashtags=column["hashtags"],
        urls=column["urls"],
        text=column["text"],
        reposts=format_ids(column["reposts"]),
        replies=format_ids(column["replies"]),
    )


def _combine_chunks(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def decode_seconds(ids: I64) -> I64:
    """Return when posts with these ids were written, seconds since 1970."""
    return ((ids >> 22) + SNOWFLAKE) // 1000


def format_ids(ids: pa.Array) -> pa.Array:
    """Return whole numbers as text, -1 as none."""
    return pc.if_else(pc.equal(ids, -1), "", pc.cast(ids, pa.string()))


def fill_template(template: str, columns: dict[str, Any]) -> pa.Array:
    """Return `template` for each row, with its column's text in place of each $name; nothing is escaped.

    All texts of a data set are letters, digits, spaces and the signs of a web address, so that nothing has to be.
    """
    parts: list[Any] = re.split(r"\$(\w+)", template)
    parts[1::2] = [columns[name] for name in parts[1::2]]
    return pc.binary_join_element_wise(*parts, "")


def format_list(items: pa.Array, begin: str, between: str, end: str, none: str) -> pa.Array:
    """Return items joined by spaces as `begin` a `between` b `end`, or `none`."""
    inner = pc.replace_substring(items, " ", between)
    return pc.if_else(pc.equal(items, ""), none, pc.binary_join_element_wise(begin, inner, end, ""))


def split_items(column: pa.Array) -> tuple[pa.Array, I64]:
    """Return all items of a column joined by spaces, and the row of the post that each is of."""
    split = pc.split_pattern(column, " ")
    place = pc.list_parent_indices(split).to_numpy()
    flat = pc.list_flatten(split)
    there = pc.not_equal(flat, "")
    return flat.filter(there), place[there.to_numpy(zero_copy_only=False)]
