"""Traces: accounts that did the same thing, and when, on an object that they share: a post, a tag, a link, a text."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.detection.view import PlatformView
from sim.errors import InputError, suggest

I64 = NDArray[np.int64]
TRACES = ("repost", "reply", "hashtag", "url", "hashtag_url", "text")


class Trace(NamedTuple):
    """Actions of one kind, [n], in no order."""

    account: I64  #: row of `view.accounts`
    thing: I64  #: number of the object, 0 .. the number of objects - 1
    time: I64  #: seconds since the epoch


def extract_trace(view: PlatformView, kind: str) -> Trace:
    """Return the actions of a kind among the posts that stand.

    Args:
        view: what the platform shows; deleted posts leave no trace.
        kind: "repost" of the same post, "reply" to the same account, use of the same "hashtag" or "url", of both
            together in one post ("hashtag_url"), or writing the same "text". Only "repost" looks at reposts: they
            repeat tags, links and text of what they repost, which would count it twice.

    Raises:
        InputError: there is no such kind, or a post's author is not among the accounts.
    """
    if kind not in TRACES:
        raise InputError(f"trace={kind} is unknown: {suggest(kind, TRACES)}")
    posts, account = select_standing(view)
    own = (posts["kind"] != "repost").to_numpy()
    used = {"repost": ~own, "reply": (posts["reply_to_account"] >= 0).to_numpy()}.get(kind, own)
    posts, account = posts[used], account[used]
    source = {"repost": "repost_of", "reply": "reply_to_account", "text": "text"}
    if kind in source:
        things = posts[source[kind]].reset_index(drop=True)
    elif kind == "hashtag_url":
        things = _split_words(_split_words(posts["hashtags"]) + " ", posts["urls"].reset_index(drop=True))
    else:
        things = _split_words(posts["hashtags" if kind == "hashtag" else "urls"])
    things = things[things != ""]
    row, times = things.index.to_numpy(), posts["time"].to_numpy(np.int64)
    return Trace(account[row], pd.factorize(things)[0].astype(np.int64), times[row])


def merge_traces(traces: list[Trace]) -> Trace:
    """Return the actions of several kinds as those of one, with objects of their own each."""
    first, parts = 0, []
    for part in traces:
        parts.append(part._replace(thing=part.thing + first))
        first += int(part.thing.max(initial=-1)) + 1
    return Trace._make(map(np.concatenate, zip(*parts, strict=True)))


def select_standing(view: PlatformView) -> tuple[pd.DataFrame, I64]:
    """Return the posts that were not deleted, and of each the row of its author in `view.accounts`.

    Raises:
        InputError: an author is not among the accounts.
    """
    posts = view.posts[~view.posts["deleted"].to_numpy(np.bool_)]
    known, author = view.accounts["account_id"].to_numpy(), posts["account_id"].to_numpy()
    row = np.searchsorted(known, author)
    strange = row >= len(known)
    strange[~strange] = known[row[~strange]] != author[~strange]
    if strange.any():
        raise InputError(f"a post is by account {author[strange][0]}, which is not among the accounts: add its row")
    return posts, row.astype(np.int64)


def _split_words(words: pd.Series, others: pd.Series | None = None) -> pd.Series:
    """Return every word of each text, indexed by the text's place; with `others`, joined to every word of those."""
    if others is not None:
        pairs = pd.DataFrame({"one": words, "other": others.reindex(words.index)})
        pairs = pairs[(pairs["one"] != " ") & (pairs["other"] != "")]
        each = pairs.assign(other=pairs["other"].str.split(" ")).explode("other")
        return (each["one"] + each["other"]).astype(str)
    return words.reset_index(drop=True).str.split(" ").explode()
