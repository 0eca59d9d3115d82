"""Which reader reads what: formats by name, and how a file is recognised."""

from pathlib import Path

from experiments.detection.reading.base import Reader, iterate_whole
from experiments.detection.reading.tables import SHARED, read_canonical, read_coortweet
from sim.errors import InputError

READERS: dict[str, Reader] = {
    "parquet": read_canonical,
    "coortweet": read_coortweet,
}


def recognise_format(path: Path) -> str:
    """Return the format of a file or folder, by the names of its columns.

    Raises:
        InputError: it is of none that is known.
    """
    if not path.exists():
        raise InputError(f"{path} is not there: name a file, or a folder that infowar-lab export or import has written")
    if path.is_dir():
        return "parquet"
    columns = set(next(iter(iterate_whole(path))).column_names)
    if set(SHARED) <= columns:
        return "coortweet"
    if {"post_id", "account_id", "time"} <= columns:
        return "parquet"
    raise InputError(f"{path} is of no known format: say infowar-lab import {path} format=NAME first")
