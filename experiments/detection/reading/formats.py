"""Which reader reads what: formats by name, and how a file is recognised."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from experiments.detection.reading.base import Asked, Batch, Reader, clean_batch, iterate_whole
from experiments.detection.reading.pages import read_v1, read_v2
from experiments.detection.reading.tables import (
    ARCHIVE_NEEDED,
    CNT,
    SHARED,
    read_archive,
    read_canonical,
    read_cnt,
    read_coortweet,
    read_csv,
)
from sim.errors import InputError

_READERS: dict[str, Reader] = {
    "coortweet": read_coortweet,
    "cnt": read_cnt,
    "v1": read_v1,
    "v2": read_v2,
    "io_archive": read_archive,
    "parquet": read_canonical,
    "csv": read_csv,
}


def _clean(reader: Reader) -> Reader:
    def read(path: Path, asked: Asked) -> Iterator[Batch]:
        return map(clean_batch, reader(path, asked))

    return read


READERS = {name: _clean(reader) for name, reader in _READERS.items()}
#: columns that only one format has
TOLD_BY = {"coortweet": SHARED, "cnt": CNT, "io_archive": ARCHIVE_NEEDED, "parquet": ("post_id", "account_id", "time")}


def recognise_format(path: Path) -> str:
    """Return the format of a file or folder, by the names of its columns, or of what its first line holds.

    Raises:
        InputError: it is of none that is known.
    """
    if not path.exists():
        raise InputError(f"{path} is not there: name a file, or a folder that infowar-lab export or import has written")
    if path.is_dir():
        return "parquet"
    if ".jsonl" in path.suffixes or ".json" in path.suffixes:
        with pa.input_stream(path, compression="detect") as stream:
            first = stream.read(4096)
        return "v2" if b'"data"' in first[:100] or b'"author_id"' in first else "v1"
    columns = set(next(iter(iterate_whole(path))).column_names)
    for name, needed in TOLD_BY.items():
        if columns >= set(needed):
            return name
    raise InputError(f"{path} is of no known format: say infowar-lab import {path} format=csv columns=... first")
