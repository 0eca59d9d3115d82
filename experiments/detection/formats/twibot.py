"""The folder that learners on TwiBot-22 read, `twibot/`: accounts, labels, a split, and edges.

The format holds labels and splits accounts of one network at random. Accounts of one campaign then lie on both sides:
to judge a detector, train on one data set and test on another.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from experiments.detection.formats.base import AccountTexts, Format, PostTexts
from experiments.detection.formats.tables import CsvFile
from sim.rng import draw_each, stream

_SPLIT = stream("export/split")
SHARES = {"train": 0.7, "val": 0.2, "test": 0.1}


class TwiBot(Format):
    """`user.json`, `label.csv`, `split.csv` and `edge.csv`; ids have "u" or "t" before them, as there."""

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder / "twibot", people)
        self.folder.mkdir()
        self.edges = CsvFile(
            self.folder / "edge.csv", dict.fromkeys(("source_id", "relation", "target_id"), pa.string())
        )
        self.written = np.zeros(len(people.id), np.int64)

    def write_posts(self, posts: PostTexts) -> None:
        """Write who posted what, and what it reposts or answers."""
        self.written += np.bincount(posts.author, minlength=len(self.written))
        self._write_edges("u", posts.account, "post", "t", posts.id)
        for relation, column in (("retweeted", posts.repost_of), ("replied_to", posts.reply_to)):
            there = pc.not_equal(column, "")
            self._write_edges("t", posts.id.filter(there), relation, "t", column.filter(there))

    def write_follows(self, follows: pa.Table) -> None:
        """Write who follows whom."""
        source, target = (pc.cast(follows[end].combine_chunks(), pa.string()) for end in ("source", "target"))
        self._write_edges("u", source, "following", "u", target)

    def _write_edges(self, left: str, source: pa.Array, relation: str, right: str, target: pa.Array) -> None:
        ends = [pc.binary_join_element_wise(sign, column, "") for sign, column in ((left, source), (right, target))]
        table = {"source_id": ends[0], "relation": pa.repeat(relation, len(source)), "target_id": ends[1]}
        self.edges.write(pa.table(table))

    def close(self, truth: pa.Table) -> None:
        """Write accounts, labels and split."""
        self.edges.file.close()
        people, ids = self.people, pc.binary_join_element_wise("u", self.people.ids, "")
        made = pc.strftime(pa.array(people.created, pa.timestamp("s")), "%Y-%m-%d %H:%M:%S+00:00").to_pylist()
        about = zip(ids.to_pylist(), people.name.to_pylist(), people.description.to_pylist(), made, strict=True)
        counts = zip(people.followers.tolist(), people.following.tolist(), self.written.tolist(), strict=True)
        users = [
            {"id": user, "name": name, "username": name, "description": words, "created_at": day, "location": "",
             "url": "", "verified": False, "protected": False, "public_metrics": {
                 "followers_count": followers, "following_count": following, "tweet_count": tweets, "listed_count": 0}}
            for (user, name, words, day), (followers, following, tweets) in zip(about, counts, strict=True)
        ]  # fmt: skip
        (self.folder / "user.json").write_text(json.dumps(users, indent=0), encoding="utf-8")
        human = pc.and_(pc.equal(truth["campaign_id"], ""), pc.less(truth["activated_at"], 0)).combine_chunks()
        part = np.searchsorted(np.cumsum([*SHARES.values()])[:-1], draw_each(people.id.astype(np.uint64) ^ _SPLIT, 0))
        for name, column in (
            ("label", pc.if_else(human, "human", "bot")),
            ("split", pa.array(np.array([*SHARES])[part])),
        ):
            file = CsvFile(self.folder / f"{name}.csv", {"id": pa.string(), name: pa.string()})
            file.write(pa.table({"id": ids, name: column}))
            file.file.close()
