"""What is left out of data that come in, and counted: posts that lack an id, an account or a time, and duplicates."""

from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from experiments.detection.reading.base import MISSING_TIME

U64 = NDArray[np.uint64]
GAPS = ("repost_of", "reply_to", "hashtags", "urls", "text")  #: columns of which empty cells are counted


class Seen:
    """Which ids were met before, by 64-bit hashes: 8 bytes an id.

    Two of a million ids share a hash with a probability of 3e-8.
    """

    def __init__(self) -> None:
        self._runs: list[U64] = []  # each sorted, each at least twice as long as the next one

    def find_new(self, ids: pa.Array) -> NDArray[np.bool_]:
        """Take ids in; return which of them were not met before, the first of several alike."""
        hashes = hash_ids(ids)
        order = np.argsort(hashes, kind="stable")
        ranked = hashes[order]
        new = np.ones(len(hashes), np.bool_)
        new[order[1:]] = ranked[1:] != ranked[:-1]
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            new &= run[place] != hashes
        if new.any():
            self._runs.append(np.sort(hashes[new]))
        while len(self._runs) > 1 and len(self._runs[-2]) < 2 * len(self._runs[-1]):
            self._runs.append(np.sort(np.concatenate([self._runs.pop(), self._runs.pop()])))
        return new


def hash_ids(ids: pa.Array) -> U64:
    """Return a hash of each id, the same on every machine."""
    return pd.util.hash_array(np.asarray(ids.to_pylist(), object), categorize=False)


class Cleaner:
    """Leaves out what cannot be used, piece by piece, and counts it in `counts`, words -> number."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(read=0, kept=0)
        self._seen = Seen()

    def clean(self, posts: pa.Table) -> pa.Table:
        """Return the posts of a piece that have an id, an account and a time, each once."""
        self.counts["read"] += len(posts)
        for column, none in (("post_id", ""), ("account_id", ""), ("time", MISSING_TIME)):
            there = pc.not_equal(posts[column], none)
            self.counts[f"left out: no {column}"] += len(posts) - pc.sum(there, min_count=0).as_py()
            posts = posts.filter(there)
        new = self._seen.find_new(posts["post_id"].combine_chunks())
        self.counts["left out: duplicates"] += int((~new).sum())
        posts = posts.filter(pa.array(new))
        self.counts["kept"] += len(posts)
        for kind, number in zip(*np.unique(posts["kind"].to_numpy().astype(str), return_counts=True), strict=True):
            self.counts[f"kind: {kind}"] += int(number)
        for column in GAPS:
            self.counts[f"empty: {column}"] += int(pc.sum(pc.equal(posts[column], ""), min_count=0).as_py())
        return posts
