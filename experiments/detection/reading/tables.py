"""Readers of tables: canonical Parquet, and what CooRTweet reads."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from experiments.detection.reading.base import (
    ACCOUNTS,
    POSTS,
    Asked,
    Batch,
    iterate_rows,
    make_accounts,
    make_posts,
    parse_seconds,
)
from sim.errors import InputError, suggest

TRACES = ("repost", "hashtag", "url", "text")  #: what is shared in a file of CooRTweet
SHARED = ("object_id", "account_id", "content_id", "timestamp_share")


def read_coortweet(path: Path, asked: Asked) -> Iterator[Batch]:
    """Yield what one file of CooRTweet holds: reposts of posts, or posts with a tag, a link or a text each.

    Raises:
        InputError: nothing says what was shared.
    """
    trace = asked.trace or (path.stem if path.stem in TRACES else "")
    if trace not in TRACES:
        raise InputError(f"{path} does not say what was shared: add trace=NAME, {suggest(trace, TRACES)}")
    for rows in iterate_rows(path, SHARED):
        thing = rows["object_id"]
        said = {"post_id": rows["content_id"], "account_id": rows["account_id"]}
        said["time"] = parse_seconds(rows["timestamp_share"], asked.unit)
        if trace == "repost":
            said |= {"repost_of": thing, "kind": pa.repeat("repost", len(thing))}
        else:
            said |= {{"hashtag": "hashtags", "url": "urls", "text": "text"}[trace]: thing}
        yield Batch(make_posts(said, len(thing)))


def read_canonical(path: Path, asked: Asked) -> Iterator[Batch]:
    """Yield the tables of a folder that `infowar-lab export` or `import` wrote, or a file of such posts alone.

    Raises:
        InputError: it is none.
    """
    posts = path / "posts.parquet" if path.is_dir() else path
    if not posts.is_file():
        raise InputError(f"{path} holds no posts.parquet: name a folder that infowar-lab export or import has written")
    names = tuple(field.name for field in POSTS)
    for rows in iterate_rows(posts, names[:3], names[3:]):
        said = {name: rows[name] for name in rows.column_names}
        said["time"] = parse_seconds(rows["time"])
        yield Batch(make_posts(said, len(rows)))
    if not path.is_dir():
        return
    names = tuple(field.name for field in ACCOUNTS)
    if (path / "accounts.parquet").is_file():
        for rows in iterate_rows(path / "accounts.parquet", names[:1], names[1:]):
            yield Batch(POSTS.empty_table(), make_accounts({name: rows[name] for name in rows.column_names}, len(rows)))
    if (path / "follows.parquet").is_file():
        for rows in iterate_rows(path / "follows.parquet", ("source", "target")):
            yield Batch(POSTS.empty_table(), follows=rows)
