"""What all readers have in common: the canonical columns, pieces of files, and times."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from sim.errors import InputError, suggest
from sim.people.file_content import encoding_is_wide
from sim.people.table_layout import MISSING

TEXTS = ("post_id", "account_id", "kind", "repost_of", "reply_to", "reply_to_account", "mentions", "hashtags", "urls",
         "text")  # fmt: skip
#: columns of posts: ids and texts "" for none, times in seconds since 1970, counts -1 for unknown
POSTS = pa.schema(
    [(name, pa.string()) for name in TEXTS[:2]]
    + [("time", pa.int64())]
    + [(name, pa.string()) for name in TEXTS[2:]]
    + [("deleted", pa.bool_()), ("reposts", pa.int32()), ("replies", pa.int32())]
)
#: columns of accounts: null for what a format does not say; `created_at` in seconds since 1970
ACCOUNTS = pa.schema(
    [("account_id", pa.string())]
    + [(name, pa.int64()) for name in ("created_at", "followers", "following")]
    + [(name, pa.string()) for name in ("name", "description", "location")]
)
MISSING_TIME = -(2**63)  #: of a post whose time cannot be read
#: what stands for nothing where that is not ""
NONE: dict[str, int | bool | str] = {"time": MISSING_TIME, "deleted": False, "reposts": -1, "replies": -1}
IDS = ("post_id", "account_id", "repost_of", "reply_to", "reply_to_account", "source", "target")
WHOLE = "ids such as 7.0, read as 7: a table with gaps wrote them so"
NOBODY = "ids such as NaN, read as none"
LOST = "ids such as 1.2e+18, which lost digits, so that one may be several: export ids as text"
BLOCK = 1 << 24  #: bytes of a text file that are read at a time


def refuse_pipe(path: Path) -> None:
    """Raise InputError if something else than a file or a folder stands at `path`: it may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is a pipe or a device, which may never end: name an ordinary file")


class Batch(NamedTuple):
    """A piece of a file."""

    posts: pa.Table  #: columns of `POSTS`; rows that lack an id or a time are still in it
    accounts: pa.Table | None = None  #: columns of `ACCOUNTS`, an account maybe several times, the last one counts
    notes: Mapping[str, int] = {}  #: what was met, in words -> how often
    follows: pa.Table | None = None  #: source and target


class Asked(NamedTuple):
    """What the user says of the files."""

    trace: str = ""  #: what was shared in a file of CooRTweet
    columns: Mapping[str, str] = {}  #: canonical column -> column of the file (csv)
    zone: str = ""  #: time zone of times that name none
    unit: str = "s"  #: of times that are numbers: "s" or "ms"


Reader = Callable[[Path, Asked], Iterator[Batch]]


def clean_ids(ids: pa.Array, none: str | None = "") -> tuple[pa.Array, Counter[str]]:
    """Return ids as their platform had them, `none` where there is none, and how many were changed or are doubtful."""
    ids = _flatten(ids)
    whole = pc.match_substring_regex(ids, r"^\d+\.0+$")
    nobody = pc.and_(pc.is_in(ids, pa.array(sorted(MISSING - {""}))), pc.is_valid(ids))
    lost = pc.match_substring_regex(ids, r"^\d(?:\.\d+)?[eE](?:\+\d+|\d\d)$|^\d\.\d+[eE]\d+$")
    told = {WHOLE: whole, NOBODY: nobody, LOST: lost}
    counts = Counter({words: pc.sum(found, min_count=0).as_py() for words, found in told.items()})
    ids = pc.if_else(pc.fill_null(whole, False), pc.replace_substring_regex(ids, r"\.0+$", ""), ids)
    return pc.if_else(nobody, pa.scalar(none, pa.string()), ids), counts


def clean_batch(batch: Batch) -> Batch:
    """Return a piece with the ids that their platform had, and notes on them."""
    notes = Counter(batch.notes)

    def clean(table: pa.Table, is_counted: bool = True) -> pa.Table:
        for at, field in enumerate(table.schema):
            if field.name in IDS:
                column, counts = clean_ids(table[field.name])
                table = table.set_column(at, field, column)
                notes.update(counts if is_counted else ())
        return table

    is_apart = not len(batch.posts)  # else they stand in its posts too
    accounts = None if batch.accounts is None else clean(batch.accounts, is_apart)
    follows = None if batch.follows is None else clean(batch.follows)
    if follows is not None:
        whole = pc.and_(*(pc.not_equal(pc.fill_null(follows[name], ""), "") for name in ("source", "target")))
        notes["left out: follows without an account"] += len(follows) - pc.sum(whole, min_count=0).as_py()
        follows = follows.filter(whole)
    return Batch(clean(batch.posts), accounts, notes, follows)


