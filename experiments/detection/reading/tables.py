"""Readers of tables: canonical Parquet, what others' detectors read, archives, and tables of any columns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from experiments.detection.formats.tables import ARCHIVE
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
from experiments.detection.reading.moments import LAST, parse_moments
from experiments.detection.reading.pages import strip_names
from sim.errors import InputError, suggest
from sim.people.table_layout import MISSING
from sim.state.posts import KINDS

TRACES = ("repost", "hashtag", "url", "text")  #: what is shared in a file of CooRTweet
CNT = ("message_id", "user_id", "username", "repost_id", "reply_id", "message", "timestamp", "urls")
ARCHIVE_NEEDED = ("tweetid", "userid", "tweet_time")
ARCHIVE_PROFILE = {
    "followers": "follower_count", "following": "following_count", "created_at": "account_creation_date",
    "name": "user_screen_name", "description": "user_profile_description", "location": "user_reported_location",
}  # fmt: skip
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


def join_posts(posts: pa.Table) -> pa.Table:
    """Return posts of which several rows tell a tag, a link or a text each as one row, in the order of their first."""
    if not len(posts):
        return posts
    told = [(name, "list" if name in ("hashtags", "urls", "text") else "first") for name in POSTS.names[1:]]
    grouped = posts.group_by("post_id", use_threads=False).aggregate(told)
    columns = {"post_id": grouped["post_id"]}
    for name, how in told:
        column = grouped[f"{name}_{how}"]
        if how == "list":
            joined = pc.binary_join(column.combine_chunks(), " ")
            column = pc.utf8_trim_whitespace(pc.replace_substring_regex(joined, " +", " "))
        columns[name] = column
    return make_posts(columns, len(grouped))


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


def read_cnt(path: Path, asked: Asked) -> Iterator[Batch]:
    """Yield what the coordination network toolkit reads; the letter before ids of posts that we write is taken off."""
    for rows in iterate_rows(path, CNT):
        message, repost, reply = (
            pc.replace_substring_regex(_fill(rows[name]), r"^t(\d+)$", r"\1")
            for name in ("message_id", "repost_id", "reply_id")
        )
        said = {"post_id": message, "repost_of": repost, "reply_to": reply, "kind": _find_kinds(repost, reply)}
        said |= {"account_id": rows["user_id"], "text": rows["message"], "urls": rows["urls"]}
        said["time"] = parse_seconds(rows["timestamp"], asked.unit)
        names = {"account_id": rows["user_id"], "name": rows["username"]}
        yield Batch(make_posts(said, len(rows)), make_accounts(names, len(rows)))


def read_archive(path: Path, asked: Asked) -> Iterator[Batch]:
    """Yield what the information operations archive holds; its times are UTC and have no seconds."""
    zone = asked.zone or "UTC"
    for rows in iterate_rows(path, ARCHIVE_NEEDED, tuple(name for name in ARCHIVE if name not in ARCHIVE_NEEDED)):
        column = {name: _fill(rows[name]) for name in rows.column_names}
        none = pa.repeat("", len(rows))
        repost, reply = (column.get(name, none) for name in ("retweet_tweetid", "in_reply_to_tweetid"))
        kind = _find_kinds(repost, reply)
        if "is_retweet" in column:  # the archive has reposts whose original it does not name
            kind = pc.if_else(pc.equal(pc.utf8_lower(column["is_retweet"]), "true"), "repost", kind)
        said = {"post_id": column["tweetid"], "account_id": column["userid"], "kind": kind, "repost_of": repost}
        said |= {"reply_to": reply, "time": parse_moments(rows["tweet_time"].combine_chunks(), zone, str(path))}
        said["text"] = strip_names(column.get("tweet_text", none), kind)
        for ours, theirs in (("hashtags", "hashtags"), ("urls", "urls"), ("mentions", "user_mentions")):
            if theirs in column:
                said[ours] = split_list(column[theirs])
        if "in_reply_to_userid" in column:
            said["reply_to_account"] = column["in_reply_to_userid"]
        for ours, theirs in (("reposts", "retweet_count"), ("replies", "reply_count")):
            if theirs in column:
                said[ours] = parse_seconds(column[theirs])
        profile: dict[str, Any] = {"account_id": rows["userid"]}
        for ours, theirs in ARCHIVE_PROFILE.items():
            if theirs in column:
                profile[ours] = column[theirs]
        for name in {"followers", "following"} & profile.keys():
            profile[name] = parse_seconds(profile[name])
        if "created_at" in profile:
            profile["created_at"] = parse_moments(profile["created_at"], zone, str(path))
        notes = {"quotes, kept as posts of their own": 0}
        if "quoted_tweet_tweetid" in column:
            quotes = pc.not_equal(column["quoted_tweet_tweetid"], "")
            notes = dict.fromkeys(notes, pc.sum(quotes, min_count=0).as_py())
        yield Batch(make_posts(said, len(rows)), make_accounts(profile, len(rows)), notes)


def read_csv(path: Path, asked: Asked) -> Iterator[Batch]:
    """Yield any table whose columns the user names.

    Raises:
        InputError: nobody says which column an id, an account and a time are in, or a column is not there.
    """
    known = [*POSTS.names, *ACCOUNTS.names[1:]]
    for name in asked.columns:
        if name not in known:
            raise InputError(f"columns has {name}, which is no column of ours: {suggest(name, known)}")
    for name in ("post_id", "account_id", "time"):
        if name not in asked.columns:
            raise InputError(f"columns says nothing of {name}: add it, as in columns='{{{name}: NAME_IN_THE_FILE}}'")
    for rows in iterate_rows(path, tuple(dict.fromkeys(asked.columns.values()))):
        column = {ours: _fill(rows[theirs]) for ours, theirs in asked.columns.items()}
        said: dict[str, Any] = {name: column[name] for name in POSTS.names if name in column}
        none = pa.repeat("", len(rows))
        if "kind" not in column:
            said["kind"] = _find_kinds(column.get("repost_of", none), column.get("reply_to", none))
        elif odd := set(pc.unique(column["kind"]).to_pylist()) - {*KINDS}:
            raise InputError(f"{path} has the kind {sorted(odd)[0]}: call kinds {', '.join(KINDS)}, or leave kind out")
        said["time"] = _parse_times(column["time"], asked, path)
        for name in {"hashtags", "urls", "mentions"} & said.keys():
            said[name] = split_list(said[name])
        for name in {"reposts", "replies"} & said.keys():
            said[name] = parse_seconds(said[name])
        if "deleted" in said:
            said["deleted"] = pc.is_in(pc.utf8_lower(said["deleted"]), pa.array(["true", "1", "yes"]))
        profile: dict[str, Any] = {name: column[name] for name in ACCOUNTS.names if name in column}
        for name in {"followers", "following"} & profile.keys():
            profile[name] = parse_seconds(profile[name])
        if "created_at" in profile:
            profile["created_at"] = _parse_times(profile["created_at"], asked, path)
        yield Batch(make_posts(said, len(rows)), make_accounts(profile, len(rows)))


def _parse_times(column: pa.Array, asked: Asked, path: Path) -> pa.Array:
    """Return seconds since 1970 of numbers or texts.

    Raises:
        InputError: numbers are of another unit than is said, or texts name no zone.
    """
    numbers = parse_seconds(column, asked.unit)
    last = pc.max(numbers).as_py()
    if last is not None and last > LAST:
        raise InputError(f"{path} has a time of {last:,} s, after 2100: add unit=ms if its times are milliseconds")
    text = pc.if_else(pc.is_valid(numbers), None, column)
    return pc.coalesce(numbers, parse_moments(text, asked.zone, str(path)))


def _fill(column: pa.ChunkedArray) -> pa.Array:
    return pc.fill_null(column.combine_chunks(), "")


def _find_kinds(repost: pa.Array, reply: pa.Array) -> pa.Array:
    """Return the kind of each post, by what it reposts or answers."""
    nobody = pa.array(sorted(MISSING))
    answers = pc.if_else(pc.is_in(reply, nobody), "original", "reply")
    return pc.if_else(pc.is_in(repost, nobody), answers, "repost")


def split_list(column: pa.Array) -> pa.Array:
    """Return lists such as ['a', 'b'], [a, b], "a b" or "a,b" as items joined by spaces."""
    bare = pc.replace_substring_regex(column, r"^\s*\[|\]\s*$", "")
    bare = pc.replace_substring_regex(bare, r"""['"]?\s*,\s*['"]?""", " ")
    return pc.replace_substring_regex(bare, r"""^\s*['"]|['"]\s*$""", "")
