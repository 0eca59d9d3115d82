"""Tables that appear whole, become few, and are read while they change."""

import json
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from experiments.ownership import is_litter
from experiments.running.drafts import open_draft
from sim.errors import InputError

INTENT = "compaction.json"  #: in `_work`: what becomes of which files, as long as that is under way
BUNDLE = 64  #: files of a former growth that compaction makes one
ROWS = 50_000  #: rows of runs that a compacted file may hold

TRIES, PAUSE = 40, 0.1  #: how often, and after how many seconds, files that change are read again


def read_table(folder: Path, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Return a hive-partitioned data set as a table with the columns of all its files; None where no file is there.

    Files may come and be compacted meanwhile: what is returned was there at one moment, whole. Names are never used
    twice, so that files of the same names before and after mean that none came or went between.

    Raises:
        InputError: files kept changing for some seconds.
    """
    for _ in range(TRIES):
        before = list_tables(folder)
        with suppress(FileNotFoundError):
            table = _read(folder, before, columns, _list_superseded(folder)) if before else None
            if list_tables(folder) == before:
                return table
        time.sleep(PAUSE)
    raise InputError(f"{folder} changes all the time: read it again when its sweep has ended")


def list_tables(folder: Path) -> list[Path]:
    """Return the Parquet files in `folder` and below, in order, without what a file manager left beside them."""
    return sorted(path for path in folder.rglob("*.parquet") if not is_litter(path))


def _read(folder: Path, paths: Sequence[Path], columns: Sequence[str] | None, without: Collection[str]) -> pa.Table:
    names = [path.as_posix() for path in paths]
    found = ds.dataset(names, format="parquet", partitioning="hive", partition_base_dir=folder.as_posix())
    fragments = [fragment for fragment in found.get_fragments() if Path(fragment.path).stem not in without]
    schema = pa.unify_schemas([found.schema, *(fragment.physical_schema for fragment in fragments)])
    return ds.FileSystemDataset(fragments, schema, found.format, found.filesystem).to_table(columns=columns)


def _list_superseded(folder: Path) -> list[str]:
    """Return the stems of files whose rows stand in a compacted one too, until the compaction has removed them."""
    with suppress(FileNotFoundError):
        intent = json.loads((folder.parent / "_work" / INTENT).read_text(encoding="utf-8"))
        if (folder / intent["folder"] / f"{intent['new']}.parquet").is_file():
            return list(intent["old"])
    return []


def group_files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield the files that are to become one, in order; a file that stays alone is left out."""
    bundle: list[Path] = []
    rows = 0
    for path in paths:
        more = pq.read_metadata(path).num_rows
        if bundle and (len(bundle) == BUNDLE or rows + more > ROWS):
            if len(bundle) > 1:
                yield bundle
            bundle, rows = [], 0
        bundle, rows = [*bundle, path], rows + more
    if len(bundle) > 1:
        yield bundle


def merge_files(paths: Sequence[Path], target: Path, drafts: Path) -> None:
    """Write the rows of several files into one with the columns of all, a file at a time in memory."""
    if not paths:
        return
    schema = pa.unify_schemas([pq.read_schema(path) for path in paths])
    with open_draft(target, drafts) as draft, pq.ParquetWriter(draft, schema) as file:
        for path in paths:
            file.write_table(fit_schema(pq.read_table(path, partitioning=None), schema))


def fit_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with the columns of `schema`, null where it has none."""
    there = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(there, schema=schema)


def write_table(table: pa.Table, target: Path, drafts: Path) -> None:
    """Have `target` hold the table; `drafts` is a folder on the same disk where no reader looks."""
    with open_draft(target, drafts) as draft:
        pq.write_table(table, draft)
