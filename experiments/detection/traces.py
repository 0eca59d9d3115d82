"""Traces: accounts that did the same thing, and when, on an object that they share: a post, a tag, a link, a text."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.detection.view import PlatformView
from sim.errors import InputError, suggest

I64 = NDArray[np.int64]
TRACES = ("repost", "reply", "hashtag", "url", "hashtag_url", "text")


SHORTEST_WORDS, SHORTEST_SIGNS = 3, 12  #: a text with as many of either can be shared content (assumption)
#: what stands for nothing in a column of `PlatformView.posts`
NONE: dict[str, str | int | bool] = {
    **dict.fromkeys(("mentions", "hashtags", "urls", "text"), ""),
    **dict.fromkeys(("repost_of", "reply_to", "reply_to_account"), -1),
    "deleted": False,
}


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
            together in one post ("hashtag_url"), or writing the same "text", unless it is very short. Only "repost"
            looks at reposts: they repeat tags, links and text of what they repost, which would count it twice.

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
        things = things[is_content(things)] if kind == "text" else things[things >= 0]
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
    """Return the posts that were not deleted, and of each the row of its author in `view.accounts`, in any order.

    Raises:
        InputError: an author is not among the accounts, or an account has two rows.
    """
    posts = fill_gaps(view.posts)
    posts = posts[~posts["deleted"].to_numpy(np.bool_)]
    known, author = pd.Index(view.accounts["account_id"]), posts["account_id"].to_numpy()
    if not known.is_unique:
        raise InputError(f"account {known[known.duplicated()][0]} has two rows among the accounts: keep one")
    row = known.get_indexer(author)
    if (row < 0).any():
        raise InputError(f"a post is by account {author[row < 0][0]}, which is not among the accounts: add its row")
    return posts, row.astype(np.int64)


def fill_gaps(posts: pd.DataFrame) -> pd.DataFrame:
    """Return posts in which what is missing is "" for texts, -1 for ids, and no deletion, as `PlatformView` has it."""
    gaps = {name: none for name, none in NONE.items() if name in posts and posts[name].hasnans}
    filled = {name: posts[name].astype(object).fillna(none).astype(type(none)) for name, none in gaps.items()}
    return posts.assign(**filled) if gaps else posts


def number_texts(text: pd.Series) -> I64:
    """Return a number for each text: the same for the same shared content, one of its own for what is no content."""
    number = pd.factorize(text)[0].astype(np.int64)
    alone = ~is_content(text)
    number[alone] = len(text) + np.arange(np.count_nonzero(alone))
    return number


def is_content(text: pd.Series) -> NDArray[np.bool_]:
    """Tell which texts say enough to be shared: neither missing nor so short that many people write the same."""
    return ((text.str.count(r"\S+") >= SHORTEST_WORDS) | (text.str.strip().str.len() >= SHORTEST_SIGNS)).to_numpy(
        np.bool_
    )


def _split_words(words: pd.Series, others: pd.Series | None = None) -> pd.Series:
    """Return every word of each text, indexed by the text's place; with `others`, joined to every word of those."""
    if others is not None:
        pairs = pd.DataFrame({"one": words, "other": others.reindex(words.index)})
        pairs = pairs[(pairs["one"] != " ") & (pairs["other"] != "")]
        each = pairs.assign(other=pairs["other"].str.split(" ")).explode("other")
        return (each["one"] + each["other"]).astype(str)
    return words.reset_index(drop=True).str.split(" ").explode()
