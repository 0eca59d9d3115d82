"""Networks of accounts as GraphML: who follows whom, who reposts whom, and who reposts the same at the same time."""

from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.detection.coaction import CoAction
from experiments.detection.formats.base import AccountTexts, Format, PostTexts
from experiments.detection.surface import I64
from experiments.detection.view import PlatformView

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="weight" for="edge" attr.name="weight" attr.type="long"/>
<graph edgedefault="{direction}">
"""


_NONE = (np.zeros(0, np.int64),) * 4


class GraphML(Format):
    """`follows.graphml`, `reposts.graphml` (weight: how often) and `coordination.graphml`, in `graphml/`.

    The last is undirected: reposts of the same post within a minute, from twice on, as
    `experiments.detection.coaction.CoAction` has them. For it and the second, 32 bytes a repost are kept.
    """

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder / "graphml", people)
        self.folder.mkdir()
        self.reposts: list[tuple[I64, I64, I64, I64]] = []
        self.following = self._begin("follows", "directed")

    def write_posts(self, posts: PostTexts) -> None:
        """Keep the reposts."""
        of = np.flatnonzero(posts.kind.to_numpy(zero_copy_only=False) == "repost")
        thing = posts.repost_of.take(pa.array(of)).cast(pa.int64()).to_numpy()
        self.reposts.append((posts.author[of], posts.other[of], thing, posts.time[of]))

    def write_follows(self, follows: pa.Table) -> None:
        """Write edges without weights."""
        for source, target in zip(follows["source"].to_pylist(), follows["target"].to_pylist(), strict=True):
            self.following.write(f'<edge source="{source}" target="{target}"/>\n')

    def close(self, truth: pa.Table) -> None:
        """Write the two networks that are made of reposts."""
        _end_file(self.following)
        author, voice, thing, time = map(np.concatenate, zip(_NONE, *self.reposts, strict=True))
        pairs, count = np.unique(np.column_stack([author, voice]), axis=0, return_counts=True)
        self._write("reposts", "directed", pairs[:, 0], pairs[:, 1], count)
        ids = self.people.id
        posts = pd.DataFrame({"account_id": ids[author], "repost_of": thing, "time": time})
        posts = posts.assign(kind=pd.Categorical(["repost"] * len(posts)), reply_to_account=-1, deleted=False)
        ties = CoAction().compute_ties(PlatformView(pd.DataFrame({"account_id": ids}), posts, pd.DataFrame()))
        self._write("coordination", "undirected", *(ties[name].to_numpy() for name in ("source", "target", "weight")))

    def _begin(self, name: str, direction: str) -> IO[str]:
        file = (self.folder / f"{name}.graphml").open("w", encoding="utf-8")
        file.write(HEAD.format(direction=direction))
        file.writelines(f'<node id="{account}"/>\n' for account in self.people.id)
        return file

    def _write(self, name: str, direction: str, source: I64, target: I64, weight: Iterable[int]) -> None:
        file, ids = self._begin(name, direction), self.people.id
        for one, other, times in zip(ids[source], ids[target], weight, strict=True):
            file.write(f'<edge source="{one}" target="{other}"><data key="weight">{times}</data></edge>\n')
        _end_file(file)


def _end_file(file: IO[str]) -> None:
    file.write("</graph>\n</graphml>\n")
    file.close()
