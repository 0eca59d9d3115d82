"""The tables all other formats are made of, as Parquet, with the truth in a folder of its own; and back."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.detection.view import PlatformView, TruthTables
from sim.errors import InputError
from sim.state.posts import KINDS

TRUTH = "truth"  #: folder of what a detector must not see
IDS = ("account_id", "post_id", "repost_of", "reply_to", "reply_to_account", "source", "target")


class CanonicalWriter:
    """`accounts`, `posts`, `follows`, and in `truth/` `truth_accounts` and `truth_posts`.

    Ids are text, "" for none. While it writes, it takes the fingerprint of all that it writes.

    Args:
        folder: to write into, None to take the fingerprint alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._files: dict[str, pq.ParquetWriter] = {}
        self._digests: dict[str, Any] = {}

    def add(self, name: str, table: pa.Table) -> None:
        """Append rows to the table `name`, such as "posts" or "truth/truth_posts"."""
        table = pa.table({column: _to_text(column, table[column]) for column in table.column_names})
        digest = self._digests.setdefault(name, sha256("\t".join(table.column_names).encode()))
        digest.update(_encode_rows(table))
        if self.folder is not None:
            if name not in self._files:
                path = self.folder / f"{name}.parquet"
                path.parent.mkdir(exist_ok=True)
                self._files[name] = pq.ParquetWriter(path, table.schema)
            self._files[name].write_table(table)

    def close(self) -> str:
        """End the files; return the fingerprint of the data set, SHA-256 over its rows whatever the row groups."""
        for file in self._files.values():
            file.close()
        whole = "".join(f"{name} {digest.hexdigest()}\n" for name, digest in sorted(self._digests.items()))
        return sha256(whole.encode()).hexdigest()


def _to_text(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if name not in IDS or pa.types.is_string(column.type):
        return column
    return pc.if_else(pc.equal(column, -1), "", pc.cast(column, pa.string()))


def _encode_rows(table: pa.Table) -> memoryview:
    """Return the rows as text, the same in every version of what writes Parquet."""
    texts = [pc.fill_null(pc.cast(column, pa.string()), "") for column in table.columns]
    lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*texts, "\t"), "", "\n").combine_chunks()
    if not len(lines):
        return memoryview(b"")
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[ends[0] : ends[-1]]


def load(folder: Path) -> tuple[PlatformView, TruthTables]:
    """Read a data set back.

    Raises:
        InputError: `folder` holds none, in one line with the cure.
    """
    names = ("accounts", "posts", "follows", f"{TRUTH}/truth_accounts", f"{TRUTH}/truth_posts")
    tables = []
    for name in names:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise InputError(f"{folder} holds no {name}.parquet: name a folder that experiments.export has written")
        tables.append(_parse_ids(pd.read_parquet(path)))
    accounts, posts, follows, *told = tables
    posts["kind"] = pd.Categorical(posts["kind"], KINDS)
    return PlatformView(accounts, posts, follows), TruthTables(*told)


def _parse_ids(table: pd.DataFrame) -> pd.DataFrame:
    ids = {name: table[name].replace("", "-1").astype(np.int64) for name in IDS if name in table}
    return table.assign(**ids)
