"""Readers of what an API handed out: version 1.1 posts and version 2 pages, one JSON object a line."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from experiments.detection.formats.pages import V1_TIME
from experiments.detection.reading.base import Asked, Batch, make_accounts, make_posts
from experiments.detection.reading.moments import parse_moments
from sim.errors import InputError

ROWS = 20_000  #: posts that are held at a time
QUOTES = "quotes, kept as posts of their own"
POST = ("post_id", "account_id", "time", "kind", "repost_of", "reply_to", "reply_to_account", "mentions", "hashtags",
        "urls", "text", "reposts", "replies")  # fmt: skip
USER = ("created_at", "followers", "following", "name", "description", "location")
_OWN_NAME = r"^@\w{1,30} "  #: whom an answer names first
_REPOSTED = r"^RT @\w{1,30}: "


def strip_names(text: pa.Array, kind: pa.Array) -> pa.Array:
    """Return texts without the name with which a platform begins a repost or an answer, which other columns hold."""
    repost, reply = pc.equal(kind, "repost"), pc.equal(kind, "reply")
    bare = pc.if_else(reply, pc.replace_substring_regex(text, _OWN_NAME, ""), text)
    return pc.if_else(repost, pc.replace_substring_regex(bare, _REPOSTED, ""), bare)


MAX_LINE = 16_000_000  #: characters of a line; a page of posts has some hundred thousand


def _iterate_objects(path: Path, notes: Counter[str]) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file of lines, maybe compressed.

    Raises:
        InputError: the file cannot be read, or its first line is none.
    """
    try:
        with pa.input_stream(path, compression="detect") as stream:
            text = TextIOWrapper(stream, encoding="utf-8", errors="replace")
            for number, line in enumerate(iter(lambda: text.readline(MAX_LINE + 1), "")):
                if len(line) > MAX_LINE:
                    raise InputError(f"{path} has a line of more than {MAX_LINE:,} characters: give one object a line")
                if not line.strip():
                    continue
                try:
                    found = json.loads(line)
                except ValueError:
                    found = None
                if isinstance(found, dict):
                    yield found
                elif number == 0:
                    raise InputError(f"{path} does not begin with a JSON object: give one a line")
                else:
                    notes["left out: lines that are no JSON object"] += 1
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): name a file of JSON lines") from None


def _join(items: Any, name: str) -> str:
    return " ".join(str(item[name]) for item in items or () if item.get(name))


Rows = list[tuple[Any, ...]]  #: cells of `POST`
Users = dict[str, tuple[Any, ...]]  #: id -> cells of `USER`
Read = Callable[[dict[str, Any], Rows, Users, Counter[str]], None]  #: takes in one object
When = Callable[[pa.Array], pa.Array]  #: reads a column of times as seconds since 1970


def _read_pieces(path: Path, read: Read, when: When) -> Iterator[Batch]:
    """Yield what `read` makes of each object, in pieces."""
    rows: Rows = []
    users: Users = {}
    notes: Counter[str] = Counter()
    for found in _iterate_objects(path, notes):
        read(found, rows, users, notes)
        if len(rows) >= ROWS:
            yield _make_batch(rows, users, notes, when)
            rows.clear()
            users.clear()
            notes.clear()
    yield _make_batch(rows, users, notes, when)


def _make_batch(rows: Rows, users: Users, notes: Counter[str], when: When) -> Batch:
    posts, profiles = make_posts({}, 0), None
    if rows:
        columns = {name: pa.array(cells) for name, cells in zip(POST, zip(*rows, strict=True), strict=True)}
        columns["time"] = when(columns["time"].cast(pa.string()))
        columns["text"] = strip_names(columns["text"].cast(pa.string()), columns["kind"])
        posts = make_posts(columns, len(rows))
    if users:
        told = {name: pa.array(cells) for name, cells in zip(USER, zip(*users.values(), strict=True), strict=True)}
        told |= {"account_id": pa.array([*users]), "created_at": when(told["created_at"].cast(pa.string()))}
        profiles = make_accounts(told, len(users))
    return Batch(posts, profiles, Counter(notes))