def iterate_rows(path: Path, needed: tuple[str, ...], others: tuple[str, ...] = ()) -> Iterator[pa.Table]:
    """Yield the columns of a table in pieces, as text, null for empty; CSV (maybe compressed) or Parquet.

    Columns of `others` that are not there are left out.

    Raises:
        InputError: the file cannot be read, or lacks a column of `needed`.
    """
    for piece in iterate_whole(path):
        for name in needed:
            if name not in piece.column_names:
                raise InputError(f"{path} has no column {name}: {suggest(name, piece.column_names)}")
        yield piece.select([name for name in (*needed, *others) if name in piece.column_names])


def iterate_whole(path: Path) -> Iterator[pa.Table]:
    """Yield all columns of a table in pieces, as text, null for empty.

    Raises:
        InputError: it cannot be read.
    """
    try:
        yield from _iterate_parquet(path) if path.suffix == ".parquet" else _iterate_csv(path)
    except (OSError, pa.ArrowInvalid, pa.ArrowKeyError) as error:
        said = " ".join(str(error).split())[:120]
        cure = "save it as UTF-8" if "UTF8" in said else "name a whole CSV or Parquet file"
        raise InputError(f"{path} cannot be read ({said}): {cure}") from None


def _iterate_parquet(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield _to_text(file.read_row_group(group))
        if not file.num_row_groups:
            yield _to_text(file.schema_arrow.empty_table())


def _iterate_csv(path: Path) -> Iterator[pa.Table]:
    separator, said = _find_separator(path)
    reading = csv.ReadOptions(block_size=BLOCK, skip_rows=int(said))
    parsing = csv.ParseOptions(newlines_in_values=True, delimiter=separator)
    with pa.input_stream(path, compression="detect") as stream, csv.open_csv(stream, reading, parsing) as first:
        names = first.schema.names
    converting = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    with (
        pa.input_stream(path, compression="detect") as stream,
        csv.open_csv(stream, reading, parsing, converting) as rows,
    ):
        yield pa.table({name: pa.array([], pa.string()) for name in names})
        for batch in rows:
            yield _to_text(pa.Table.from_batches([batch]))


def _find_separator(path: Path) -> tuple[str, bool]:
    """Return what separates the names in the first line of a file, and whether a line above it says so (sep=;)."""
    with pa.input_stream(path, compression="detect") as stream:
        begin = stream.read(1 << 16)
    if encoding_is_wide(begin):
        raise InputError(f"{path} is UTF-16 or UTF-32, which is not read here: save it as UTF-8")
    head = begin.decode("utf-8-sig", "ignore").lstrip("\r\n")
    line = re.split(r"[\r\n]", head, maxsplit=1)[0]
    if said := re.fullmatch(r'"?sep=([\t;,|])"?', line, re.IGNORECASE):
        return said[1], True
    bare = re.sub(r'"[^"]*"', "", line)
    signs = ("\t", ",", ";", "|") if ".tsv" in path.suffixes else (",", "\t", ";", "|")
    return max(signs, key=bare.count), False


def _to_text(table: pa.Table) -> pa.Table:
    """Return all columns as text; a whole number that is stored as a decimal one has no point."""
    columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = pc.cast(column, column.type.value_type)
        if pa.types.is_floating(column.type) and pc.all(pc.equal(pc.floor(column), column), min_count=0).as_py():
            column = pc.cast(column, pa.int64())
        column = pc.cast(column, pa.string())
        columns[name] = pc.if_else(pc.equal(column, ""), None, column)
    return pa.table(columns)


def make_posts(columns: Mapping[str, Any], length: int) -> pa.Table:
    """Return posts of these columns, the others empty; text that is null becomes "", a time `MISSING_TIME`."""
    found = {}
    for field in POSTS:
        none = NONE.get(field.name, "")
        if field.name in columns:
            found[field.name] = pc.fill_null(pc.cast(_flatten(columns[field.name]), field.type), none)
        else:
            found[field.name] = pa.repeat(pa.scalar("original" if field.name == "kind" else none, field.type), length)
    return pa.table(found, POSTS)


def make_accounts(columns: Mapping[str, Any], length: int) -> pa.Table:
    """Return accounts of these columns, the others null."""
    given = {name: _flatten(column) for name, column in columns.items()}
    return pa.table(
        [pc.cast(given.get(field.name, pa.nulls(length)), field.type) for field in ACCOUNTS], schema=ACCOUNTS
    )


def _flatten(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def parse_seconds(column: pa.ChunkedArray, unit: str = "s") -> pa.Array:
    """Return seconds since 1970 of numbers in text, null for what is none; parts of a second are cut off."""
    text = _flatten(column)
    number = pc.cast(pc.if_else(pc.match_substring_regex(text, r"^-?\d{1,15}(\.\d*)?$"), text, None), pa.float64())
    return pc.cast(pc.floor(pc.divide(number, 1000.0 if unit == "ms" else 1.0)), pa.int64())
