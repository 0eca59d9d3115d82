"""Topics as an outsider sees them: hashtags that are used together, and statistics of the traffic on each."""

from typing import NamedTuple

import networkx as nx
import numpy as np
import pandas as pd

from experiments.detection.detector import F64, I64
from experiments.detection.traces import number_texts, select_standing
from experiments.detection.view import PlatformView

MINUTE, HOUR = 60, 3600
RESOLUTION = 0.2  #: of Louvain's method: below 1 joins hashtags that are seldom used together (assumption)
STATISTICS = ("synchrony", "repetition", "pace", "clock", "surge")


class Traffic(NamedTuple):
    """Standing posts of a platform, by topic."""

    #: topic, account, time, act, own, text: a row a post and topic, in order of time
    rows: pd.DataFrame
    time: I64  #: of all posts with or without hashtags, ascending
    begin: int  #: first full hour of the platform, seconds since the epoch


def collect_traffic(view: PlatformView) -> Traffic:
    """Return what stands on each topic; a topic is a community of hashtags, named by the one most used."""
    posts, account = select_standing(view)
    tags = posts["hashtags"].reset_index(drop=True).str.split(" ").explode()
    tags = tags[tags != ""]
    named = find_topics(tags)
    rows = pd.DataFrame({"post": tags.index, "topic": tags.map(named).to_numpy()}).drop_duplicates()
    place = rows["post"].to_numpy()
    repost, reply = (posts["kind"].to_numpy() == kind for kind in ("repost", "reply"))
    text = number_texts(posts["text"])
    act = np.where(repost, posts["repost_of"], np.where(reply, posts["reply_to_account"], text))
    columns = {
        "account": account,
        "time": posts["time"].to_numpy(np.int64),
        "act": act,
        "own": ~repost,
        "text": text,
    }
    rows = rows.assign(**{name: column[place] for name, column in columns.items()}).drop(columns="post")
    rows = rows.sort_values("time", kind="stable", ignore_index=True)
    times = np.sort(posts["time"].to_numpy(np.int64))
    return Traffic(rows, times, int(times[0]) // HOUR * HOUR if len(times) else 0)


def find_topics(tags: pd.Series) -> dict[str, str]:
    """Return the topic of each hashtag, given the hashtags of posts, indexed by post.

    Communities of the network of hashtags used in one post, weighted by how often, by Louvain's method (Blondel et al.
    2008).
    """
    used = tags.value_counts()
    both = pd.merge(tags.rename("one").reset_index(), tags.rename("other").reset_index(), on="index")
    pairs = both[both["one"] < both["other"]].groupby(["one", "other"]).size().reset_index(name="weight")
    graph = nx.Graph()
    graph.add_nodes_from(sorted(used.index))
    graph.add_weighted_edges_from(pairs.itertuples(index=False))
    groups = nx.community.louvain_communities(graph, resolution=RESOLUTION, seed=0) if len(graph) else []
    return {tag: max(sorted(group), key=lambda name: used[name]) for group in groups for tag in group}


def compute_statistics(rows: pd.DataFrame, former: float, others: F64) -> dict[str, float]:
    """Return how planned a window of one topic's traffic looks, each statistic higher for more, by `STATISTICS`.

    * synchrony: share of posts at most a minute from the same act by another account - a repost of the same post, an
      answer to the same account, the same text;
    * repetition: share of own texts that several accounts wrote;
    * pace: log of the posts that the author of a post has in the window, mean over posts;
    * clock: how far the hours of posts are from those of all other topics (Kullback & Leibler 1951, nats);
    * surge: log of posts over those that the topic's past would lead to expect, 0 where there is no past.

    Args:
        rows: of `Traffic`, one topic and window.
        former: posts that a window of the topic's past held, nan for no past.
        others: [24] posts on other topics by hour of the day.
    """
    own = rows[rows["own"]]
    writers = own.groupby("text")["account"].transform("nunique") if len(own) else pd.Series(dtype=np.int64)
    each = rows["account"].value_counts().to_numpy(np.float64)
    return {
        "synchrony": _compute_synchrony(rows),
        "repetition": float((writers > 1).mean()) if len(own) else 0.0,
        "pace": float(np.log(each) @ each / each.sum()),
        "clock": _compute_divergence(count_by_hour(rows["time"].to_numpy()), others),
        "surge": 0.0 if np.isnan(former) else float(np.log((1 + len(rows)) / (1 + former))),
    }


def _compute_synchrony(rows: pd.DataFrame) -> float:
    """Return the share of acts whose neighbour in time, among those of the same kind, is another account's and near.

    An act between two of its own author's is not looked beyond them.
    """
    order = np.lexsort((rows["time"], rows["act"], rows["own"]))
    own, act, time, account = (rows[name].to_numpy()[order] for name in ("own", "act", "time", "account"))
    near = (own[1:] == own[:-1]) & (act[1:] == act[:-1]) & (account[1:] != account[:-1])
    near &= time[1:] - time[:-1] <= MINUTE
    beside = np.zeros(len(order), np.bool_)
    beside[1:] |= near
    beside[:-1] |= near
    return float(beside.mean())


def count_by_hour(time: I64) -> F64:
    """Return the number of posts in each hour of the day, float64 [24]."""
    return np.bincount(time // HOUR % 24, minlength=24).astype(np.float64)


def _compute_divergence(hours: F64, others: F64) -> float:
    """Return the divergence of the hours' shares from the others', one post added to each hour of both."""
    p, q = (hours + 1) / (hours + 1).sum(), (others + 1) / (others + 1).sum()
    return float(p @ np.log(p / q))
