"""From a recorded world to what a platform would hand out of it, piece by piece, and to the truth beside it."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from experiments.detection import surface
from experiments.detection.surface import I64, AccountOrigin, Content
from experiments.detection.view import PlatformView, TruthTables
from sim.actors.evasion import Evasion
from sim.campaigns import OPERATIONS
from sim.errors import InputError
from sim.state.accounts import COHORTS
from sim.state.posts import KINDS
from sim.state.truth import GENUINE, ORGANIC, ROLES

Columns = dict[str, NDArray[Any]]
READ = ("author", "time", "kind", "topic", "stance_principal", "stance_extremist", "template", "parent", "root",
        "original_author", "target", "removed", "reposts", "replies")  # fmt: skip


class Piece(NamedTuple):
    """Posts in order of their ids, and the truth about them, row by row."""

    posts: pa.Table  #: columns of `PlatformView.posts`; kind is a string
    truth: pa.Table  #: columns of `TruthTables.posts`


class Members(NamedTuple):
    """Accounts as they were recorded, [A]; what was held in reserve and never opened is not among them."""

    id: I64
    created: I64  #: milliseconds since 1970
    role: NDArray[np.int64]
    officer: I64
    cohort: I64


class Dataset:
    """One recorded world as a platform would show it.

    Posts are read in pieces; between them 13 bytes a post are kept, because a repost may be of any former post.

    Args:
        folder: what `experiments.recorder.Recorder` wrote.
        seed: of the world, one of those in the folder.
        start: of its campaign, hours.
        evasion: how the operation hides.
    """

    def __init__(self, folder: Path, seed: int, start: int, evasion: Evasion) -> None:
        self.folder, self.seed, self.start, self.evasion = folder, seed, start, evasion
        self._activated: I64 = np.full(len(self.members.id), -1, np.int64)

    @cached_property
    def members(self) -> Members:
        """Who is on the platform, in the order of the rows of the world."""
        told = self._read_table("truth/accounts", ["account_id", "key", "role", "officer", "cohort", "seed"])
        key, officer = told["key"].to_numpy(), told["officer"].to_numpy().astype(np.int64)
        role = pc.index_in(told["role"], pa.array(ROLES)).to_numpy().astype(np.int64)
        opened_at = self._read_table("accounts", ["opened_at", "seed"])["opened_at"].to_numpy()
        turn: I64 = pd.Series(key).groupby(key).cumcount().to_numpy().astype(np.int64)
        cell = 1000 * (officer + 1) + role
        origin = AccountOrigin(key, turn, opened_at, ~np.isin(role, GENUINE), cell)
        made = surface.make_creation_times(origin, self.start, self.evasion, self.seed)
        ids = surface.make_account_ids(made, told["account_id"].to_numpy(), self.seed)
        return Members(ids, made, role, officer, told["cohort"].to_numpy())

    @property
    def accounts(self) -> pa.Table:
        """The table of accounts, in order of their ids."""
        shown = self._read_table("accounts", ["followers", "following", "seed"])
        columns = {"account_id": self.members.id, "created_at": self.members.created // 1000}
        columns |= {name: shown[name].to_numpy() for name in ("followers", "following")}
        return pa.table(columns).sort_by("account_id")

    @property
    def truth(self) -> pa.Table:
        """The truth about the accounts, in the same order; complete after `iterate_pieces` has been read to its end."""
        ids, _, role, officer, cohort = self.members
        names, people, genuine = np.array(ROLES)[role], role == ORGANIC, np.isin(role, GENUINE)
        cells = np.where(officer >= 0, np.char.add(np.char.add(names, "-"), officer.astype(str)), names)
        columns = {
            "account_id": ids,
            "role": names,
            "cohort": np.where(people, np.array(COHORTS)[cohort], ""),
            "cell_id": np.where(people, "", cells),
            "campaign_id": np.where(genuine, "", names),
            "activated_at": self._activated,
        }
        return pa.table(columns).sort_by("account_id")

    @cached_property
    def _place(self) -> I64:
        """Where among `members` the account of each row of the world is, -1 if nowhere; and, last, -1 for row -1."""
        rows = self._read_table("accounts", ["account_id", "seed"])["account_id"].to_numpy()
        place = np.full(rows.max() + 2, -1)
        place[rows] = np.arange(len(rows))
        return place

    def iterate_follows(self) -> Iterator[pa.Table]:
        """Yield who follows whom; one table without rows where nobody follows."""
        ids = self.members.id
        yield pa.table({"source": ids[:0], "target": ids[:0]})
        for batch in self._read_batches("follows", ["follower", "followed", "seed"]):
            ends = [self._place[batch[name].to_numpy()] for name in ("follower", "followed")]
            yield pa.table({"source": ids[ends[0]], "target": ids[ends[1]]})

    @property
    def size(self) -> int:
        """Number of posts.

        Raises:
            InputError: there is none.
        """
        posts = sum(batch.num_rows for batch in self._read_batches("posts", ["seed"]))
        if not posts:
            raise InputError(f"nobody wrote a post in the world of seed {self.seed}: set more people or ticks")
        return posts

    def iterate_pieces(self) -> Iterator[Piece]:
        """Yield all posts, in order of their ids."""
        index = _Index(self.size, self.seed)
        rest: list[Piece] = []
        told = self._read_batches("truth/posts", ["key", "order", "tactic", "seed"])
        for shown, behind in zip(self._read_batches("posts", [*READ, "seed"]), told, strict=True):
            piece = self._make_piece(_to_arrays(shown), _to_arrays(behind), index)
            piece = Piece._make(pa.concat_tables(parts) for parts in zip(*rest, piece, strict=True))
            whole = int(np.searchsorted(piece.posts["time"].to_numpy(), piece.posts["time"][-1].as_py()))
            yield Piece._make(table[:whole] for table in piece)
            rest = [Piece._make(table[whole:] for table in piece)]
        yield from rest

    def _make_piece(self, shown: Columns, told: Columns, index: "_Index") -> Piece:
        shown |= {name: self._place[shown[name]] for name in ("author", "original_author", "target")}
        ordered = told["order"] >= 0
        serial = index.add(told["key"], shown["time"], ordered)
        first = np.flatnonzero(ordered & (self._activated[shown["author"]] < 0))[::-1]
        self._activated[shown["author"][first]] = surface.EPOCH + shown["time"][first]
        gone = shown["removed"] | surface.select_deleted(told["key"], ordered, self.evasion)
        columns = {
            "post_id": index.get_ids(serial),
            "account_id": self.members.id[shown["author"]],
            "time": surface.EPOCH + shown["time"],
            "kind": shown["kind"],
            **self._make_references(shown, gone, index),
            **self._make_contents(shown, gone, index),
            "deleted": gone,
            "reposts": shown["reposts"],
            "replies": shown["replies"],
        }
        tactic = np.array([*OPERATIONS, ""])[told["tactic"]]
        truth = {"post_id": columns["post_id"], "order_id": told["order"], "tactic": tactic}
        by_id = np.argsort(columns["post_id"])
        return Piece(pa.table(columns).take(by_id), pa.table(truth).take(by_id))

    def _make_references(self, shown: Columns, gone: NDArray[np.bool_], index: "_Index") -> dict[str, Any]:
        """Return which posts and whom these posts name."""
        reposts, replies = shown["kind"] == "repost", shown["kind"] == "reply"
        named = np.where(reposts, shown["original_author"], np.where(replies, shown["target"], -1))
        account = np.where(named >= 0, self.members.id[named], -1)
        mention = pc.cast(pa.array(account, mask=gone | (named < 0)), pa.string())
        return {
            "repost_of": np.where(~gone & reposts, index.get_ids(shown["root"]), -1),
            "reply_to": np.where(~gone & replies, index.get_ids(np.maximum(shown["parent"], 0)), -1),
            "reply_to_account": np.where(~gone & replies, account, -1),
            "mentions": mention.fill_null(""),
        }

    def _make_contents(self, shown: Columns, gone: NDArray[np.bool_], index: "_Index") -> dict[str, pa.Array]:
        root = shown["root"]
        content = Content(
            key=index.key[root],
            time=index.time[root].astype(np.int64),
            topic=shown["topic"].astype(np.int64),
            template=shown["template"],
            stance_principal=shown["stance_principal"],
            stance_extremist=shown["stance_extremist"],
            ordered=index.ordered[root],
        )
        looks = {
            "hashtags": surface.make_hashtags(content, self.evasion),
            "urls": surface.make_links(content, self.evasion, self.seed),
            "text": surface.make_texts(content, self.evasion, self.seed),
        }
        return {name: pc.if_else(pa.array(gone), pa.scalar(""), column) for name, column in looks.items()}

    def _read_table(self, name: str, columns: list[str]) -> pa.Table:
        batches = list(self._read_batches(name, columns))
        return pa.Table.from_batches(batches).combine_chunks()

    def _read_batches(self, name: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        path = self.folder / f"{name}.parquet"
        if not path.exists():  # a recorder writes no table without rows
            return
        file = pq.ParquetFile(path)
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=columns)
            kept = table.filter(pc.equal(table["seed"], self.seed))
            if kept.num_rows:
                yield kept.combine_chunks().to_batches()[0]


class _Index:
    """What later posts need to know of earlier ones: 13 bytes a post."""

    def __init__(self, size: int, seed: int) -> None:
        self.seed, self.filled = seed, 0
        self.key, self.time = np.empty(size, np.uint64), np.empty(size, np.int32)
        self.ordered = np.empty(size, np.bool_)

    def add(self, key: NDArray[np.uint64], time: I64, ordered: NDArray[np.bool_]) -> I64:
        """Take in the next posts; return their serials."""
        serial = np.arange(self.filled, self.filled + len(key))
        self.key[serial], self.time[serial], self.ordered[serial] = key, time, ordered
        self.filled += len(key)
        return serial

    def get_ids(self, serial: I64) -> I64:
        """Return the ids of posts that were taken in."""
        return surface.make_post_ids(self.key[serial], self.time[serial].astype(np.int64), serial, self.seed)


def _to_arrays(batch: pa.RecordBatch) -> Columns:
    return {name: batch[name].to_numpy(zero_copy_only=False) for name in batch.schema.names}


def read_dataset(dataset: Dataset) -> tuple[PlatformView, TruthTables]:
    """Return a whole data set in memory: what a detector sees, and the truth about it."""
    pieces = list(dataset.iterate_pieces())
    posts, told = (pa.concat_tables(parts).to_pandas() for parts in zip(*pieces, strict=True))
    posts["kind"] = pd.Categorical(posts["kind"], KINDS)
    follows = pa.concat_tables(dataset.iterate_follows()).sort_by([("source", "ascending"), ("target", "ascending")])
    view = PlatformView(dataset.accounts.to_pandas(), posts, follows.to_pandas())
    return view, TruthTables(dataset.truth.to_pandas(), told)