def read_v1(path: Path, asked: Asked) -> Iterator[Batch]:
    """Yield posts as version 1.1 gave them, with the profiles that each carries."""

    def read(post: dict[str, Any], rows: Rows, users: Users, notes: Counter[str]) -> None:
        repost, own = post.get("retweeted_status") or {}, post.get("entities") or {}
        whole = repost or post
        held = (whole.get("extended_tweet") or {}).get("entities") or whole.get("entities") or {}
        answered = _get_id(post, "in_reply_to_status_id")
        rows.append((
            _get_id(post, "id"), _get_id(post.get("user") or {}, "id"), post.get("created_at"),
            "repost" if repost else "reply" if answered else "original",
            _get_id(repost, "id"), answered, _get_id(post, "in_reply_to_user_id"),
            _join(own.get("user_mentions"), "id_str"), _join(held.get("hashtags"), "text"),
            _join(held.get("urls"), "expanded_url"), _get_text(post, repost), post.get("retweet_count"), None,
        ))  # fmt: skip
        notes[QUOTES] += bool(post.get("is_quote_status") and not repost)
        for user in (repost.get("user"), post.get("user")):
            if user:
                users[_get_id(user, "id")] = (
                    user.get("created_at"), user.get("followers_count"), user.get("friends_count"),
                    user.get("screen_name"), user.get("description"), user.get("location"),
                )  # fmt: skip

    return _read_pieces(path, read, _parse_v1)


def _parse_v1(column: pa.Array) -> pa.Array:
    return pc.strptime(column, format=V1_TIME, unit="s", error_is_null=True).cast(pa.int64())


def _get_id(owner: dict[str, Any], name: str) -> str:
    """Return an id as text; the one that was stored as text counts, since numbers may have lost digits."""
    found = owner.get(f"{name}_str") or owner.get(name)
    return "" if found is None else str(found)


def _get_text(post: dict[str, Any], repost: dict[str, Any]) -> str:
    """Return all that a post says; of a repost what it reposts, which is not cut short."""
    whole = repost or post
    long = whole.get("extended_tweet") or {}
    return str(long.get("full_text") or whole.get("full_text") or whole.get("text") or "")


def read_v2(path: Path, asked: Asked) -> Iterator[Batch]:
    """Yield posts of pages as version 2 gave them, or of lines with a post each, with the profiles beside them."""

    def read(page: dict[str, Any], rows: Rows, users: Users, notes: Counter[str]) -> None:
        data = page.get("data", page)
        for post in data if isinstance(data, list) else [data]:
            refers = {one.get("type"): str(one.get("id", "")) for one in post.get("referenced_tweets") or ()}
            held, counts = post.get("entities") or {}, post.get("public_metrics") or {}
            repost, reply = refers.get("retweeted", ""), refers.get("replied_to", "")
            rows.append((
                _get_id(post, "id"), _get_id(post, "author_id"), post.get("created_at"),
                "repost" if repost else "reply" if reply else "original", repost, reply,
                _get_id(post, "in_reply_to_user_id"), _join(held.get("mentions"), "id"),
                _join(held.get("hashtags"), "tag"), _join(held.get("urls"), "expanded_url"),
                str(post.get("text") or ""), counts.get("retweet_count"), counts.get("reply_count"),
            ))  # fmt: skip
            notes[QUOTES] += "quoted" in refers
        for user in (page.get("includes") or {}).get("users") or ():
            counts = user.get("public_metrics") or {}
            users[_get_id(user, "id")] = (
                user.get("created_at"), counts.get("followers_count"), counts.get("following_count"),
                user.get("username"), user.get("description"), user.get("location"),
            )  # fmt: skip

    return _read_pieces(path, read, lambda column: parse_moments(column, asked.zone, str(path)))
